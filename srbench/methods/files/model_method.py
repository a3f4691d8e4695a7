"""The user's own models as methods: model files, and Python functions (`srbench.methods.functions`).

`FILE.pth`, `.pt`, `.safetensors`, `.onnx`, `.pt2`, with what cannot be found out after a colon:
`FILE.onnx:scale=4,range=255,channels=1`; `overlap=N` lets an unknown network be cut into tiles, `name=NAME`
calls it otherwise than its file, and `trained_on=pil-lanczos` says what inputs it was made for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from srbench.core.plain import plain
from srbench.core.records import Degradation, Unscorable, UsageError, UserError
from srbench.core.text import remark
from srbench.methods.contract import Method, Runtime, Upscaler
from srbench.methods.files.fingerprints import content_hashes, model_files
from srbench.methods.functions import function_method, is_function

if TYPE_CHECKING:
    from torch import nn

    from srbench.core.records import Pair
    from srbench.methods.files.loading import LoadedModel, Options
    from srbench.methods.networks.specification import NetworkSpec

SUFFIXES = frozenset({".pth", ".pt", ".ckpt", ".tar", ".safetensors", ".onnx", ".pt2"})


@dataclass(frozen=True)
class _Asked:
    """Options of a name, checked when the model is opened."""

    scale: int | None = None
    range: str | None = None
    channels: int | None = None
    overlap: int | None = None
    name: str | None = None
    trained_on: Degradation | None = None


@dataclass(frozen=True, kw_only=True)
class ModelMethod(Method):
    """A model file; its scale is known once it has been opened."""

    path: Path
    asked: _Asked

    def unavailable(self) -> str | None:
        """None: a file that cannot be opened is a mistake of the user, not a lack."""
        return None

    def refuses(self, scale: int) -> str | None:
        """Why this model does not do this scale; opens it."""
        scales = _load(self.path, self.asked, "cpu").scales
        if scales is None or scale in scales:
            return None
        return f"{self.path.name} enlarges {scales[0]}x, not {scale}x"

    def network(self, scale: int, device: str) -> tuple[nn.Module, NetworkSpec]:
        """The network and its interface at a scale that it has."""
        return _load(self.path, self.asked, device).build(scale)


def is_model_name(name: str) -> bool:
    """Whether a name is a model file (with or without options) or `module:function`."""
    if name.startswith("mix:"):
        return False
    base = _file_part(name)[0]
    return base.suffix.lower() in SUFFIXES or is_function(str(base))


def is_function_name(name: str) -> bool:
    """Whether a name is `module:function`, with or without options."""
    return is_function(str(_file_part(name)[0]))


def model_method(name: str) -> Method:
    """The method of such a name; `UsageError` for what cannot be one."""
    path, options = _file_part(name)
    if path.suffix.lower() not in SUFFIXES:
        return function_method(str(path), options, name)
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    asked = _parse(options, name)
    return ModelMethod(
        name=asked.name or plain(f"{path.name}:{options}" if options else path.name),
        summary=f"the model {path}",
        kind="model",
        source=str(path),
        open=partial(_open, path, asked),
        fingerprint=partial(_fingerprint, path, asked),
        trained_on=asked.trained_on,
        reads=model_files(path),
        path=path,
        asked=asked,
    )


def _file_part(name: str) -> tuple[Path, str]:
    text, colon, options = name.rpartition(":")
    return (Path(text), options) if colon and "=" in options else (Path(name), "")


def _parse(options: str, name: str) -> _Asked:
    found: dict[str, Any] = {}
    for option in filter(None, options.split(",")):
        key, _, value = option.partition("=")
        if key == "range" and value in ("1", "255", "signed", "signed-output", "centred"):
            found[key] = value
        elif (key in ("scale", "overlap") and _is_positive(value)) or (
            key == "channels" and value in ("1", "3")
        ):
            found[key] = int(value)
        elif (key == "trained_on" and value in get_args(Degradation)) or (
            key == "name" and re.fullmatch(r"[\w-]+", value)
        ):
            found[key] = value
        else:
            raise UsageError(
                f"{name}: '{option}' is not one of scale=N, channels=1 or 3, overlap=N, name=NAME, "
                "range=1, 255, signed, signed-output or centred, trained_on=matlab-bicubic or pil-lanczos"
            )
    return _Asked(**found)


def _is_positive(text: str) -> bool:
    return text.isdecimal() and int(text) > 0


def _load(path: Path, asked: _Asked, device: str) -> LoadedModel:
    from srbench.methods.files.loading import Options, load_model

    options: Options = Options(asked.scale, asked.range, asked.channels, asked.overlap)
    return load_model(path, options, device)


def _open(path: Path, asked: _Asked, runtime: Runtime) -> Upscaler:
    from srbench.methods.networks.method import NetworkUpscalers

    model = _load(path, asked, runtime.device)

    def build(scale: int) -> tuple[nn.Module, NetworkSpec]:
        if model.scales is not None and scale not in model.scales:
            raise Unscorable(f"{path.name} enlarges {model.scales[0]}x, not {scale}x")
        module, spec = model.build(scale)
        if spec.color == "luma":
            remark(f"{path.name} is a network of one channel: it enlarges the luma, colours are bicubic")
        return module, spec

    return NetworkUpscalers(build, runtime, path.name)


def _fingerprint(path: Path, asked: _Asked, _: Pair) -> str:
    return f"{content_hashes(model_files(path))} {asked}"

"""The user's own models as methods: model files, and Python functions (`srbench.methods.functions`).

`FILE.pth`, `.pt`, `.safetensors`, `.onnx`, `.pt2`, with what cannot be found out after a colon, as in
`FILE.onnx:in=signed,out=1`:

- `in=`, `out=`: the values of black and white in inputs and outputs: `1` (0 to 1), `255` (0 to 255), `signed`
  (-1 to 1), `centred` (-0.5 to 0.5) or `LOW..HIGH`. `range=` is both, and `range=signed-output` is
  `in=1,out=signed`.
- `mean=`, `std=`: what values in these ranges are standardised by, one number or one for each channel
  (`mean=0.485/0.456/0.406`). They hold for inputs and outputs; `in_mean=`, `in_std=`, `out_mean=`, `out_std=`
  are of one side only.
- `scale=N`; `channels=1` or `3`.
- `overlap=N` lets an unknown network be cut into tiles that overlap by N input pixels on each side;
  `size=HEIGHTxWIDTH` says the only input that it takes, where the file does not.
- `name=NAME` calls it otherwise than its file, and `trained_on=pil-lanczos` says what inputs it was made for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.files import content_hashes
from srbench.core.records import Unscorable, UserError
from srbench.core.text import plain, remark
from srbench.methods.contract import Method, Runtime, Upscaler
from srbench.methods.files.interface import Asked, parse
from srbench.methods.functions import function_method, is_function

if TYPE_CHECKING:
    from torch import nn

    from srbench.core.records import Pair
    from srbench.methods.files.interface import Interface
    from srbench.methods.files.loading import LoadedModel
    from srbench.methods.networks.specification import NetworkSpec

# An entry of `TensorProto.external_data` in ONNX's protocol buffers: the key, then the tag of the value.
_LOCATION = re.compile(rb"\n\x08location\x12([\x01-\x7f]|[\x80-\xff][\x01-\x7f])")
SUFFIXES = frozenset({".pth", ".pt", ".ckpt", ".tar", ".safetensors", ".onnx", ".pt2"})


@dataclass(frozen=True, kw_only=True)
class ModelMethod(Method):
    """A model file; its scale is known once it has been opened."""

    path: Path
    asked: Asked

    def unavailable(self) -> str | None:
        """None: a file that cannot be opened is a mistake of the user, not a lack."""
        return None

    def refuses(self, scale: int) -> str | None:
        """Why this model does not do this scale; opens it."""
        return self._seen(scale)[0]

    def interfaces(self, scale: int) -> dict[str, Interface]:
        """What was taken for its interface; opens it."""
        found = self._seen(scale)[1]
        return {self.name: found} if found else {}

    def network(self, scale: int, device: str) -> tuple[nn.Module, NetworkSpec]:
        """The network and its interface at a scale that it has."""
        return _load(self.path, self.asked, device).build(scale)

    def _seen(self, scale: int) -> tuple[str | None, Interface | None]:
        return _seen(self.path, self.asked, content_hashes(self.reads), scale)


@lru_cache(maxsize=64)
def _seen(
    path: Path, asked: Asked, _hashes: tuple[str, ...], scale: int
) -> tuple[str | None, Interface | None]:
    """Why a model with this content does not do a scale, or its interface at that scale."""
    model = _load(path, asked, "cpu")
    if model.scales is None or scale in model.scales:
        return None, model.interface(scale)
    return f"{path.name} enlarges {model.scales[0]}x, not {scale}x", None


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
    asked = parse(options, name)
    return ModelMethod(
        name=asked.name or plain(f"{path.name}:{options}" if options else path.name),
        summary=f"the model {path}",
        kind="model",
        source=str(path),
        open=partial(_open, path, asked),
        version=2,  # 1 found other ranges
        fingerprint=partial(_fingerprint, path, asked),
        trained_on=asked.trained_on,
        reads=_model_files(path),
        path=path,
        asked=asked,
    )


def _model_files(path: Path) -> tuple[Path, ...]:
    """The files of a model: itself, and for ONNX those in which its tensors lie."""
    status = path.stat()
    return _files_of_version(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _files_of_version(path: Path, _modified: int, _size: int) -> tuple[Path, ...]:
    if path.suffix.lower() != ".onnx":
        return (path,)
    data = path.read_bytes()
    found = {path: None}
    for match in _LOCATION.finditer(data):
        low, *high = match[1]
        length = (low & 0x7F) + (high[0] << 7 if high else 0)
        name = data[match.end() : match.end() + length].decode("utf-8", "replace")
        if "\0" not in name and (path.parent / name).is_file():
            found[path.parent / name] = None
    return tuple(found)


def _file_part(name: str) -> tuple[Path, str]:
    text, colon, options = name.rpartition(":")
    return (Path(text), options) if colon and "=" in options else (Path(name), "")


def _load(path: Path, asked: Asked, device: str) -> LoadedModel:
    return _loaded(path, asked, content_hashes(_model_files(path)), device)


@lru_cache(maxsize=1)
def _loaded(path: Path, asked: Asked, _hashes: tuple[str, ...], device: str) -> LoadedModel:
    """The last model that was read: what it can do is asked right before it is opened."""
    from srbench.methods.files.loading import load_model

    return load_model(path, asked, device)


def _open(path: Path, asked: Asked, runtime: Runtime) -> Upscaler:
    from srbench.methods.networks.method import NetworkUpscalers

    model = _load(path, asked, runtime.device)

    def build(scale: int) -> tuple[nn.Module, NetworkSpec]:
        """The network at a scale that it has."""
        if model.scales is not None and scale not in model.scales:
            raise Unscorable(f"{path.name} enlarges {model.scales[0]}x, not {scale}x")
        module, spec = model.build(scale)
        if spec.color == "luma":
            remark(f"{path.name} is a network of one channel: it enlarges the luma, colours are bicubic")
        return module, spec

    return NetworkUpscalers(build, runtime, path.name)


def _fingerprint(path: Path, asked: Asked, _: Pair) -> str:
    return f"{content_hashes(_model_files(path))} {asked}"

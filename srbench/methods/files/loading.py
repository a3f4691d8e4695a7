"""Opening model files of any kind: checkpoints, ONNX, exported programs and TorchScript.

Checkpoints are read without running code. Exported programs and TorchScript are programs of whoever made
them; they run in torch's own interpreters.
"""

from __future__ import annotations

import logging
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from srbench.core.records import Unscorable, UserError
from srbench.methods.files.own_call import OwnCall
from srbench.methods.files.ranges import MARGIN, RANGES, Found, find_ranges
from srbench.methods.networks.specification import NetworkSpec

if TYPE_CHECKING:
    from srbench.core.weights import Tensors
    from srbench.methods.files.identify import Misfit, Recognised

_PROBE = 32


@dataclass(frozen=True)
class Options:
    """What the user says of a model where it cannot be found out.

    `overlap` lets a model of unknown reach be cut into tiles that overlap by so many input pixels; without
    it the model sees whole images, whatever memory that takes.
    """

    scale: int | None = None
    range: str | None = None
    channels: int | None = None
    overlap: int | None = None


@dataclass(frozen=True)
class LoadedModel:
    """Makes the network and its interface for a scale; `scales` are those it has, None for any."""

    build: Callable[[int], tuple[nn.Module, NetworkSpec]]
    scales: tuple[int, ...] | None


class Opaque(nn.Module):
    """A network whose layers cannot be seen; its memory is estimated as that of 64 features."""

    opaque = True

    def __init__(self, run: Callable[[Tensor], Tensor], name: str, device: str) -> None:
        super().__init__()
        self._run = run
        self._name = name
        self._device = device

    def forward(self, x: Tensor) -> Tensor:
        """Whatever the program gives; its errors become one line."""
        try:
            return self._run(x.to(self._device))
        except Unscorable:
            raise
        except Exception as error:  # foreign programs fail in any way
            size = f"{x.shape[-1]}x{x.shape[-2]}"
            detail = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
            raise Unscorable(
                f"{self._name} does not run on a {size} input ({detail}); "
                "models must take any height and width"
            ) from None


def load_model(path: Path, options: Options, device: str) -> LoadedModel:
    """Opens a model file; `UserError` in one line where it cannot be read, or its interface not be found."""
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    with _one_line(path):
        if path.suffix == ".onnx":
            return _probed(_onnx(path, device), options, path)
        if path.suffix == ".pt2":
            return _probed(_exported(path, device), options, path)
        if _is_torchscript(path):
            return _probed(_scripted(path, device), options, path)
        return _checkpoint(path, options)


@contextmanager
def _one_line(path: Path) -> Iterator[None]:
    try:
        yield
    except (UserError, Unscorable) as error:
        raise UserError(str(error)) from None
    except Exception as error:  # readers of foreign formats raise anything
        detail = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        raise UserError(f"{path} cannot be opened as a model ({detail})") from None


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _needs(package: str, extra: str, what: str) -> None:
    if find_spec(package) is None:
        raise UserError(f"{what} needs the package {package}: pip install 'srbench[{extra}]'")


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _onnx(path: Path, device: str) -> nn.Module:
    _needs("onnxruntime", "onnx", f"{path.name}")
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = torch.get_num_threads()
    settings.log_severity_level = 4  # its own lines would stand beside our one
    wanted = ["CUDAExecutionProvider"] if device.startswith("cuda") else []
    providers = [name for name in wanted if name in onnxruntime.get_available_providers()]
    session = onnxruntime.InferenceSession(str(path), settings, [*providers, "CPUExecutionProvider"])
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise UserError(f"{path.name} takes {len(inputs)} inputs, one image is expected")
    dtype = np.float16 if "float16" in inputs[0].type else np.float32

    def run(x: Tensor) -> Tensor:
        result = session.run(None, {inputs[0].name: x.numpy().astype(dtype)})[0]
        return torch.from_numpy(np.asarray(result, np.float32))

    return Opaque(run, path.name, "cpu")


def _exported(path: Path, device: str) -> nn.Module:
    with _quiet(logging.getLogger("torch.export")):  # its own lines would stand beside our one
        program = torch.export.load(path).module().to(device)
    return Opaque(lambda x: program(x), path.name, device)  # noqa: PLW0108 - hides a module without eval()


def _scripted(path: Path, device: str) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # torch advises its authors, not its users
        program = torch.jit.load(str(path), map_location=device).eval()
    return Opaque(lambda x: program(x), path.name, device)  # noqa: PLW0108 - moved by its own loader


def _checkpoint(path: Path, options: Options) -> LoadedModel:
    from srbench.methods.files.checkpoints.containers import read_tensors
    from srbench.methods.files.identify import Recognised, recognise

    tensors = read_tensors(path)
    known = recognise(tensors, path.name)
    if isinstance(known, Recognised):
        scales = known.scales if known.scales or options.scale is None else (options.scale,)
        return LoadedModel(partial(_known, known, options), scales)
    return _foreign(tensors, known, options, path)


def _foreign(tensors: Tensors, misfit: Misfit, options: Options, path: Path) -> LoadedModel:
    """A network that spandrel knows; `misfit` says why it is none of ours."""
    _needs("spandrel", "spandrel", f"{misfit.reason}; a foreign one")
    from spandrel import ImageModelDescriptor, ModelLoader

    state = {name: torch.from_numpy(np.asarray(tensor, order="C")) for name, tensor in tensors.items()}
    try:
        model = ModelLoader(device="cpu").load_from_state_dict(state)
    except Exception:  # spandrel fails in as many ways as it has networks
        raise UserError(
            f"{misfit.reason}, and spandrel does not know it; "
            "export it as ONNX, .pt2 or TorchScript, or give a Python function"
        ) from None
    if not isinstance(model, ImageModelDescriptor) or model.input_channels not in (1, 3):
        raise UserError(
            f"{path.name} ({model.architecture.name}) is not a super-resolution network of images"
        )
    if misfit.near and len(model.model.state_dict()) != len(tensors):
        raise UserError(misfit.reason)  # spandrel leaves out tensors that it does not expect
    module = OwnCall(model)
    spec = NetworkSpec(
        build=lambda: module,
        scale=model.scale,
        color="rgb" if model.input_channels == 3 else "luma",
        radius=options.overlap,
        probe=max(8, model.size_requirements.minimum, model.size_requirements.multiple_of),
    )
    return LoadedModel(lambda _: (module, _ranged(spec, options)), (model.scale,))


def _known(known: Recognised, options: Options, scale: int) -> tuple[nn.Module, NetworkSpec]:
    from srbench.methods.files.checkpoints.fitting import load_into

    spec = known.network(scale)
    module = spec.build().eval()
    load_into(module, known.tensors, "the file")
    if options.range is None and spec.output_range == RANGES["signed-output"][1]:
        # Trainings of SRResNet differ in their output range; the image itself tells.
        fits = {name: _distance(module, spec.scale, 3, RANGES[name]) for name in ("1", "signed-output")}
        return module, _ranged(spec, replace(options, range=min(fits, key=lambda name: fits[name])))
    return module, _ranged(spec, options)


def _ranged(spec: NetworkSpec, options: Options) -> NetworkSpec:
    if options.range is None:
        return spec
    input_range, output_range = RANGES[options.range]
    return replace(spec, input_range=input_range, output_range=output_range)


def _probed(module: nn.Module, options: Options, path: Path) -> LoadedModel:
    """Scale, channels and range of a model that does not state them, from its answer to a small image."""
    channels, scale = _channels_and_scale(module, options, path)
    spec = NetworkSpec(
        build=lambda: module,
        scale=scale,
        color="rgb" if channels == 3 else "luma",
        radius=options.overlap,
    )
    if options.range is None:
        found = _range_of(module, scale, channels, path)
        spec = replace(spec, input_range=found.input, output_range=found.output)
    ranged = _ranged(spec, options)
    return LoadedModel(lambda _: (module, ranged), (scale,))


def _channels_and_scale(module: nn.Module, options: Options, path: Path) -> tuple[int, int]:
    failure: Unscorable | None = None
    for channels in (options.channels,) if options.channels else (3, 1):
        try:
            result = _answer(module, torch.full((1, channels, _PROBE, _PROBE), 0.5))
        except Unscorable as error:
            failure = failure or error
            continue
        scale, rest = divmod(result.shape[-1], _PROBE)
        if result.ndim == 4 and result.shape[-2] == result.shape[-1] and not rest and scale:
            if result.shape[1] != channels:
                raise UserError(f"{path.name} turns {channels} channels into {result.shape[1]}")
            if options.scale not in (None, scale):
                raise UserError(f"{path.name} enlarges {scale}x, not {options.scale}x")
            return channels, scale
        raise UserError(
            f"{path.name} turns 1x{channels}x32x32 into {tuple(result.shape)}: not an enlargement"
        )
    raise UserError(f"the interface of {path.name} cannot be found: {failure}")


def _answer(module: nn.Module, x: Tensor) -> Tensor:
    parameter = next(module.parameters(), None)
    with torch.inference_mode():
        return module(x if parameter is None else x.to(parameter.device)).float().cpu()


def _distance(
    module: nn.Module, scale: int, channels: int, ranges: tuple[tuple[float, float], tuple[float, float]]
) -> float:
    """Mean distance between a smooth image and its enlargement, averaged down again; 0 to 1 of the range."""
    (low, high), (out_low, out_high) = ranges
    ramp = torch.linspace(0.05, 0.95, _PROBE)
    x = (ramp[:, None] * 0.5 + ramp[None] * 0.5).expand(1, channels, -1, -1)
    result = (_answer(module, x * (high - low) + low) - out_low) / (out_high - out_low)
    return float((torch.nn.functional.avg_pool2d(result, scale) - x).abs().mean())


def _range_of(module: nn.Module, scale: int, channels: int, path: Path) -> Found:
    found = find_ranges(
        lambda image: _answer(module, torch.from_numpy(image)[None])[0].numpy(), scale, channels
    )
    say = f"say it: {path.name}:range=1, :range=255, :range=signed, :range=signed-output or :range=centred"
    if found is None:
        raise UserError(
            f"the value range of {path.name} cannot be found (no range gives back the image); {say}"
        )
    if found.ahead < MARGIN:
        raise UserError(f"the value range of {path.name} cannot be told from others that do as well; {say}")
    return found

"""Opening model files of any kind: checkpoints, ONNX, exported programs and TorchScript.

Checkpoints are read without running code; `programs` opens the others.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from srbench.core.records import Unscorable, UserError
from srbench.methods.families.build import Misfit, Recognised
from srbench.methods.families.catalogue import FAMILIES
from srbench.methods.files.interface import Asked, Interface
from srbench.methods.files.own_call import OwnCall
from srbench.methods.files.programs import Program, needs, open_program
from srbench.methods.files.ranges import CANDIDATES, SIDE, Found, Range, find_ranges, range_text
from srbench.methods.networks.specification import NetworkSpec

if TYPE_CHECKING:
    from srbench.core.weights import Tensors

# Of networks whose trainings differ in their range: the usual ones, and those that this architecture has.
_SRRESNET_OUTPUTS: tuple[Range, ...] = ((0.0, 1.0), (-1.0, 1.0))


@dataclass(frozen=True)
class LoadedModel:
    """Makes the network and its interface for a scale; `scales` are those it has, None for any. `interface`
    says what was taken for its interface at a scale, and how sure that is."""

    build: Callable[[int], tuple[nn.Module, NetworkSpec]]
    scales: tuple[int, ...] | None
    sure: Callable[[int], str]

    def interface(self, scale: int) -> Interface:
        """What the network takes and gives at a scale."""
        return Interface.of(self.build(scale)[1], self.sure(scale))


def load_model(path: Path, options: Asked, device: str) -> LoadedModel:
    """Opens a model file; `UserError` in one line where it cannot be read, or its interface not be found."""
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    with _one_line(path):
        if path.suffix in (".onnx", ".pt2") or _is_torchscript(path):
            return _probed(open_program(path, device), options, path)
        return _checkpoint(path, options)


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


@contextmanager
def _one_line(path: Path) -> Iterator[None]:
    try:
        yield
    except (UserError, Unscorable) as error:
        raise UserError(str(error)) from None
    except Exception as error:  # readers of foreign formats raise anything
        detail = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        raise UserError(f"{path} cannot be opened as a model ({detail})") from None


def _checkpoint(path: Path, options: Asked) -> LoadedModel:
    from srbench.methods.files.checkpoints.containers import read_tensors

    tensors = read_tensors(path)
    known = recognise(tensors, path.name)
    if isinstance(known, Recognised):
        scales = known.scales if known.scales or options.scale is None else (options.scale,)
        return LoadedModel(
            partial(_known, known, options, path), scales, partial(_sure_of_known, known, options)
        )
    return _foreign(tensors, known, options, path)


def recognise(tensors: Tensors, source: str) -> Recognised | Misfit:
    """The network of this package whose names and shapes all agree with the tensors.

    Where there is none, the first tensor that does not fit the nearest network.
    """
    nearest = Misfit(f"{source} is of no network that srbench defines")
    checkpoints = [one for family in FAMILIES for one in family.checkpoints]
    for checkpoint in checkpoints:
        found = checkpoint.recognise(tensors, source)
        if isinstance(found, Recognised):
            return found
        if found is not None and found.shared > nearest.shared:
            nearest = found
    if nearest.shared:
        return nearest
    compared = (checkpoint.compare(tensors, source) for checkpoint in checkpoints)
    return max((one for one in compared if one), key=lambda one: one.shared, default=nearest)


def _foreign(tensors: Tensors, misfit: Misfit, options: Asked, path: Path) -> LoadedModel:
    """A network that spandrel knows; `misfit` says why it is none of ours."""
    needs("spandrel", "spandrel", f"{misfit.reason}; a foreign one")
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
    if misfit.shared and len(model.model.state_dict()) != len(tensors):
        raise UserError(misfit.reason)  # spandrel leaves out tensors that it does not expect
    module = OwnCall(model)
    spec = NetworkSpec(
        build=lambda: module,
        scale=model.scale,
        color="rgb" if model.input_channels == 3 else "luma",
        radius=options.overlap,
        probe=max(8, model.size_requirements.minimum, model.size_requirements.multiple_of),
    )
    sure = "as stated" if _stated(options) else f"as spandrel's {model.architecture.name}"
    return LoadedModel(lambda _: (module, _ranged(spec, options)), (model.scale,), lambda _: sure)


def _known(known: Recognised, options: Asked, path: Path, scale: int) -> tuple[nn.Module, NetworkSpec]:
    from srbench.methods.networks.specification import load_into

    spec = known.network(scale)
    module = spec.build().eval()
    load_into(module, known.tensors, "the file")
    if _has_several_outputs(spec) and options.output is None:
        inputs = (options.input or spec.input_range,)
        found = _found(module, replace(spec, input_norm=options.input_norm), inputs, _SRRESNET_OUTPUTS, path)
        spec = replace(spec, output_range=found.output)
    return module, _ranged(spec, options)


def _sure_of_known(known: Recognised, options: Asked, scale: int) -> str:
    if _stated(options):
        return "as stated"
    found = ", the output's found on photographs" if _has_several_outputs(known.network(scale)) else ""
    return f"as published for this network{found}"


def _has_several_outputs(spec: NetworkSpec) -> bool:
    """Trainings of SRResNet differ in their output range; the images tell."""
    return spec.output_range == (-1.0, 1.0) and spec.input_range == (0.0, 1.0)


def _stated(options: Asked) -> bool:
    return options.input is not None and options.output is not None


def _ranged(spec: NetworkSpec, options: Asked) -> NetworkSpec:
    return replace(
        spec,
        input_range=options.input or spec.input_range,
        output_range=options.output or spec.output_range,
        input_norm=options.input_norm,
        output_norm=options.output_norm,
    )


def _probed(program: Program, options: Asked, path: Path) -> LoadedModel:
    """Scale, channels and range of a model that does not state them, from its answers to images."""
    fixed = options.size or program.fixed
    channels, scale = _channels_and_scale(program, options, fixed or (SIDE, SIDE), path)
    spec = NetworkSpec(
        build=lambda: program,
        scale=scale,
        color="rgb" if channels == 3 else "luma",
        radius=options.overlap,
        fixed=fixed,
        input_norm=options.input_norm,
        output_norm=options.output_norm,
    )
    sure = "as stated"
    if not _stated(options):
        inputs = CANDIDATES if options.input is None else (options.input,)
        outputs = CANDIDATES if options.output is None else (options.output,)
        found = _found(program, spec, inputs, outputs, path)
        spec = replace(spec, input_range=found.input, output_range=found.output)
        sure = _how_sure(found)
    ranged = _ranged(spec, options)
    return LoadedModel(lambda _: (program, ranged), (scale,), lambda _: sure)


def _how_sure(found: Found) -> str:
    if found.ahead == float("inf"):
        return "found on photographs: no other range gives other pixels"
    return f"found on photographs: {found.ahead:.2f} dB ahead of every other range"


def _channels_and_scale(
    module: nn.Module, options: Asked, size: tuple[int, int], path: Path
) -> tuple[int, int]:
    failure: Unscorable | None = None
    for channels in (options.channels,) if options.channels else (3, 1):
        try:
            result = _answer(module, torch.full((1, channels, *size), 0.5))
        except Unscorable as error:
            failure = failure or error
            continue
        scale, rest = divmod(result.shape[-1], size[1])
        if result.ndim == 4 and result.shape[-2] == scale * size[0] and not rest and scale:
            if result.shape[1] != channels:
                raise UserError(f"{path.name} turns {channels} channels into {result.shape[1]}")
            if options.scale not in (None, scale):
                raise UserError(f"{path.name} enlarges {scale}x, not {options.scale}x")
            return channels, scale
        raise UserError(
            f"{path.name} turns 1x{channels}x{size[0]}x{size[1]} into {tuple(result.shape)}: "
            "not an enlargement"
        )
    raise UserError(f"the interface of {path.name} cannot be found: {failure}")


def _answer(module: nn.Module, x: Tensor) -> Tensor:
    parameter = next(module.parameters(), None)
    with torch.inference_mode():
        return module(x if parameter is None else x.to(parameter.device)).float().cpu()


def _found(
    module: nn.Module, spec: NetworkSpec, inputs: Sequence[Range], outputs: Sequence[Range], path: Path
) -> Found:
    """The ranges of a network; `UserError` that says what to state where they are not clear."""

    def answer(image: np.ndarray) -> np.ndarray:
        """C x H x W to C x H' x W', both before standardisation."""
        x = torch.from_numpy(image)[None]
        before, after = (
            [torch.tensor(values).reshape(-1, 1, 1) for values in (norm.mean, norm.std)]
            for norm in (spec.input_norm, spec.output_norm)
        )
        return np.asarray((_answer(module, (x - before[0]) / before[1]) * after[1] + after[0])[0])

    channels = 3 if spec.color == "rgb" else 1
    found = find_ranges(
        answer, spec.scale, channels, size=spec.fixed or (SIDE, SIDE), inputs=inputs, outputs=outputs
    )
    say = f"say it: {path.name}:in=1,out=1 (or 255, signed, centred, LOW..HIGH; mean=, std=)"
    if found is None:
        raise UserError(
            f"the value range of {path.name} cannot be found (no range gives back the image); {say}"
        )
    if not found.clear:
        ranges = " or ".join(map(range_text, (found.input, *found.others)))
        raise UserError(f"the value range of {path.name} is not clear (inputs may be {ranges}); {say}")
    return found

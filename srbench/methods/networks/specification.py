"""What a network takes and gives, everything that inference has to know of one; and the tensors that fill it:
nothing missing, nothing extra, every shape right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from srbench.core.records import UserError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from srbench.core.weights import Tensors

    State = tuple[Tensor, ...]

Residual = Literal["none", "tensorflow1-bicubic", "pil-bicubic"]


@dataclass(frozen=True)
class Normalisation:
    """What a network's values are standardised by, per channel: (value - mean) / std."""

    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)


PLAIN = Normalisation()


@dataclass(frozen=True)
class NetworkSpec:
    """A network's interface.

    - `build()` gives the module, untrained. It maps N x C x H x W float32 to N x C x (H·f) x (W·f).
    - `scale` is the method's factor. `input` says what the network sees: the low-resolution image
      (f = scale), or its MATLAB bicubic enlargement (f = 1).
    - `color`: "rgb" networks have C = 3. "luma" networks have C = 1 and see BT.601 Y (16 to 235, unrounded);
      the colours of a colour image are then those of its bicubic enlargement. "luma-8bit" is the same as
      scripts that work on 8-bit YCbCr do it: Y in and out and the enlarged Cb and Cr in whole grey levels.
    - `input_range`, `output_range`: the values that stand for the grey levels 0 and 255.
    - `input_norm`, `output_norm`: how values in these ranges are standardised besides.
    - `residual`: the enlargement of the input that the network's output is added to.
    - `radius`: how many input pixels away an output pixel can depend on, None where on all; tiles overlap
      by it. Networks with a method `stages()` state it per stage there.
    - `fixed`: height and width of the only input that it takes, None where any will do. Larger images are
      cut into tiles of this size, which overlap by `radius`; smaller ones are continued by their last pixels.
    - `probe`: the side of the square on which the memory that it takes is estimated.
    """

    build: Callable[[], nn.Module]
    scale: int
    color: Literal["rgb", "luma", "luma-8bit"] = "rgb"
    input: Literal["low-resolution", "enlarged"] = "low-resolution"
    input_range: tuple[float, float] = (0.0, 1.0)
    output_range: tuple[float, float] = (0.0, 1.0)
    input_norm: Normalisation = PLAIN
    output_norm: Normalisation = PLAIN
    residual: Residual = "none"
    radius: int | None = 16
    fixed: tuple[int, int] | None = None
    probe: int = 8

    @property
    def in_double(self) -> bool:
        """Whether it computes in double precision, as the scripts of 8-bit luma do; they are small."""
        return self.color == "luma-8bit"

    @property
    def factor(self) -> int:
        """How much larger than its input the network's output is."""
        return 1 if self.input == "enlarged" else self.scale


SpecOfScale = Callable[[int], NetworkSpec]


def only(spec: NetworkSpec) -> SpecOfScale:
    """The interface of a network that exists for one scale; `ValueError` for others."""
    return partial(_only, spec)


def _only(spec: NetworkSpec, scale: int) -> NetworkSpec:
    if scale != spec.scale:
        raise ValueError(f"exists for {spec.scale}x only, not {scale}x")
    return spec


@dataclass(frozen=True)
class Stage:
    """A part of a network that can be run on tiles.

    `run` maps a tuple of N x C x H x W tensors of one size to such a tuple, `scale` times as large; the
    next stage sees the first `keeps` tensors of the old tuple, unchanged, before the new ones.
    `radius` is how many pixels around an input pixel matter, None where the whole image does (global
    pooling): such a stage runs untiled and should be element-wise otherwise.
    """

    run: Callable[[State], State]
    radius: int | None
    scale: int = 1
    keeps: int = 0


def stages_of(module: nn.Module, spec: NetworkSpec) -> tuple[Stage, ...]:
    """The module's own stages, or the module as one."""
    own = getattr(module, "stages", None)
    if own is not None:
        return tuple(own())
    return (Stage(lambda state: (module(state[0]),), spec.radius, spec.factor),)


def misfit(
    tensors: Tensors, shapes: dict[str, tuple[int, ...]], source: str, called: Mapping[str, str] | None = None
) -> str:
    """The first tensor that is missing, extra or wrongly shaped, in words; empty where all are right.

    `called` says what the file calls tensors that have been renamed.
    """

    def full(name: str) -> str:
        original = (called or {}).get(name, name)
        return name if original == name else f"{name} ({original} in the file)"

    for name, shape in shapes.items():
        if name not in tensors:
            return f"{source}: the tensor {name} {shape} is missing"
        if tensors[name].shape != shape:
            return f"{source}: the tensor {full(name)} has the shape {tensors[name].shape}, not {shape}"
    for name in tensors:
        if name not in shapes:
            return f"{source}: the tensor {full(name)} {tensors[name].shape} is not part of the network"
    return ""


def shapes_needed(spec: NetworkSpec) -> dict[str, tuple[int, ...]]:
    """The shapes of everything that the network of an interface stores, by name."""
    import torch

    with torch.device("meta"):
        return _shapes_of(spec.build())


def _shapes_of(module: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


def fitted(
    tensors: Tensors, spec: NetworkSpec, source: str, called: Mapping[str, str] | None = None
) -> Tensors:
    """The tensors `converted`; `UserError` that names the tensor where one does not fit the network."""
    shapes = shapes_needed(spec)
    if reason := misfit(tensors, shapes, source, called):
        raise UserError(reason)
    return converted(tensors, spec, shapes)


def converted(tensors: Tensors, spec: NetworkSpec, names: Iterable[str]) -> Tensors:
    """Tensors that fit as float32 (integers unchanged), in the order of these names.

    Networks that compute in double precision keep what the file has.
    """
    convert = np.asarray if spec.in_double else _single
    return {name: np.asarray(convert(tensors[name]), order="C") for name in names}


def _single(tensor: np.ndarray) -> np.ndarray:
    return tensor.astype(np.float32) if np.issubdtype(tensor.dtype, np.floating) else tensor


def load_into(module: nn.Module, tensors: Tensors, source: str) -> None:
    """Fills the module; `UserError` that names the tensor where something does not fit."""
    import torch

    if reason := misfit(tensors, _shapes_of(module), source):
        raise UserError(reason)
    module.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()})


def load_network(spec: NetworkSpec, path: Path) -> nn.Module:
    """The network with the weights of a converted (safetensors) file."""
    from srbench.core.weights import load

    tensors, _ = load(path)
    module = spec.build().double() if spec.in_double else spec.build()
    load_into(module, tensors, str(path))
    return module.eval()

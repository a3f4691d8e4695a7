"""What a network takes and gives: everything that inference has to know of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor, nn

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

"""Running a network within a bounded memory budget: what it takes, whole where that fits, else stage by stage
in tiles.

Tiles overlap by the exact dependency radius of their stage, so tiled results differ from whole ones by
the rounding of floating-point sums only (within one grey level after conversion).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch

from srbench.core.records import Unscorable
from srbench.methods.networks.specification import Stage, stages_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from srbench.methods.networks.specification import NetworkSpec, State

# Beside the widest layer: skip connections, activations, and copies that convolution libraries make.
_WORK_SPACE = 2.5
_SMALLEST_CORE = 16
_OPAQUE_FEATURES = 64  # assumed of programs whose layers cannot be seen


@dataclass(frozen=True)
class Box:
    """Rows `top` to `bottom` and columns `left` to `right` (both exclusive at the end)."""

    top: int
    bottom: int
    left: int
    right: int

    def grown(self, radius: int, height: int, width: int) -> Box:
        """Larger by `radius` on every side, inside an image of this size."""
        return Box(
            max(self.top - radius, 0),
            min(self.bottom + radius, height),
            max(self.left - radius, 0),
            min(self.right + radius, width),
        )

    def scaled(self, factor: int) -> Box:
        """The same region in an image `factor` times as large."""
        return Box(self.top * factor, self.bottom * factor, self.left * factor, self.right * factor)

    def inside(self, outer: Box) -> Box:
        """This box in the coordinates of `outer`."""
        top, left = outer.top, outer.left
        return Box(self.top - top, self.bottom - top, self.left - left, self.right - left)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


@dataclass(frozen=True)
class Plan:
    """A network as one stage and cut into stages, with what each costs (`_stage_costs`).

    `fixed` is the only input size that it takes (`NetworkSpec`).
    """

    whole_cost: tuple[float, float]
    whole: Stage
    stages: tuple[Stage, ...]
    costs: tuple[tuple[float, float], ...]
    fixed: tuple[int, int] | None = None


def make_plan(module: nn.Module, spec: NetworkSpec, channels: int) -> Plan:
    """Cuts `module` into stages and counts what they hold, on an image of a few pixels."""
    whole = Stage(lambda state: (module(state[0]),), spec.radius, spec.factor)
    stages = stages_of(module, spec)
    parameter = next(module.parameters(), None)
    device, dtype = (parameter.device, parameter.dtype) if parameter is not None else (None, None)
    x = torch.zeros(1, channels, spec.probe, spec.probe, device=device, dtype=dtype)
    if getattr(module, "opaque", False):
        guess = (4.0 * _OPAQUE_FEATURES * 2 * spec.factor**2, 4.0 * channels * spec.factor**2)
        return Plan(guess, whole, (whole,), (guess,), spec.fixed)
    return Plan(_stage_costs(module, (whole,), x)[0], whole, stages, _stage_costs(module, stages, x))


class _Widest:
    """A forward hook that remembers the most bytes that one layer needs: input, output and columns."""

    def __init__(self) -> None:
        self.bytes = 0.0

    def __call__(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        tensors = [item for item in (*inputs, output) if isinstance(item, torch.Tensor)]
        # Columns are made once, without the copies that _WORK_SPACE stands for.
        columns = _columns(module, *tensors) / _WORK_SPACE if len(tensors) == 2 else 0.0
        self.bytes = max(self.bytes, sum(_size(tensor) for tensor in tensors) + columns)


def _columns(layer: nn.Module, x: Tensor, output: Tensor) -> int:
    """Bytes of the columns, a pixel's whole neighbourhood each, that a convolution in double precision is
    laid out in on a CPU, whose library of convolutions has none of that precision."""
    if x.dtype != torch.float64 or x.is_cuda or getattr(layer, "kernel_size", (1, 1)) == (1, 1):
        return 0
    if isinstance(layer, torch.nn.Conv2d):
        return math.prod(layer.kernel_size) * layer.in_channels * _size(output) // layer.out_channels
    if isinstance(layer, torch.nn.ConvTranspose2d):
        return math.prod(layer.kernel_size) * layer.out_channels * _size(x) // layer.in_channels
    return 0


def _stage_costs(module: nn.Module, stages: Sequence[Stage], x: Tensor) -> tuple[tuple[float, float], ...]:
    """Per stage of `module`: the widest layer's and the result's bytes per pixel of the stage's input `x`.

    Activations grow with the number of pixels, so a small `x` tells for all sizes.
    """
    widest = _Widest()
    leaves = [layer for layer in module.modules() if not any(layer.children())]
    handles = [layer.register_forward_hook(widest) for layer in leaves]
    state: tuple[Tensor, ...] = (x,)
    costs = []
    try:
        for stage in stages:
            pixels = state[0].shape[-1] * state[0].shape[-2]
            widest.bytes = 0
            with torch.inference_mode():
                new = stage.run(state)
            result = sum(map(_size, new))
            costs.append((max(widest.bytes, result + sum(map(_size, state))) / pixels, result / pixels))
            state = (*state[: stage.keeps], *new)
    finally:
        for handle in handles:
            handle.remove()
    return tuple(costs)


def _size(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def images_within(plan: Plan, height: int, width: int, max_memory: int) -> int:
    """How many whole images of this size the budget holds at once, at least one."""
    return max(1, int(max_memory / (_WORK_SPACE * plan.whole_cost[0] * height * width)))


def run(plan: Plan, x: Tensor, max_memory: int) -> Iterator[tuple[Box, Tensor]]:
    """The network's output for N x C x H x W as pieces: where they lie in the output, and their values.

    A stage that needs the whole image gets it, whatever the budget; what passes between stages counts as
    held, and tiles shrink to a quarter of the budget at least.
    """
    if plan.fixed is not None:
        yield from _run_fixed(plan.whole, x, plan.fixed)
        return
    pixels = x.shape[0] * x.shape[-2] * x.shape[-1]
    if _WORK_SPACE * plan.whole_cost[0] * pixels <= max_memory:
        yield from _run_stage(plan.whole, (x,), pixels)
        return
    state: State = (x,)
    for stage, cost in zip(plan.stages[:-1], plan.costs[:-1], strict=True):
        state = _assemble(stage, state, _tile_pixels(state, cost, max_memory))
    yield from _run_stage(plan.stages[-1], state, _tile_pixels(state, plan.costs[-1], max_memory))


def _tile_pixels(state: State, cost: tuple[float, float], max_memory: int) -> int:
    held = sum(tensor.numel() * tensor.element_size() for tensor in state)
    result = cost[1] * state[0].shape[0] * state[0].shape[-2] * state[0].shape[-1]
    left = max(max_memory - held - result, max_memory / 4)
    return int(left / (_WORK_SPACE * cost[0]))


def _assemble(stage: Stage, state: State, tile_pixels: int) -> State:
    """What the next stage sees, computed tile by tile."""
    height, width = state[0].shape[-2:]
    results: list[Tensor] = []
    for box, *pieces in _tiles(stage, state, tile_pixels):
        if box == Box(0, height, 0, width).scaled(stage.scale):
            results = pieces
            break
        if not results:
            results = [
                piece.new_empty((*piece.shape[:2], height * stage.scale, width * stage.scale))
                for piece in pieces
            ]
        for result, piece in zip(results, pieces, strict=True):
            result[(..., *box.slices)] = piece
    return (*state[: stage.keeps], *results)


def _run_stage(stage: Stage, state: State, tile_pixels: int) -> Iterator[tuple[Box, Tensor]]:
    for box, *pieces in _tiles(stage, state, tile_pixels):
        yield box, pieces[0]


def _tiles(stage: Stage, state: State, tile_pixels: int) -> Iterator[tuple[Box, *State]]:
    height, width = state[0].shape[-2:]
    batch = state[0].shape[0]
    for core in grid(height, width, tile_pixels // batch, stage.radius):
        outer = core.grown(stage.radius or 0, height, width)
        pieces = stage.run(tuple(tensor[(..., *outer.slices)] for tensor in state))
        inner = core.inside(outer).scaled(stage.scale).slices
        for piece in pieces:
            _check_size(piece, outer.scaled(stage.scale))
        yield core.scaled(stage.scale), *(piece[(..., *inner)] for piece in pieces)


def _run_fixed(stage: Stage, x: Tensor, size: tuple[int, int]) -> Iterator[tuple[Box, Tensor]]:
    """Tiles of one size, each up to the middle of its overlap with the next."""
    height, width = x.shape[-2:]
    missing = [max(0, need - have) for need, have in zip(size, (height, width), strict=True)]
    x = torch.nn.functional.pad(x, (0, missing[1], 0, missing[0]), mode="replicate")
    for top, rows in fixed_cuts(height, size[0], stage.radius):
        for left, columns in fixed_cuts(width, size[1], stage.radius):
            tile = Box(top, top + size[0], left, left + size[1])
            core = Box(*rows, *columns)
            (piece,) = stage.run((x[(..., *tile.slices)],))
            _check_size(piece, tile.scaled(stage.scale))
            yield core.scaled(stage.scale), piece[(..., *core.inside(tile).scaled(stage.scale).slices)]


def fixed_cuts(length: int, size: int, overlap: int | None) -> list[tuple[int, tuple[int, int]]]:
    """Where tiles of `size` pixels begin on an axis, and from where to where each one counts.

    Neighbours overlap by twice `overlap` at least, by default an eighth of their size on each side.
    """
    margin = size // 8 if overlap is None else overlap
    if 2 * margin >= size:
        raise Unscorable(f"tiles of {size} pixels cannot overlap by {margin} on each side")
    count = 1 if length <= size else math.ceil((length - 2 * margin) / (size - 2 * margin))
    starts = [max(0, length - size) * number // max(1, count - 1) for number in range(count)]
    middles = [(one + size + other) // 2 for one, other in pairwise(starts)]
    return list(zip(starts, pairwise([0, *middles, length]), strict=True))


def _check_size(piece: Tensor, box: Box) -> None:
    expected = (box.bottom - box.top, box.right - box.left)
    if piece.ndim != 4 or tuple(piece.shape[-2:]) != expected:
        found = f"{piece.shape[-1]}x{piece.shape[-2]}" if piece.ndim >= 2 else f"{piece.ndim} dimensions"
        raise Unscorable(f"the network returned {found} where {expected[1]}x{expected[0]} is expected")


def grid(height: int, width: int, tile_pixels: int, radius: int | None) -> list[Box]:
    """Cores of tiles that cover the image, of about equal size; with their margins on both sides each has
    at most `tile_pixels` pixels, unless that leaves less than a core of 16 pixels a side."""
    if radius is None or height * width <= tile_pixels:
        return [Box(0, height, 0, width)]
    smallest = _SMALLEST_CORE + 2 * radius
    across = min(width, max(smallest, math.isqrt(max(tile_pixels, 1))))
    down = max(smallest, tile_pixels // across)
    columns = _cuts(width, width if across == width else across - 2 * radius)
    rows = _cuts(height, height if down >= height else down - 2 * radius)
    return [Box(top, bottom, left, right) for top, bottom in rows for left, right in columns]


def _cuts(length: int, largest: int) -> list[tuple[int, int]]:
    parts = math.ceil(length / largest)
    ends = [length * part // parts for part in range(parts + 1)]
    return list(pairwise(ends))

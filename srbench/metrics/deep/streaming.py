"""Features of images that are too large to hold: the network is walked in strips of rows.

Between two layers that are read, rows are computed in strips and handed out; only what the next part of
the network needs (after its pooling, where it has one) is kept whole. Each layer gets exactly the rows
that its kernel reaches, so the values are those of the whole image: the zero padding of the image's
border stays where it was, and nothing else is padded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from srbench.metrics.deep.features import channels_inside, unit_length

if TYPE_CHECKING:
    import torch

    from srbench.metrics.deep.features import Network

Consume = Callable[[int, "torch.Tensor"], None]
_STRIP_BYTES = 64 * 2**20  # of the widest activation of a strip


@dataclass(frozen=True)
class _Step:
    """One layer and its vertical geometry; a Fire module is a 3-row kernel with padding 1."""

    layer: torch.nn.Module
    kernel: int
    stride: int
    padding: int
    ceil: bool

    def rows_out(self, rows: int) -> int:
        reach = rows + 2 * self.padding - self.kernel
        return -(-reach // self.stride) + 1 if self.ceil else reach // self.stride + 1

    def rows_in(self, first: int, last: int, rows: int) -> tuple[int, int]:
        """The input rows that the output rows `first` to `last` (exclusive) read, inside the image."""
        begin = max(0, first * self.stride - self.padding)
        begin -= begin % self.stride  # the strip's own grid must fall on the image's
        return begin, min(rows, (last - 1) * self.stride - self.padding + self.kernel)

    def run(self, strip: torch.Tensor, begin: int, first: int, last: int) -> torch.Tensor:
        """Output rows `first` to `last` from an input strip that starts at row `begin`."""
        result = self.layer(strip)
        offset = first - begin // self.stride
        return result[:, :, offset : offset + last - first]


def stream_features(network: Network, images: torch.Tensor, consume: Consume, *, unit: bool = True) -> None:
    """Calls `consume(number of the layer, strip)` until every row of every layer was seen once.

    `images` are network inputs, N x 3 x H x W; a strip is N x rows x w x C, of unit length at each
    position unless `unit` is False, and belongs to the caller.
    """

    def hand_out(layer: int, strip: torch.Tensor) -> None:
        features = channels_inside(strip)
        consume(layer, unit_length(features) if unit else features)

    stages = _stages(network)
    for number, (before, after) in enumerate(stages):
        images = _stage(before, after, images, number, hand_out, last=number == len(stages) - 1)


def _stages(network: Network) -> list[tuple[list[_Step], list[_Step]]]:
    """Per layer that is read: the steps up to it, and the pooling behind it where there is one."""
    steps = [_step(layer) for layer in network.layers]
    stages = []
    begin = 0
    for index in network.backbone.layers:
        behind = index + 1
        pooled = behind < len(steps) and type(steps[behind].layer).__name__ == "MaxPool2d"
        end = behind + pooled
        stages.append((steps[begin:behind], steps[behind:end]))
        begin = end
    return stages


def _step(layer: torch.nn.Module) -> _Step:
    import torch
    from torchvision.models.squeezenet import Fire

    if isinstance(layer, torch.nn.Conv2d):
        padding = layer.padding[0]
        assert isinstance(padding, int)
        return _Step(layer, layer.kernel_size[0], layer.stride[0], padding, ceil=False)
    if isinstance(layer, torch.nn.MaxPool2d):
        assert isinstance(layer.kernel_size, int)
        assert isinstance(layer.stride, int)
        return _Step(layer, layer.kernel_size, layer.stride, 0, ceil=layer.ceil_mode)
    if isinstance(layer, Fire):
        return _Step(layer, 3, 1, 1, ceil=False)
    return _Step(layer, 1, 1, 0, ceil=False)


def _stage(
    before: list[_Step],
    after: list[_Step],
    images: torch.Tensor,
    number: int,
    consume: Consume,
    *,
    last: bool,
) -> torch.Tensor:
    heights = _heights(before, images.shape[2])
    rows = heights[-1]
    pooling = after[0] if after else None
    kept_rows = pooling.rows_out(rows) if pooling else rows
    kept: torch.Tensor | None = None
    for first, end in _strips(before, images, kept_rows):
        begin, stop = _seen(pooling, first, end, rows, final=end == kept_rows)
        reach = max(stop, pooling.rows_in(first, end, rows)[1]) if pooling else stop
        strip = _run(before, heights, images, begin, reach)
        if not last:
            passed_on = pooling.run(strip, begin, first, end) if pooling else strip
            kept = _like(passed_on, kept_rows) if kept is None else kept
            kept[:, :, first:end] = passed_on
        consume(number, strip[:, :, : stop - begin])
    return images if kept is None else kept


def _like(strip: torch.Tensor, rows: int) -> torch.Tensor:
    import torch

    count, channels, _, columns = strip.shape
    return strip.new_empty((count, channels, rows, columns)).contiguous(memory_format=torch.channels_last)


def _heights(steps: list[_Step], rows: int) -> list[int]:
    heights = [rows]
    for step in steps:
        heights.append(step.rows_out(heights[-1]))
    return heights


def _seen(step: _Step | None, first: int, end: int, rows: int, *, final: bool) -> tuple[int, int]:
    """The rows of the layer itself that a strip answers for: disjoint, and together all."""
    if step is None:
        return first, end
    return first * step.stride, rows if final else end * step.stride


def _strips(steps: list[_Step], images: torch.Tensor, rows: int) -> Iterator[tuple[int, int]]:
    channels = max([images.shape[1], *(_width(step.layer) for step in steps)])
    widest = images.shape[0] * channels * images.shape[2] * images.shape[3] * images.element_size()
    size = max(1, rows // -(-widest // _STRIP_BYTES))
    for first in range(0, rows, size):
        yield first, min(rows, first + size)


def _width(layer: torch.nn.Module) -> int:
    parameters = [parameter.shape[0] for parameter in layer.parameters()]
    return max(parameters, default=0)


def _run(steps: list[_Step], heights: list[int], images: torch.Tensor, first: int, end: int) -> torch.Tensor:
    """Rows `first` to `end` of the last of `steps`, from the whole input of the first."""
    spans = [(first, end)]
    for step, rows in zip(reversed(steps), reversed(heights[:-1]), strict=True):
        spans.append(step.rows_in(*spans[-1], rows))
    spans.reverse()
    strip = images[:, :, spans[0][0] : spans[0][1]]
    for step, (begin, _), (wanted, stop) in zip(steps, spans, spans[1:], strict=False):
        strip = step.run(strip, begin, wanted, stop)
    return strip

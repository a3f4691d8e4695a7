"""From patches to what a network sees and is compared with: colour, ranges and enlargements.

The same numbers as `srbench.methods.running.inference` gives whole images, as tensors on the device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from srbench.images.resize import imresize_double, tensorflow1_bicubic
from srbench.train.patches import MARGIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from srbench.methods.networks.specification import NetworkSpec
    from srbench.train.patches import Batch

_LUMA = (65.481 / 255.0, 128.553 / 255.0, 24.966 / 255.0)
_TAPS = 2 * MARGIN + 1


class Preparer:
    """Turns batches into the input, the target and the base of one network."""

    def __init__(self, spec: NetworkSpec, device: torch.device) -> None:
        self._spec = spec
        self._luma = torch.tensor(_LUMA, device=device)[:, None, None]
        self._kernel: Tensor | None = None
        enlarge = _enlargement(spec)
        if enlarge is not None:
            taps = torch.from_numpy(phases(enlarge, spec.scale)).to(device, torch.float32)
            # The product of two rows of taps, one kernel for each of the s x s places of an input pixel.
            square = taps[:, None, :, None] * taps[None, :, None, :]
            self._kernel = square.reshape(spec.scale**2, 1, _TAPS, _TAPS)

    def __call__(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor | None]:
        """Input N x C x h x w in the network's input range; target N x C x H x W in its output range; and
        what its output is added to, in the output range, None where it stands alone."""
        inner = slice(MARGIN, -MARGIN)
        low = self._levels(batch.low_resolution)
        target = self._scaled(self._levels(batch.reference), self._spec.output_range)
        if self._spec.input == "enlarged":
            return self._scaled(self._enlarged(low), self._spec.input_range), target, None
        seen = self._scaled(low[..., inner, inner], self._spec.input_range)
        if self._spec.residual == "none":
            return seen, target, None
        if batch.base is not None:
            return seen, target, self._scaled(self._levels(batch.base), self._spec.output_range)
        return seen, target, self._scaled(self._enlarged(low), self._spec.output_range)

    def _levels(self, pixels: Tensor) -> Tensor:
        """Grey levels as float32: N x 3 x H x W, or BT.601 Y, N x 1 x H x W, 16 to 235."""
        levels = pixels.float()
        if self._spec.color == "rgb":
            return levels
        return (levels * self._luma).sum(dim=1, keepdim=True) + 16.0

    def _scaled(self, levels: Tensor, ends: tuple[float, float]) -> Tensor:
        scaled = levels * ((ends[1] - ends[0]) / 255.0) + ends[0]
        return scaled.contiguous(memory_format=torch.channels_last)

    def _enlarged(self, low: Tensor) -> Tensor:
        """The input with its surroundings, enlarged; the surroundings fall away."""
        assert self._kernel is not None
        count, channels, height, width = low.shape
        planes = low.reshape(count * channels, 1, height, width)
        # Bicubic enlargement must not be rounded to bfloat16, whatever the precision of the network.
        with torch.autocast(low.device.type, enabled=False):
            values = functional.pixel_shuffle(functional.conv2d(planes, self._kernel), self._spec.scale)
        return values.reshape(count, channels, *values.shape[-2:])


def _enlargement(spec: NetworkSpec) -> Callable[[np.ndarray], np.ndarray] | None:
    """The numpy function that a network's enlargement is defined by, None where it needs none."""
    if spec.input == "enlarged":
        return lambda image: imresize_double(image, spec.scale)
    if spec.residual == "tensorflow1-bicubic":
        return lambda image: tensorflow1_bicubic(image, spec.scale)
    return None


def phases(enlarge: Callable[[np.ndarray], np.ndarray], scale: int) -> np.ndarray:
    """The weights of a separable enlargement by a whole factor, read off its answers to impulses.

    scale x 7 float64: row p holds the weights of the seven input pixels around one for its p-th output.
    """
    impulses = np.eye(_TAPS)[:, None, :]  # one image of a single row for each place of the impulse
    centre = slice(MARGIN * scale, (MARGIN + 1) * scale)
    rows = [enlarge(np.repeat(impulse, _TAPS, axis=0))[MARGIN * scale, centre] for impulse in impulses]
    return np.stack(rows, axis=1)

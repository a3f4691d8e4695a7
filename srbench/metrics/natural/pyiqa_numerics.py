"""What pyiqa's ports of NIQE and Ma's metric compute in single precision, for cross-checks with them.

pyiqa 0.1.16 keeps its Gaussian windows and its tables of shapes in float32 and resamples in float32,
which moves a score in the fifth digit, and on flat areas in the first. Nothing here is used unless a
metric is asked for compatibility with pyiqa.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from srbench.metrics.natural.natural_statistics import shape_grid

FloatArray = NDArray[np.float64]
Compatibility = Literal["official", "pyiqa"]


def to_single(values: np.ndarray) -> FloatArray:
    """Round to float32, keep as float64."""
    return values.astype(np.float32).astype(np.float64)


def single_window(size: int, sigma: float) -> FloatArray:
    """A `size` x `size` Gaussian window with weights rounded to float32 (so no longer separable)."""
    offsets = np.arange(size, dtype=np.float64) - (size - 1) / 2
    squares = offsets**2
    window = np.exp(-(squares[:, None] + squares) / (2 * sigma * sigma))
    return to_single(window / window.sum())


def single_shape_grid(first: float) -> FloatArray:
    """The shapes of `shape_grid` as `torch.arange` makes them in float32 (in groups of eight, AVX2)."""
    shapes = shape_grid(first)
    start = np.arange(shapes.size) // 8 * 8
    return to_single(to_single(shapes[start]) + (np.arange(shapes.size) - start) * 0.001)


def single_half_size(image: FloatArray) -> FloatArray:
    """The half size of an image, 0 to 255, that is divided by 255 and resampled in float32."""
    # Bicubic, widened by two: the weights of `imresize(0.5)`, which are exact in float32.
    distance = np.abs(np.arange(8) - 3.5) / 2
    near = 1.5 * distance**3 - 2.5 * distance**2 + 1
    far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    weights = (np.where(distance <= 1, near, far) / 2).astype(np.float32)
    small = (image / 255).astype(np.float32)
    for _ in range(2):  # rows, then columns, added in pyiqa's order
        padded = np.pad(small, ((3, 4), (0, 0)), mode="symmetric")
        count = -(-small.shape[0] // 2)
        total = np.zeros((count, small.shape[1]), np.float32)
        for tap, weight in enumerate(weights):
            total += weight * padded[tap : tap + 2 * count : 2]
        small = total.T
    return small.astype(np.float64) * 255


def single_normalise(image: FloatArray) -> FloatArray:
    """NIQE's normalised coefficients with a float32 window, flat areas left to rounding noise."""
    from scipy.ndimage import correlate

    window = single_window(7, 7 / 6)
    mean = correlate(image, window, mode="nearest")
    square = correlate(image * image, window, mode="nearest")
    return (image - mean) / (np.sqrt(np.abs(square - mean * mean) + np.finfo(np.float64).eps) + 1)

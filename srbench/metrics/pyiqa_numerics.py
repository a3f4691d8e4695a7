"""What pyiqa's ports of NIQE and Ma's metric compute in single precision, for cross-checks with them.

pyiqa 0.1.16 keeps its Gaussian windows and its tables of shapes in float32 and resamples in float32,
which moves a score in the fifth digit, and on flat areas in the first. Nothing here is used unless a
metric is asked for compatibility with pyiqa.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from srbench.metrics.natural_statistics import shape_grid
from srbench.resize import imresize_double

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
    """The shapes of `shape_grid`, rounded to float32."""
    return to_single(shape_grid(first))


def single_half_size(image: FloatArray) -> FloatArray:
    """The half size of an image, 0 to 255, that is divided by 255 and resampled in float32."""
    return to_single(imresize_double(to_single(image / 255), 0.5, edges="symmetric")) * 255


def single_normalise(image: FloatArray) -> FloatArray:
    """NIQE's normalised coefficients with a float32 window, flat areas left to rounding noise."""
    from scipy.ndimage import correlate

    window = single_window(7, 7 / 6)
    mean = correlate(image, window, mode="nearest")
    square = correlate(image * image, window, mode="nearest")
    return (image - mean) / (np.sqrt(np.abs(square - mean * mean) + np.finfo(np.float64).eps) + 1)

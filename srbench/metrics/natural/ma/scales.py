"""The scales of Ma's first and third feature groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from srbench.core.compiled import compiled
from srbench.metrics.natural.pyiqa_numerics import Compatibility, to_single

FloatArray = NDArray[np.float64]

# MATLAB's fspecial('gaussian', 3), sigma 0.5.
_OFFSETS = np.array([1.0, 0.0, 1.0])
_WINDOW = np.exp(-(_OFFSETS[:, None] + _OFFSETS) / (2 * 0.5**2))
_WINDOW /= _WINDOW.sum()


def half_size(image: FloatArray, compatibility: Compatibility) -> FloatArray:
    """Smooth H x W with a 3 x 3 Gaussian, zeros outside, and take every second pixel from the second on."""
    window = to_single(_WINDOW) if compatibility == "pyiqa" else _WINDOW
    padded = np.pad(image, 1)
    result = np.empty((image.shape[0] // 2, image.shape[1] // 2))
    _half_size(padded, window[0, 0], window[0, 1], window[1, 1], result)
    return result


@compiled
def _half_size(padded: FloatArray, corner: float, edge: float, centre: float, result: FloatArray) -> None:
    for i in range(result.shape[0]):
        above, here, below = padded[2 * i + 1], padded[2 * i + 2], padded[2 * i + 3]
        for j in range(result.shape[1]):
            k = 2 * j + 2
            corners = above[k - 1] + above[k + 1] + below[k - 1] + below[k + 1]
            edges = above[k] + here[k - 1] + here[k + 1] + below[k]
            result[i, j] = corner * corners + edge * edges + centre * here[k]

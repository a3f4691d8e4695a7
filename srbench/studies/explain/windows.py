"""SSIM at every position of a window inside a pair of planes, compiled, one pass down the image."""

from __future__ import annotations

import numpy as np

from srbench.core.compiled import compiled
from srbench.metrics.luma.filters import correlate_ring, half_taps, new_ring, store_moments


def similarity_map(
    output: np.ndarray, reference: np.ndarray, taps: np.ndarray, *, sample: int, peak: float
) -> np.ndarray:
    """SSIM of two planes (H x W, 0 to `peak`) at each position of the window of symmetric 1-D `taps`.

    Covariances are those of the window's weights, or of a sample of `sample` values where that is not 0.
    The map is smaller than the planes by the length of `taps` less one.
    """
    half, unroll = half_taps(taps)
    height, width = (length - taps.size + 1 for length in reference.shape)
    result = np.empty((height, width))
    x, y = (np.ascontiguousarray(plane, dtype=np.float64) for plane in (output, reference))
    factor = sample / (sample - 1) if sample else 1.0
    _map(x, y, half, unroll, factor, (0.01 * peak) ** 2, (0.03 * peak) ** 2, result)
    return result


@compiled
def _map(x, y, half, unroll, factor, c1, c2, result):  # type: ignore[no-untyped-def]
    reach = len(unroll) - 1
    columns = result.shape[1]
    rings = [new_ring(reach, columns) for _ in range(4)]
    squares, product = np.empty(x.shape[1]), np.empty(x.shape[1])
    moments = np.empty((4, columns))
    for row in range(x.shape[0]):
        store_moments(x[row], y[row], row, rings, half, unroll, squares, product)
        if row >= 2 * reach:
            top = row - 2 * reach
            for m in range(4):
                correlate_ring(rings[m], top, half, unroll, moments[m])
            for j in range(columns):
                means = moments[0, j] * moments[1, j]
                mean_squares = moments[0, j] ** 2 + moments[1, j] ** 2
                covariance = factor * (moments[3, j] - means)
                variances = factor * (moments[2, j] - mean_squares)
                above = (2 * means + c1) * (2 * covariance + c2)
                result[top, j] = above / ((mean_squares + c1) * (variances + c2))

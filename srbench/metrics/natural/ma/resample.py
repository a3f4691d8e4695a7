"""Enlarging a float image as MATLAB's `imresize` does (bicubic, symmetric edges), compiled."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from srbench.core.compiled import compiled

Taps = tuple[NDArray[np.int64], np.ndarray]


def enlarge(image: np.ndarray, scales: tuple[float, float], result: np.ndarray) -> None:
    """Fill `result` with the first pixels of `image` enlarged by `scales` (rows, columns; at least 1).

    `image` is H x W, float64 or float32; positions, weights and sums are of its dtype.
    """
    rows = _taps(image.shape[0], scales[0], result.shape[0], image.dtype)
    columns = _taps(image.shape[1], scales[1], result.shape[1], image.dtype)
    _enlarge(np.ascontiguousarray(image), *rows, *columns, result)


@lru_cache(maxsize=32)
def _taps(length: int, scale: float, count: int, dtype: np.dtype) -> Taps:
    """For each of `count` output positions the four source positions and their weights."""
    kind = dtype.type
    position = (np.arange(count, dtype=dtype) + kind(0.5)) / kind(scale) - kind(0.5)
    first = np.floor(position) - kind(1)
    index = first[:, None] + np.arange(4, dtype=dtype)
    distance = np.abs(position[:, None] - index)
    near = (kind(1.5) * distance - kind(2.5)) * distance**2 + kind(1)
    far = ((kind(-0.5) * distance + kind(2.5)) * distance - kind(4)) * distance + kind(2)
    weight = np.where(distance <= 1, near, np.where(distance <= 2, far, kind(0)))
    weight /= weight.sum(axis=1, keepdims=True)
    folded = np.mod(index.astype(np.int64), 2 * length)
    return np.where(folded < length, folded, 2 * length - 1 - folded), weight


@compiled
def _enlarge(
    image: np.ndarray,
    row_index: NDArray[np.int64],
    row_weight: np.ndarray,
    column_index: NDArray[np.int64],
    column_weight: np.ndarray,
    result: np.ndarray,
) -> None:
    height, width = result.shape
    line = np.empty(image.shape[1], image.dtype)
    for i in range(height):
        a, b = image[row_index[i, 0]], image[row_index[i, 1]]
        c, d = image[row_index[i, 2]], image[row_index[i, 3]]
        wa, wb, wc, wd = row_weight[i, 0], row_weight[i, 1], row_weight[i, 2], row_weight[i, 3]
        for j in range(line.shape[0]):
            line[j] = wa * a[j] + wb * b[j] + wc * c[j] + wd * d[j]
        for j in range(width):
            result[i, j] = (
                column_weight[j, 0] * line[column_index[j, 0]]
                + column_weight[j, 1] * line[column_index[j, 1]]
                + column_weight[j, 2] * line[column_index[j, 2]]
                + column_weight[j, 3] * line[column_index[j, 3]]
            )

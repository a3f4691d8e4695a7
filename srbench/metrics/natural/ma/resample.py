"""Enlarging a float image as MATLAB's `imresize` does (bicubic, symmetric edges), compiled."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from srbench.core.compiled import compiled

_Index = np.uint64  # spares the question whether an index counts from the end
Taps = tuple[NDArray[np.int64], np.ndarray]


def enlarge(image: np.ndarray, scales: tuple[float, float], result: np.ndarray) -> None:
    """Fill `result` with the first pixels of `image` enlarged by `scales` (rows, columns; at least 1).

    `image` is H x W, float64 or float32; positions, weights and sums are of its dtype.
    """
    rows = _taps(image.shape[0], scales[0], result.shape[0], image.dtype)
    columns = _taps(image.shape[1], scales[1], result.shape[1], image.dtype)
    source = np.ascontiguousarray(image)
    if scales[1] == 2:
        _double(source, *rows, columns[1], result)
    else:
        _enlarge(source, *rows, *columns, result)


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
        _mix(image, row_index[i], row_weight[i], line)
        for j in range(width):
            result[i, j] = (
                column_weight[j, 0] * line[column_index[j, 0]]
                + column_weight[j, 1] * line[column_index[j, 1]]
                + column_weight[j, 2] * line[column_index[j, 2]]
                + column_weight[j, 3] * line[column_index[j, 3]]
            )


@compiled
def _double(
    image: np.ndarray,
    row_index: NDArray[np.int64],
    row_weight: np.ndarray,
    column_weight: np.ndarray,
    result: np.ndarray,
) -> None:
    """The same to twice the width, where all columns have the weights of the first two in turn."""
    width = image.shape[1]
    padded = np.empty(width + 4, image.dtype)
    line = padded[2 : width + 2]
    even, odd = np.empty((result.shape[1] + 1) // 2, image.dtype), np.empty(result.shape[1] // 2, image.dtype)
    for i in range(result.shape[0]):
        _mix(image, row_index[i], row_weight[i], line)
        padded[0], padded[1] = line[1], line[0]
        padded[width + 2], padded[width + 3] = line[width - 1], line[width - 2]
        _combine(padded, padded[1:], padded[2:], padded[3:], column_weight[0], even)
        _combine(padded[1:], padded[2:], padded[3:], padded[4:], column_weight[1], odd)
        row = result[i]
        for j in range(_Index(odd.shape[0])):
            row[_Index(2) * j] = even[j]
            row[_Index(2) * j + _Index(1)] = odd[j]
        if odd.shape[0] < even.shape[0]:
            row[-1] = even[-1]


@compiled
def _mix(image: np.ndarray, index: NDArray[np.int64], weight: np.ndarray, line: np.ndarray) -> None:
    _combine(image[index[0]], image[index[1]], image[index[2]], image[index[3]], weight, line)


@compiled
def _combine(
    a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, weight: np.ndarray, line: np.ndarray
) -> None:
    wa, wb, wc, wd = weight[0], weight[1], weight[2], weight[3]
    for j in range(line.shape[0]):
        line[j] = wa * a[j] + wb * b[j] + wc * c[j] + wd * d[j]

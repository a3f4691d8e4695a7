"""Divisive normalisation of a pyramid's bands by a Gaussian scale mixture.

Source: the authors' `norm_sender_normalized.m` (from DIIVINE, after Portilla et al.). Each coefficient is
divided by the square root of y' C^-1 y / N, where y holds its 3 x 3 neighbourhood, the same position in
the parent band (enlarged) and in the five other orientations, and C is the second moment of y.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_SPATIAL = 9
# Pixels of the block of neighbourhoods that is laid out at a time: 15 rows of it stay in the cache.
_CHUNK = 4096
_TILE = 256


def normalised_band(bands: FloatArray, band: int, parent: FloatArray | None, guard: int) -> FloatArray:
    """Band number `band` of `bands` (6 x H x W) normalised, without 1 + `guard` pixels on every side.

    `parent` (H x W) is its parent band at the same size, or None. The mean is subtracted before and after
    the division, over all positions with a whole neighbourhood and over the result.
    """
    stack = np.stack([bands[band], *([] if parent is None else [parent]), *np.delete(bands, band, axis=0)])
    moment = _second_moment(stack)
    whitening = _whitening(moment) * np.sqrt(1 / (_SPATIAL + (parent is not None)))
    inner = bands[band, 1:-1, 1:-1]
    height, width = inner.shape[0] - 2 * guard, inner.shape[1] - 2 * guard
    result = np.empty((height, width))
    _normalise(stack, whitening, inner.mean(), guard + 1, result)
    result -= result.mean()
    return result


def _second_moment(stack: FloatArray) -> FloatArray:
    """Mean of y y' over all positions with a whole neighbourhood."""
    planes, height, width = stack.shape
    size = _SPATIAL + planes - 1
    rows = max(1, _CHUNK // (width - 2))
    chunk = np.empty((size, rows * (width - 2)))
    total = np.zeros((size, size))
    for first in range(1, height - 1, rows):
        count = min(rows, height - 1 - first)
        part = chunk[:, : count * (width - 2)]
        _lay_out(stack, first, count, part)
        total += part @ part.T
    return total / ((height - 2) * (width - 2))


@njit(cache=True, nogil=True)
def _lay_out(stack: FloatArray, first: int, count: int, part: FloatArray) -> None:
    """The neighbourhoods of rows `first` ... of the inner image: one row per neighbour."""
    inner = stack.shape[2] - 2
    for i in range(count):
        for k in range(part.shape[0]):
            target = part[k, i * inner : (i + 1) * inner]
            if k < 9:
                target[:] = stack[0, first + i + k // 3 - 1, k % 3 : k % 3 + inner]
            else:
                target[:] = stack[k - 8, first + i, 1 : 1 + inner]


def _whitening(moment: FloatArray) -> FloatArray:
    """A lower triangular matrix M with M'M the (pseudo-)inverse of `moment`."""
    try:
        return np.linalg.inv(np.linalg.cholesky(moment))
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(moment)
        # MATLAB's pinv: eigenvalues below this are zero.
        kept = values > len(values) * np.finfo(np.float64).eps * values[-1]
        root = np.where(kept, 1 / np.sqrt(np.where(kept, values, 1)), 0)[:, None] * vectors.T
        upper: FloatArray = np.linalg.qr(root[:, ::-1])[1]
        return upper[::-1, ::-1].copy()


@njit(cache=True, nogil=True)
def _normalise(
    stack: FloatArray, whitening: FloatArray, mean: float, margin: int, result: FloatArray
) -> None:
    """(centre - mean) / |whitening y| for the positions `margin` inside the image; 0 where y is zero."""
    size = whitening.shape[0]
    height, width = result.shape
    lines = np.empty((size, _TILE))
    term, total = np.empty(_TILE), np.empty(_TILE)
    for i in range(height):
        for start in range(0, width, _TILE):
            count = min(_TILE, width - start)
            for k in range(size):
                row, column = i + margin, start + margin
                if k < 9:
                    row, column = row + k // 3 - 1, column + k % 3 - 1
                lines[k, :count] = stack[max(k - 8, 0), row, column : column + count]
            _squared_norm(lines, whitening, term, total)
            for j in range(count):
                scale = np.sqrt(total[j])
                result[i, start + j] = (lines[4, j] - mean) / scale if scale > 0 else 0.0


@njit(cache=True, nogil=True)
def _squared_norm(lines: FloatArray, whitening: FloatArray, term: FloatArray, total: FloatArray) -> None:
    """total[j] = sum over a of (sum over b up to a of whitening[a, b] * lines[b, j]) ** 2."""
    total[:] = 0.0
    for a in range(whitening.shape[0]):
        term[:] = 0.0
        b = 0
        while b + 4 <= a + 1:
            w, x, y, z = whitening[a, b], whitening[a, b + 1], whitening[a, b + 2], whitening[a, b + 3]
            for j in range(term.shape[0]):
                term[j] += w * lines[b, j] + x * lines[b + 1, j] + y * lines[b + 2, j] + z * lines[b + 3, j]
            b += 4
        while b <= a:
            w = whitening[a, b]
            for j in range(term.shape[0]):
                term[j] += w * lines[b, j]
            b += 1
        for j in range(term.shape[0]):
            total[j] += term[j] * term[j]

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
# Columns of the image worked on at a time: the neighbourhoods of a tile stay in the nearest cache. A
# multiple of the lanes, in which sums are kept side by side so that the compiler vectorises them.
_TILE = 128
_LANES = 32


def normalised_band(planes: FloatArray, band: int, guard: int, *, parent: bool) -> FloatArray:
    """Band number `band` of the six first `planes` normalised, without 1 + `guard` pixels on every side.

    `planes` is n x H x W; with `parent`, plane 6 + `band` is the band's parent at the same size. The mean
    is subtracted before the division, over all positions with a whole neighbourhood, and after it.
    """
    planes = np.ascontiguousarray(planes)
    offsets = _neighbours(planes.shape, band, parent)
    moment = _second_moment(planes, offsets)
    whitening = _whitening(moment) * np.sqrt(1 / (_SPATIAL + parent))
    inner = planes[band, 1:-1, 1:-1]
    result = np.empty((inner.shape[0] - 2 * guard, inner.shape[1] - 2 * guard))
    _normalise(planes, offsets, whitening, inner.mean(), guard + 1, result)
    result -= result.mean()
    return result


def _neighbours(shape: tuple[int, ...], band: int, parent: bool) -> NDArray[np.int64]:
    """Where the neighbours of a position are: distances in the flat array from its pixel of plane 0."""
    height, width = shape[1:]
    spatial = [y * width + x for y in (-1, 0, 1) for x in (-1, 0, 1)]
    others = ([6 + band] if parent else []) + [other for other in range(6) if other != band]
    distances = [band * height * width + step for step in spatial] + [
        plane * height * width for plane in others
    ]
    return np.array(distances, np.int64)


def _second_moment(planes: FloatArray, offsets: NDArray[np.int64]) -> FloatArray:
    """Mean of y y' over all positions with a whole neighbourhood."""
    height, width = planes.shape[1:]
    sums = np.zeros((offsets.size, offsets.size, _LANES))
    _add_products(planes.reshape(-1), height, width, offsets, sums)
    lower: FloatArray = sums.sum(axis=2)
    return (lower + np.tril(lower, -1).T) / ((height - 2) * (width - 2))


@njit(cache=True, nogil=True)
def _add_products(
    flat: FloatArray, height: int, width: int, offsets: NDArray[np.int64], sums: FloatArray
) -> None:
    """sums[a, b] (b up to a) = products of neighbours a and b, summed in lanes of columns."""
    lines = np.zeros((offsets.shape[0], _TILE))
    line_offsets = np.arange(offsets.shape[0]) * _TILE
    whole = (width - 2) // _TILE * _TILE
    for i in range(1, height - 1):
        for start in range(0, whole, _TILE):
            _add_tile(flat, offsets + (i * width + 1 + start), sums)
        if whole < width - 2:
            first = i * width + 1 + whole
            for k in range(offsets.shape[0]):
                for j in range(width - 2 - whole):
                    lines[k, j] = flat[offsets[k] + first + j]
            _add_tile(lines.reshape(-1), line_offsets, sums)


@njit(cache=True, nogil=True)
def _add_tile(flat: FloatArray, offsets: NDArray[np.int64], sums: FloatArray) -> None:
    # Unsigned indices: numba tests signed ones for being negative, and such loops are not vectorised.
    lanes, step = np.uint64(_LANES), np.uint64(_LANES)
    for a in range(offsets.shape[0]):
        for b in range(a + 1):
            p, t = np.uint64(offsets[a]), np.uint64(offsets[b])
            q, u = p + step, t + step
            r, v = q + step, u + step
            s, w = r + step, v + step
            for j in range(lanes):
                sums[a, b, j] += (
                    flat[p + j] * flat[t + j]
                    + flat[q + j] * flat[u + j]
                    + flat[r + j] * flat[v + j]
                    + flat[s + j] * flat[w + j]
                )


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
    planes: FloatArray,
    offsets: NDArray[np.int64],
    whitening: FloatArray,
    mean: float,
    margin: int,
    result: FloatArray,
) -> None:
    """(centre - mean) / |whitening y| for the positions `margin` inside the image; 0 where y is zero."""
    height, width = result.shape
    flat = planes.reshape(-1)
    term, total = np.empty(_TILE), np.empty(_TILE)
    for i in range(height):
        for start in range(0, width, _TILE):
            count = min(_TILE, width - start)
            at = offsets + ((i + margin) * planes.shape[2] + start + margin)
            _squared_norm(flat, at, whitening, term[:count], total[:count])
            for j in range(count):
                scale = np.sqrt(total[j])
                result[i, start + j] = (flat[at[4] + j] - mean) / scale if scale > 0.0 else 0.0


@njit(cache=True, nogil=True)
def _squared_norm(
    flat: FloatArray,
    at: NDArray[np.int64],
    whitening: FloatArray,
    term: FloatArray,
    total: FloatArray,
) -> None:
    """total[j] = sum over a of (sum over b up to a of whitening[a, b] * flat[at[b] + j]) ** 2."""
    count = np.uint64(term.shape[0])
    total[:] = 0.0
    for a in range(whitening.shape[0]):
        term[:] = 0.0
        b = 0
        while b + 4 <= a + 1:
            w, x, y, z = whitening[a, b], whitening[a, b + 1], whitening[a, b + 2], whitening[a, b + 3]
            p, q, r, s = np.uint64(at[b]), np.uint64(at[b + 1]), np.uint64(at[b + 2]), np.uint64(at[b + 3])
            for j in range(count):
                term[j] += w * flat[p + j] + x * flat[q + j] + y * flat[r + j] + z * flat[s + j]
            b += 4
        while b <= a:
            w, p = whitening[a, b], np.uint64(at[b])
            for j in range(count):
                term[j] += w * flat[p + j]
            b += 1
        for j in range(count):
            total[j] += term[j] * term[j]

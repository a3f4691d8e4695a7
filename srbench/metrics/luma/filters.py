"""Separable filters of images in float64, compiled, one thread, the same result on every machine.

Multiplications and additions are never contracted or reordered (no fast-math), so a value does not
depend on the processor. A window runs down the image once: a row is filtered along its length, kept in
a ring of as many rows as the window is high, and the rows of the ring are then combined. The ring stays
in the processor's nearest cache, whatever the width of the image, and functions that need several
filtered products of the same images (moments) share the row functions `correlate_into_ring` and
`correlate_ring` without storing the products.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from srbench.core.compiled import compiled

FloatArray = NDArray[np.float64]
Edges = Literal["replicate", "zero", "valid"]

REPLICATE, ZERO, VALID = 0, 1, 2
_MODES: dict[str, int] = {"replicate": REPLICATE, "zero": ZERO, "valid": VALID}

# The rows of a ring start 8 values further apart than they are long: rows that are a power of two apart
# would all compete for the same few cache lines.
RING_GAP = 8


def gaussian_taps(size: int, sigma: float) -> FloatArray:
    """The 1-D factor of MATLAB's `fspecial('gaussian', size, sigma)`: `size` (odd) weights, sum 1."""
    offsets = np.arange(size, dtype=np.float64) - (size - 1) / 2
    taps = np.exp(-(offsets**2) / (2 * sigma * sigma))
    return taps / taps.sum()


def half_taps(taps: FloatArray) -> tuple[FloatArray, tuple[int, ...]]:
    """The centre-to-end half of symmetric `taps`, and a tuple of the same length for the compiler.

    The tuple's length is a constant of the compiled code, so that the loop over the taps is unrolled and
    the loop over the columns vectorised; its contents are not used. ValueError for taps that are not
    symmetric about a centre.
    """
    taps = np.ascontiguousarray(taps, dtype=np.float64)
    if taps.ndim != 1 or taps.size % 2 == 0 or not np.array_equal(taps, taps[::-1]):
        raise ValueError(f"the taps must be one-dimensional, odd in number and symmetric: {taps!r}")
    half = taps[taps.size // 2 :].copy()
    return half, (0,) * half.size


def correlate_separable(image: np.ndarray, taps: FloatArray, *, edges: Edges) -> FloatArray:
    """Filter an H x W image with the outer product of symmetric 1-D `taps` (2 r + 1 of them).

    `image` is of any real dtype and is computed with in float64. Outside the image the nearest pixel
    ("replicate") or zero ("zero") is taken and the result is H x W; "valid" keeps the positions where the
    window is inside, (H - 2 r) x (W - 2 r), and raises ValueError when there are none.
    """
    half, unroll = half_taps(taps)
    source = np.ascontiguousarray(image, dtype=np.float64)
    lost = taps.size - 1 if edges == "valid" else 0
    height, width = source.shape[0] - lost, source.shape[1] - lost
    if min(height, width) < 1:
        raise ValueError(f"a window of {taps.size} does not fit into an image of {source.shape}")
    result = np.empty((height, width))
    _correlate(source, half, unroll, _MODES[edges], result)
    return result


@compiled
def new_ring(radius: int, width: int) -> FloatArray:
    """A ring for windows of 2 `radius` + 1 rows of `width` values, each row kept twice."""
    return np.zeros((2 * (2 * radius + 1), width + RING_GAP))


@compiled
def pad_row(row: FloatArray, radius: int, replicate: bool, padded: FloatArray) -> None:
    """Copy `row` to `padded[radius : -radius]` and fill the ends with its end values or with zeros."""
    width = row.shape[0]
    padded[radius : radius + width] = row
    padded[:radius] = row[0] if replicate else 0.0
    padded[radius + width :] = row[width - 1] if replicate else 0.0


@compiled
def correlate_into_ring(
    padded: FloatArray, half: FloatArray, unroll: tuple[int, ...], number: int, ring: FloatArray
) -> None:
    """Put sum over k of half[abs(k)] * padded[j + r + k], for every j, into the ring as row `number`.

    Rows are counted from 0 and replace the oldest one. A row is written half a ring apart as well, so that
    the window that starts at row n always is the rows n modulo its height and following, without a break.
    """
    radius = len(unroll) - 1
    size = ring.shape[0] // 2
    first, second = ring[number % size], ring[number % size + size]
    for j in range(padded.shape[0] - 2 * radius):
        total = half[0] * padded[j + radius]
        for k in range(1, radius + 1):
            total += half[k] * (padded[j + radius - k] + padded[j + radius + k])
        first[j] = total
        second[j] = total


@compiled
def store_moments(x, y, number, rings, half, unroll, squares, product):  # type: ignore[no-untyped-def]
    """Put row `number` of two images, filtered, into the first two of four rings, and those of the sum of
    their squares and of their product into the others; the last two arguments are work space."""
    for j in range(x.shape[0]):
        squares[j] = x[j] * x[j] + y[j] * y[j]
        product[j] = x[j] * y[j]
    for ring, line in zip(rings, (x, y, squares, product)):  # noqa: B905 - numba has no strict
        correlate_into_ring(line, half, unroll, number, ring)


@compiled
def correlate_ring(
    ring: FloatArray, first: int, half: FloatArray, unroll: tuple[int, ...], result: FloatArray
) -> None:
    """Combine the rows of the window that starts at row `first`.

    result[j] = sum over k of half[abs(k)] * window[r + k, j], for every j of `result`.
    """
    radius = len(unroll) - 1
    middle = first % (2 * radius + 1) + radius
    for j in range(result.shape[0]):
        total = half[0] * ring[middle, j]
        for k in range(1, radius + 1):
            total += half[k] * (ring[middle - k, j] + ring[middle + k, j])
        result[j] = total


@compiled
def _correlate(
    image: FloatArray, half: FloatArray, unroll: tuple[int, ...], mode: int, result: FloatArray
) -> None:
    radius = len(unroll) - 1
    height, width = image.shape
    ring = new_ring(radius, result.shape[1])
    padded = np.empty(width + 2 * radius)
    margin = 0 if mode == VALID else radius
    for number in range(height + 2 * margin):
        row = number - margin
        if mode == VALID:
            correlate_into_ring(image[row], half, unroll, number, ring)
        else:
            pad_row(image[min(max(row, 0), height - 1)], radius, mode == REPLICATE, padded)
            if mode == ZERO and not 0 <= row < height:
                padded[:] = 0.0
            correlate_into_ring(padded, half, unroll, number, ring)
        if number >= 2 * radius:
            correlate_ring(ring, number - 2 * radius, half, unroll, result[number - 2 * radius])

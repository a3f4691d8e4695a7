"""Contrast and structure similarity of pairs of bands (the `mcs` of MS-SSIM's `ssim_index_new.m`).

Source: Ma et al., CVIU 158, 2017, section 3.2; 11 x 11 Gaussian window, sigma 1.5, positions where it
fits, constant (0.03 * 255)**2.

The work goes down the image in strips, a few rows at a time that stay in the processor's caches. Columns are
filled up to whole vectors, so that no loop has a rest that is not vectorised; what is in them beyond the
image never reaches a result.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from srbench.core.compiled import compiled
from srbench.core.vectors import aligned_zeros, multiply_add, widest_vectors
from srbench.metrics.luma.filters import gaussian_taps, half_taps

FloatArray = NDArray[np.float64]

WINDOW = 11
_RADIUS = WINDOW // 2
_CONSTANT = (0.03 * 255) ** 2
_HALF, _UNROLL = half_taps(gaussian_taps(WINDOW, 1.5))
# Positions of a strip in a row, and the number that they are filled up to a multiple of.
_COLUMNS, _VECTORS = 512, 16
_PITCH = _COLUMNS + _VECTORS  # pixels of a strip in a row: the window needs ten more
_TOGETHER = 8  # rows that are filtered at once
_POSITIONS = _TOGETHER * _COLUMNS
_KEPT = WINDOW - 1  # rows of pixels that the next rows of positions need, too
_PIXELS = (_TOGETHER + _KEPT) * _PITCH

_Index = np.uint64  # spares the question whether an index counts from the end


def contrast_structure(bands: FloatArray, pairs: NDArray[np.int64], *, clamp: bool) -> FloatArray:
    """For each of `pairs` (m x 2) of the n x H x W `bands`, both sides at least 11, the mean over the
    positions of (2 covariance + c) / (variance + variance + c).

    `clamp` takes negative values as zero, as pyiqa does.
    """
    height, width = (length - _KEPT for length in bands.shape[1:])
    strips = -(-width // _COLUMNS)
    columns = _filled_up(-(-width // strips))
    sums = np.zeros((len(pairs), _filled_up(width)))
    for left in range(0, width, columns):
        _add_strip(bands, left, min(columns, width - left), _HALF, _UNROLL, pairs, clamp, *_room(bands), sums)
    return sums[:, :width].sum(axis=1) / (height * width)


def _room(bands: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Pixels of a strip's rows, of all bands and of ones; means and variances; lines filtered down."""
    pixels = aligned_zeros((len(bands) + 1) * _PIXELS)
    pixels[len(bands) * _PIXELS :] = 1.0  # a band's mean is that of its products with ones
    moments = aligned_zeros(len(bands) * _POSITIONS), aligned_zeros(len(bands) * _POSITIONS)
    return pixels, *moments, aligned_zeros(_TOGETHER * _PITCH)


@compiled
def _filled_up(columns: int) -> int:
    return -(-columns // _VECTORS) * _VECTORS


@compiled
def _add_strip(
    bands: FloatArray,
    left: int,
    columns: int,
    half: FloatArray,
    unroll: tuple[int, ...],
    pairs: NDArray[np.int64],
    clamp: bool,
    pixels: FloatArray,
    means: FloatArray,
    variances: FloatArray,
    lines: FloatArray,
    sums: FloatArray,
) -> None:
    """Adds the similarities of `columns` positions in each row to the `sums` of the pairs, by columns."""
    height = bands.shape[1] - _KEPT
    for top in range(0, height, _TOGETHER):
        _load(bands, top, left, columns + _KEPT, pixels)
        _moments(pixels, columns, half, unroll, lines, means, variances)
        rows = min(_TOGETHER, height - top)
        _similarities(pixels, rows, left, columns, half, unroll, pairs, clamp, lines, means, variances, sums)


@compiled
def _load(bands: FloatArray, top: int, left: int, columns: int, pixels: FloatArray) -> None:
    """Copies the pixels of every band that the rows from `top` on need and those before did not."""
    kept = _KEPT if top else 0
    rows = min(_TOGETHER + _KEPT, bands.shape[1] - top)
    for band in range(bands.shape[0]):
        begin = band * _PIXELS
        for i in range(kept * _PITCH):
            pixels[begin + i] = pixels[begin + _TOGETHER * _PITCH + i]
        for i in range(kept, rows):
            first = begin + i * _PITCH
            pixels[first : first + columns] = bands[band, top + i, left : left + columns]


@compiled
def _moments(
    pixels: FloatArray,
    columns: int,
    half: FloatArray,
    unroll: tuple[int, ...],
    lines: FloatArray,
    means: FloatArray,
    variances: FloatArray,
) -> None:
    """Mean and variance of every band in the window around each position."""
    ones = pixels.shape[0] // _PIXELS - 1
    for band in range(ones):
        place = band * _POSITIONS
        _filter(pixels, band, ones, columns, half, unroll, lines, means, place)
        _filter(pixels, band, band, columns, half, unroll, lines, variances, place)
        _subtract_squares(means, variances, place)


@compiled
def _similarities(
    pixels: FloatArray,
    rows: int,
    left: int,
    columns: int,
    half: FloatArray,
    unroll: tuple[int, ...],
    pairs: NDArray[np.int64],
    clamp: bool,
    lines: FloatArray,
    means: FloatArray,
    variances: FloatArray,
    sums: FloatArray,
) -> None:
    """Adds the similarities of every pair to its `sums`, by columns, most of two columns to that of one."""
    mean = np.zeros(_POSITIONS)
    by_two = 0 if clamp else columns // _VECTORS * _VECTORS
    for k in range(pairs.shape[0]):
        _filter(pixels, pairs[k, 0], pairs[k, 1], columns, half, unroll, lines, mean, 0)
        for i in range(rows):
            place = i * _COLUMNS
            a, b = pairs[k, 0] * _POSITIONS + place, pairs[k, 1] * _POSITIONS + place
            _add_similarities_by_two(mean, means, variances, place, a, b, by_two, left, sums[k])
            _add_similarities(
                mean, means, variances, place + by_two, a + by_two, b + by_two, columns - by_two, clamp,
                left + by_two, sums[k],
            )  # fmt: skip


@compiled
def _filter(
    pixels: FloatArray,
    first: int,
    second: int,
    columns: int,
    half: FloatArray,
    unroll: tuple[int, ...],
    lines: FloatArray,
    result: FloatArray,
    place: int,
) -> None:
    """Filters the products of two bands, all rows of positions, into `result` from `place` on."""
    vectors = -(-columns // _VECTORS)
    _filter_down(pixels, first * _PIXELS, second * _PIXELS, vectors + 1, half, unroll, lines)
    for i in range(_TOGETHER):
        _filter_along(lines, i * _PITCH, vectors, half, unroll, result, place + i * _COLUMNS)


@compiled
def _filter_down(
    pixels: FloatArray,
    first: int,
    second: int,
    vectors: int,
    half: FloatArray,
    unroll: tuple[int, ...],
    lines: FloatArray,
) -> None:
    """Eight rows at once, because they share most products, which so need not be stored."""
    widest_vectors()
    a, b = _Index(first), _Index(second)
    for j in range(_Index(vectors) * _Index(_VECTORS)):
        x, y = a + j, b + j
        row0 = _filtered(pixels, x, y, 0, half, unroll)
        row1 = _filtered(pixels, x, y, 1, half, unroll)
        row2 = _filtered(pixels, x, y, 2, half, unroll)
        row3 = _filtered(pixels, x, y, 3, half, unroll)
        row4 = _filtered(pixels, x, y, 4, half, unroll)
        row5 = _filtered(pixels, x, y, 5, half, unroll)
        row6 = _filtered(pixels, x, y, 6, half, unroll)
        row7 = _filtered(pixels, x, y, 7, half, unroll)
        lines[j] = row0
        lines[j + _Index(_PITCH)] = row1
        lines[j + _Index(2 * _PITCH)] = row2
        lines[j + _Index(3 * _PITCH)] = row3
        lines[j + _Index(4 * _PITCH)] = row4
        lines[j + _Index(5 * _PITCH)] = row5
        lines[j + _Index(6 * _PITCH)] = row6
        lines[j + _Index(7 * _PITCH)] = row7


@compiled
def _filtered(
    pixels: FloatArray, a: np.uint64, b: np.uint64, row: int, half: FloatArray, unroll: tuple[int, ...]
) -> float:
    """The products in the window's column that begins `row` rows below the pixels `a` and `b`, weighted."""
    radius = len(unroll) - 1
    middle = _Index((row + radius) * _PITCH)
    total = half[0] * (pixels[a + middle] * pixels[b + middle])
    for k in range(1, radius + 1):
        up, down = _Index((row + radius - k) * _PITCH), _Index((row + radius + k) * _PITCH)
        both = pixels[a + up] * pixels[b + up] + pixels[a + down] * pixels[b + down]
        total = multiply_add(half[k], both, total)
    return total


@compiled
def _filter_along(
    lines: FloatArray,
    first: int,
    vectors: int,
    half: FloatArray,
    unroll: tuple[int, ...],
    result: FloatArray,
    place: int,
) -> None:
    widest_vectors()
    radius, line, begin = len(unroll) - 1, _Index(first), _Index(place)
    for j in range(_Index(vectors) * _Index(_VECTORS)):
        total = half[0] * lines[line + j + _Index(radius)]
        for k in range(1, radius + 1):
            both = lines[line + j + _Index(radius - k)] + lines[line + j + _Index(radius + k)]
            total = multiply_add(half[k], both, total)
        result[begin + j] = total


@compiled
def _subtract_squares(means: FloatArray, variances: FloatArray, place: int) -> None:
    widest_vectors()
    begin = _Index(place)
    for j in range(begin, begin + _Index(_POSITIONS)):
        variances[j] -= means[j] * means[j]


@compiled
def _add_similarities(
    mean: FloatArray,
    means: FloatArray,
    variances: FloatArray,
    place: int,
    first: int,
    second: int,
    columns: int,
    clamp: bool,
    left: int,
    sums: FloatArray,
) -> None:
    """Adds those of one row, filled up to whole vectors: the products' `mean` and the bands' moments from
    their places on."""
    widest_vectors()
    a, b, middle, target = _Index(first), _Index(second), _Index(place), _Index(left)
    lowest = 0.0 if clamp else -np.inf
    for j in range(_Index(_filled_up(columns))):
        covariance = mean[middle + j] - means[a + j] * means[b + j]
        similarity = (2 * covariance + _CONSTANT) / (variances[a + j] + variances[b + j] + _CONSTANT)
        sums[target + j] += max(similarity, lowest)


@compiled
def _add_similarities_by_two(
    mean: FloatArray,
    means: FloatArray,
    variances: FloatArray,
    place: int,
    first: int,
    second: int,
    columns: int,
    left: int,
    sums: FloatArray,
) -> None:
    """The same without `clamp`, with one division for two positions: divisions are what takes the time."""
    widest_vectors()
    a, b, middle, target = _Index(first), _Index(second), _Index(place), _Index(left)
    vectors = _Index(columns // _VECTORS)
    other = vectors * _Index(_VECTORS // 2)
    for j in range(vectors * _Index(_VECTORS // 2)):
        k = j + other
        above = 2 * (mean[middle + j] - means[a + j] * means[b + j]) + _CONSTANT
        below = variances[a + j] + variances[b + j] + _CONSTANT
        other_above = 2 * (mean[middle + k] - means[a + k] * means[b + k]) + _CONSTANT
        other_below = variances[a + k] + variances[b + k] + _CONSTANT
        sums[target + j] += (above * other_below + other_above * below) / (below * other_below)

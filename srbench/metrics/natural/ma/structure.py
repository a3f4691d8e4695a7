"""Contrast and structure similarity of pairs of bands (the `mcs` of MS-SSIM's `ssim_index_new.m`).

Source: Ma et al., CVIU 158, 2017, section 3.2; 11 x 11 Gaussian window, sigma 1.5, positions where it
fits, constant (0.03 * 255)**2.

The work is done in tiles that stay in the processor's caches, and whose size the compiler knows, so that
no loop has a rest that is not vectorised. What lies in a tile beyond the image never reaches a result.
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
# Positions of a tile; a row of its pixels has as many more as the window needs, filled up to whole vectors.
_ROWS, _COLUMNS = 32, 96
_PITCH = _COLUMNS + 16
_POSITIONS = _ROWS * _COLUMNS
_PIXELS = (_ROWS + WINDOW - 1) * _PITCH
_TOGETHER = 8  # rows that are filtered at once

_Index = np.uint64  # spares the question whether an index counts from the end


def contrast_structure(bands: FloatArray, pairs: NDArray[np.int64], *, clamp: bool) -> FloatArray:
    """For each of `pairs` (m x 2) of the n x H x W `bands`, both sides at least 11, the mean over the
    positions of (2 covariance + c) / (variance + variance + c).

    `clamp` takes negative values as zero, as pyiqa does.
    """
    count = len(bands)
    height, width = (length - WINDOW + 1 for length in bands.shape[1:])
    sums = np.zeros((len(pairs), -(-width // _COLUMNS) * _COLUMNS))
    pixels = aligned_zeros((count + 1) * _PIXELS)
    pixels[count * _PIXELS :] = 1.0  # a band's mean is that of its products with ones
    means, variances = aligned_zeros(count * _POSITIONS), aligned_zeros(count * _POSITIONS)
    lines = aligned_zeros(_TOGETHER * _PITCH)
    for top in range(0, height, _ROWS):
        for left in range(0, width, _COLUMNS):
            _load(bands, top, left, pixels)
            rows = min(_ROWS, height - top)
            _moments(pixels, rows, _HALF, _UNROLL, lines, means, variances)
            by_two = not clamp and left + _COLUMNS <= width
            _similarities(
                pixels, rows, _HALF, _UNROLL, pairs, lines, means, variances, by_two, clamp, left, sums
            )
    return sums[:, :width].sum(axis=1) / (height * width)


@compiled
def _load(bands: FloatArray, top: int, left: int, pixels: FloatArray) -> None:
    """Copies the pixels of the tile of every band."""
    rows = min(_ROWS + WINDOW - 1, bands.shape[1] - top)
    columns = min(_COLUMNS + WINDOW - 1, bands.shape[2] - left)
    for band in range(bands.shape[0]):
        for i in range(rows):
            first = band * _PIXELS + i * _PITCH
            pixels[first : first + columns] = bands[band, top + i, left : left + columns]


@compiled
def _moments(
    pixels: FloatArray,
    rows: int,
    half: FloatArray,
    unroll: tuple[int, ...],
    lines: FloatArray,
    means: FloatArray,
    variances: FloatArray,
) -> None:
    """Mean and variance of every band in the window around each position."""
    ones = pixels.shape[0] // _PIXELS - 1
    for band in range(ones):
        for i in range(0, rows, _TOGETHER):
            place = band * _POSITIONS + i * _COLUMNS
            _filter(pixels, band, ones, i, half, unroll, lines, means, place)
            _filter(pixels, band, band, i, half, unroll, lines, variances, place)
            _subtract_squares(means, variances, place)


@compiled
def _similarities(
    pixels: FloatArray,
    rows: int,
    half: FloatArray,
    unroll: tuple[int, ...],
    pairs: NDArray[np.int64],
    lines: FloatArray,
    means: FloatArray,
    variances: FloatArray,
    by_two: bool,
    clamp: bool,
    left: int,
    sums: FloatArray,
) -> None:
    """Adds the similarities of every pair to its `sums`, by columns; `by_two` those of two columns to one."""
    mean = np.zeros(_TOGETHER * _COLUMNS)
    for k in range(pairs.shape[0]):
        for i in range(rows):
            part = i % _TOGETHER
            if part == 0:
                _filter(pixels, pairs[k, 0], pairs[k, 1], i, half, unroll, lines, mean, 0)
            first = pairs[k, 0] * _POSITIONS + i * _COLUMNS
            second = pairs[k, 1] * _POSITIONS + i * _COLUMNS
            line = mean[part * _COLUMNS : (part + 1) * _COLUMNS]
            if by_two:
                _add_similarities_by_two(line, means, variances, first, second, left, sums[k])
            else:
                _add_similarities(line, means, variances, first, second, clamp, left, sums[k])


@compiled
def _filter(
    pixels: FloatArray,
    first: int,
    second: int,
    row: int,
    half: FloatArray,
    unroll: tuple[int, ...],
    lines: FloatArray,
    result: FloatArray,
    place: int,
) -> None:
    """Filters the products of two bands: the rows of positions from `row` on that are done together, put
    into `result` from `place` on."""
    _filter_down(pixels, first * _PIXELS + row * _PITCH, second * _PIXELS + row * _PITCH, half, unroll, lines)
    for i in range(_TOGETHER):
        _filter_along(lines, i * _PITCH, half, unroll, result, place + i * _COLUMNS)


@compiled
def _filter_down(
    pixels: FloatArray, first: int, second: int, half: FloatArray, unroll: tuple[int, ...], lines: FloatArray
) -> None:
    """Eight rows at once, because they share most products, which so need not be stored."""
    widest_vectors()
    a, b = _Index(first), _Index(second)
    for j in range(_Index(_PITCH)):
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
    pixels: FloatArray, a: int, b: int, row: int, half: FloatArray, unroll: tuple[int, ...]
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
    lines: FloatArray, first: int, half: FloatArray, unroll: tuple[int, ...], result: FloatArray, place: int
) -> None:
    widest_vectors()
    radius, line, begin = len(unroll) - 1, _Index(first), _Index(place)
    for j in range(_Index(_COLUMNS)):
        total = half[0] * lines[line + j + _Index(radius)]
        for k in range(1, radius + 1):
            both = lines[line + j + _Index(radius - k)] + lines[line + j + _Index(radius + k)]
            total = multiply_add(half[k], both, total)
        result[begin + j] = total


@compiled
def _subtract_squares(means: FloatArray, variances: FloatArray, place: int) -> None:
    widest_vectors()
    begin = _Index(place)
    for j in range(begin, begin + _Index(_TOGETHER * _COLUMNS)):
        variances[j] -= means[j] * means[j]


@compiled
def _add_similarities(
    mean: FloatArray,
    means: FloatArray,
    variances: FloatArray,
    first: int,
    second: int,
    clamp: bool,
    left: int,
    sums: FloatArray,
) -> None:
    """Adds one row: `mean` of the products, mean and variance of the two bands from their places on."""
    widest_vectors()
    a, b, place = _Index(first), _Index(second), _Index(left)
    lowest = 0.0 if clamp else -np.inf
    for j in range(_Index(_COLUMNS)):
        covariance = mean[j] - means[a + j] * means[b + j]
        similarity = (2 * covariance + _CONSTANT) / (variances[a + j] + variances[b + j] + _CONSTANT)
        sums[place + j] += max(similarity, lowest)


@compiled
def _add_similarities_by_two(
    mean: FloatArray,
    means: FloatArray,
    variances: FloatArray,
    first: int,
    second: int,
    left: int,
    sums: FloatArray,
) -> None:
    """The same without `clamp`, with one division for two positions: divisions are what takes the time."""
    widest_vectors()
    a, b, place, middle = _Index(first), _Index(second), _Index(left), _Index(_COLUMNS // 2)
    for j in range(middle):
        k = j + middle
        above = 2 * (mean[j] - means[a + j] * means[b + j]) + _CONSTANT
        below = variances[a + j] + variances[b + j] + _CONSTANT
        other_above = 2 * (mean[k] - means[a + k] * means[b + k]) + _CONSTANT
        other_below = variances[a + k] + variances[b + k] + _CONSTANT
        sums[place + j] += (above * other_below + other_above * below) / (below * other_below)

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

_Index = np.uint64  # spares the question whether an index counts from the end


def contrast_structure(bands: FloatArray, pairs: NDArray[np.int64], *, clamp: bool) -> FloatArray:
    """For each of `pairs` (m x 2) of the n x H x W `bands`, both sides at least 11, the mean over the
    positions of (2 covariance + c) / (variance + variance + c).

    `clamp` takes negative values as zero, as pyiqa does.
    """
    count = len(bands)
    height, width = (length - WINDOW + 1 for length in bands.shape[1:])
    sums = np.zeros((len(pairs), -(-width // _COLUMNS) * _COLUMNS))
    pixels, product = aligned_zeros(count * _PIXELS), aligned_zeros(_PIXELS)
    means, variances = aligned_zeros(count * _POSITIONS), aligned_zeros(count * _POSITIONS)
    for top in range(0, height, _ROWS):
        for left in range(0, width, _COLUMNS):
            _load(bands, top, left, pixels)
            rows = min(_ROWS, height - top)
            _moments(pixels, rows, _HALF, _UNROLL, product, means, variances)
            by_two = not clamp and left + _COLUMNS <= width
            _similarities(
                pixels, rows, _HALF, _UNROLL, pairs, product, means, variances, by_two, clamp, left, sums
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
    product: FloatArray,
    means: FloatArray,
    variances: FloatArray,
) -> None:
    """Mean and variance of every band in the window around each position."""
    line = np.zeros(_PITCH)
    for band in range(pixels.shape[0] // _PIXELS):
        _multiply(pixels, band, band, product)
        for i in range(rows):
            place = band * _POSITIONS + i * _COLUMNS
            _filter(pixels, band * _PIXELS + i * _PITCH, half, unroll, line, means, place)
            _filter(product, i * _PITCH, half, unroll, line, variances, place)
            _subtract_squares(means, variances, place)


@compiled
def _similarities(
    pixels: FloatArray,
    rows: int,
    half: FloatArray,
    unroll: tuple[int, ...],
    pairs: NDArray[np.int64],
    product: FloatArray,
    means: FloatArray,
    variances: FloatArray,
    by_two: bool,
    clamp: bool,
    left: int,
    sums: FloatArray,
) -> None:
    """Adds the similarities of every pair to its `sums`, by columns; `by_two` those of two columns to one."""
    line, mean = np.zeros(_PITCH), np.zeros(_COLUMNS)
    for k in range(pairs.shape[0]):
        _multiply(pixels, pairs[k, 0], pairs[k, 1], product)
        for i in range(rows):
            _filter(product, i * _PITCH, half, unroll, line, mean, 0)
            first = pairs[k, 0] * _POSITIONS + i * _COLUMNS
            second = pairs[k, 1] * _POSITIONS + i * _COLUMNS
            if by_two:
                _add_similarities_by_two(mean, means, variances, first, second, left, sums[k])
            else:
                _add_similarities(mean, means, variances, first, second, clamp, left, sums[k])


@compiled
def _multiply(pixels: FloatArray, first: int, second: int, product: FloatArray) -> None:
    """The products of all pixels of the tiles of two bands."""
    widest_vectors()
    a, b = _Index(first * _PIXELS), _Index(second * _PIXELS)
    for j in range(_Index(_PIXELS)):
        product[j] = pixels[a + j] * pixels[b + j]


@compiled
def _filter(
    pixels: FloatArray,
    first: int,
    half: FloatArray,
    unroll: tuple[int, ...],
    line: FloatArray,
    result: FloatArray,
    place: int,
) -> None:
    """Filters the window's rows of pixels from index `first` on: one row of `result`, from `place` on."""
    _filter_down(pixels, first, half, unroll, line)
    _filter_along(line, half, unroll, result, place)


@compiled
def _filter_down(
    pixels: FloatArray, first: int, half: FloatArray, unroll: tuple[int, ...], line: FloatArray
) -> None:
    widest_vectors()
    radius, begin = len(unroll) - 1, _Index(first)
    for j in range(_Index(_PITCH)):
        total = half[0] * pixels[begin + _Index(radius * _PITCH) + j]
        for k in range(1, radius + 1):
            above = pixels[begin + _Index((radius - k) * _PITCH) + j]
            below = pixels[begin + _Index((radius + k) * _PITCH) + j]
            total = multiply_add(half[k], above + below, total)
        line[j] = total


@compiled
def _filter_along(
    line: FloatArray, half: FloatArray, unroll: tuple[int, ...], result: FloatArray, place: int
) -> None:
    widest_vectors()
    radius, begin = len(unroll) - 1, _Index(place)
    for j in range(_Index(_COLUMNS)):
        total = half[0] * line[j + _Index(radius)]
        for k in range(1, radius + 1):
            total = multiply_add(half[k], line[j + _Index(radius - k)] + line[j + _Index(radius + k)], total)
        result[begin + j] = total


@compiled
def _subtract_squares(means: FloatArray, variances: FloatArray, place: int) -> None:
    widest_vectors()
    begin = _Index(place)
    for j in range(begin, begin + _Index(_COLUMNS)):
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

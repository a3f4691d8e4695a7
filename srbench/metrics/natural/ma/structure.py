"""Contrast and structure similarity of pairs of bands (the `mcs` of MS-SSIM's `ssim_index_new.m`).

Source: Ma et al., CVIU 158, 2017, section 3.2; 11 x 11 Gaussian window, sigma 1.5, positions where it
fits, constant (0.03 * 255)**2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from srbench.core.compiled import compiled
from srbench.metrics.luma.filters import (
    correlate_into_ring,
    correlate_ring,
    gaussian_taps,
    half_taps,
    new_ring,
)

FloatArray = NDArray[np.float64]

WINDOW = 11
_CONSTANT = (0.03 * 255) ** 2
_HALF, _UNROLL = half_taps(gaussian_taps(WINDOW, 1.5))
# Columns and rows worked on at a time: a ring stays in the first cache, all that belongs to the columns in
# the second.
_STRIP, _ROWS = 512, 16


def contrast_structure(bands: FloatArray, pairs: NDArray[np.int64], *, clamp: bool) -> FloatArray:
    """For each of `pairs` (m x 2) of the n x H x W `bands`, both sides at least 11, the mean over the
    positions of (2 covariance + c) / (variance + variance + c).

    `clamp` takes negative values as zero, as pyiqa does.
    """
    height, width = (length - WINDOW + 1 for length in bands.shape[1:])
    sums = np.zeros((len(pairs), width))
    _contrast_structure(bands, pairs, _HALF, _UNROLL, clamp, sums)
    return sums.sum(axis=1) / (height * width)


@compiled
def _contrast_structure(
    bands: FloatArray,
    pairs: NDArray[np.int64],
    half: FloatArray,
    unroll: tuple[int, ...],
    clamp: bool,
    sums: FloatArray,
) -> None:
    radius = len(unroll) - 1
    count = bands.shape[0]
    mean, variance = np.empty((count, _ROWS, _STRIP)), np.empty((count, _ROWS, _STRIP))
    product, covariance = np.empty(_STRIP + 2 * radius), np.empty(_STRIP)
    means = [new_ring(radius, _STRIP) for _ in range(count)]
    squares = [new_ring(radius, _STRIP) for _ in range(count)]
    products = [new_ring(radius, _STRIP) for _ in range(pairs.shape[0])]
    for start in range(0, sums.shape[1], _STRIP):
        width = min(_STRIP, sums.shape[1] - start)
        stop = start + width + 2 * radius
        line = product[: stop - start]
        for top in range(0, bands.shape[1], _ROWS):
            rows = range(min(_ROWS, bands.shape[1] - top))
            for k in range(count):
                for i in rows:
                    row = bands[k, top + i, start:stop]
                    correlate_into_ring(row, half, unroll, top + i, means[k])
                    _multiply(row, row, line)
                    correlate_into_ring(line, half, unroll, top + i, squares[k])
                    first = top + i - 2 * radius
                    if first >= 0:
                        correlate_ring(means[k], first, half, unroll, mean[k, i, :width])
                        correlate_ring(squares[k], first, half, unroll, variance[k, i, :width])
                        _subtract_squares(mean[k, i, :width], variance[k, i, :width])
            for k in range(pairs.shape[0]):
                a, b = pairs[k]
                for i in rows:
                    _multiply(bands[a, top + i, start:stop], bands[b, top + i, start:stop], line)
                    correlate_into_ring(line, half, unroll, top + i, products[k])
                    first = top + i - 2 * radius
                    if first >= 0:
                        correlate_ring(products[k], first, half, unroll, covariance[:width])
                        _add_similarity(
                            covariance, mean[a, i], mean[b, i], variance[a, i], variance[b, i],
                            clamp, sums[k, start : start + width],
                        )  # fmt: skip


@compiled
def _multiply(first: FloatArray, second: FloatArray, result: FloatArray) -> None:
    for j in range(result.shape[0]):
        result[j] = first[j] * second[j]


@compiled
def _subtract_squares(mean: FloatArray, variance: FloatArray) -> None:
    for j in range(mean.shape[0]):
        variance[j] -= mean[j] * mean[j]


@compiled
def _add_similarity(
    product: FloatArray,
    first_mean: FloatArray,
    second_mean: FloatArray,
    first_variance: FloatArray,
    second_variance: FloatArray,
    clamp: bool,
    sums: FloatArray,
) -> None:
    lowest = 0.0 if clamp else -np.inf
    for j in range(sums.shape[0]):
        covariance = product[j] - first_mean[j] * second_mean[j]
        similarity = (2 * covariance + _CONSTANT) / (first_variance[j] + second_variance[j] + _CONSTANT)
        sums[j] += max(similarity, lowest)

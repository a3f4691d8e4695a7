"""Contrast and structure similarity of pairs of bands (the `mcs` of MS-SSIM's `ssim_index_new.m`).

Source: Ma et al., CVIU 158, 2017, section 3.2; 11 x 11 Gaussian window, sigma 1.5, positions where it
fits, constant (0.03 * 255)**2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from srbench.metrics.luma.filters import (
    correlate_ring,
    correlate_row,
    gaussian_taps,
    half_taps,
    new_ring,
    store_row,
)

FloatArray = NDArray[np.float64]

WINDOW = 11
_CONSTANT = (0.03 * 255) ** 2
_HALF, _UNROLL = half_taps(gaussian_taps(WINDOW, 1.5))


@dataclass(frozen=True)
class Moments:
    """A band with its local means and variances, (H - 10) x (W - 10)."""

    band: FloatArray
    mean: FloatArray
    variance: FloatArray


def local_moments(band: FloatArray) -> Moments:
    """The moments of an H x W band, both sides at least 11."""
    shape = (band.shape[0] - WINDOW + 1, band.shape[1] - WINDOW + 1)
    mean, variance = np.empty(shape), np.empty(shape)
    _local_moments(band, _HALF, _UNROLL, mean, variance)
    return Moments(band, mean, variance)


def contrast_structure(first: Moments, second: Moments, *, clamp: bool) -> float:
    """Mean over the positions of (2 covariance + c) / (variance + variance + c).

    `clamp` takes negative values as zero, as pyiqa does.
    """
    sums = np.zeros(first.mean.shape[1])
    _contrast_structure(
        first.band, second.band, first.mean, first.variance, second.mean, second.variance,
        _HALF, _UNROLL, clamp, sums,
    )  # fmt: skip
    return float(sums.sum()) / first.mean.size


@njit(cache=True, nogil=True)
def _local_moments(
    band: FloatArray, half: FloatArray, unroll: tuple[int, ...], mean: FloatArray, variance: FloatArray
) -> None:
    radius = len(unroll) - 1
    width = mean.shape[1]
    means, squares = new_ring(radius, width), new_ring(radius, width)
    filtered, squared = np.empty(width), np.empty(band.shape[1])
    for number in range(band.shape[0]):
        row = band[number]
        correlate_row(row, half, unroll, filtered)
        store_row(filtered, number, means)
        for j in range(row.shape[0]):
            squared[j] = row[j] * row[j]
        correlate_row(squared, half, unroll, filtered)
        store_row(filtered, number, squares)
        i = number - 2 * radius
        if i >= 0:
            correlate_ring(means, i, half, unroll, mean[i])
            correlate_ring(squares, i, half, unroll, filtered)
            for j in range(width):
                variance[i, j] = filtered[j] - mean[i, j] * mean[i, j]


@njit(cache=True, nogil=True)
def _contrast_structure(
    first: FloatArray,
    second: FloatArray,
    first_mean: FloatArray,
    first_variance: FloatArray,
    second_mean: FloatArray,
    second_variance: FloatArray,
    half: FloatArray,
    unroll: tuple[int, ...],
    clamp: bool,
    sums: FloatArray,
) -> None:
    radius = len(unroll) - 1
    width = sums.shape[0]
    ring = new_ring(radius, width)
    filtered, product = np.empty(width), np.empty(first.shape[1])
    lowest = 0.0 if clamp else -np.inf
    for number in range(first.shape[0]):
        a, b = first[number], second[number]
        for j in range(a.shape[0]):
            product[j] = a[j] * b[j]
        correlate_row(product, half, unroll, filtered)
        store_row(filtered, number, ring)
        i = number - 2 * radius
        if i >= 0:
            correlate_ring(ring, i, half, unroll, filtered)
            p, q, r, s = first_mean[i], second_mean[i], first_variance[i], second_variance[i]
            for j in range(width):
                covariance = filtered[j] - p[j] * q[j]
                similarity = (2 * covariance + _CONSTANT) / (r[j] + s[j] + _CONSTANT)
                sums[j] += max(similarity, lowest)

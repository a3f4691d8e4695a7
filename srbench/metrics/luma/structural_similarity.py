"""SSIM as the two families of papers compute it: Wang's release and the daala tools' `dump_ssim`.

Both take a pair of luma planes (H x W, 0 to 255) and return the mean similarity, at most 1, higher is
better. The moments are filtered row by row in float64, so that neither memory nor summation order
depends on the size of the machine.
"""

from __future__ import annotations

import math

import numpy as np

from srbench.core.compiled import compiled
from srbench.core.records import Unscorable
from srbench.metrics.luma.filters import (
    correlate_ring,
    gaussian_taps,
    half_taps,
    new_ring,
    store_moments,
)

_C1 = (0.01 * 255) ** 2
_C2 = (0.03 * 255) ** 2
_WANG_WINDOW = 11
_DAALA_WEIGHT = 256


def ssim_wang(output: np.ndarray, reference: np.ndarray) -> float:
    """SSIM of Wang et al. (IEEE TIP 2004), as in their `ssim_index.m`.

    11x11 Gaussian window, sigma 1.5, only positions where the window fits, K1 = 0.01, K2 = 0.03, biased
    variances. Raises `Unscorable` where a side is shorter than the window.
    """
    _check_planes(output, reference)
    height, width = reference.shape
    if min(height, width) < _WANG_WINDOW:
        raise Unscorable(f"{width}x{height} pixels are smaller than the 11x11 window of SSIM")
    half, unroll = half_taps(gaussian_taps(_WANG_WINDOW, 1.5))
    return float(_wang_mean(_plane(output), _plane(reference), half, unroll))


def ssim_daala(output: np.ndarray, reference: np.ndarray) -> float:
    """SSIM of the daala tools (`dump_ssim` of xiph/daala), as SRGAN reports it.

    A Gaussian whose sigma is 1.5/256 of the height, quantised to integers that sum to 256; at the borders
    the window is cut and each position counts by the window mass that it has inside.
    """
    _check_planes(output, reference)
    height, width = reference.shape
    kernel = daala_kernel(height * 1.5 / 256, min(height, width))
    return float(_daala_mean(_plane(output), _plane(reference), kernel))


def daala_kernel(sigma: float, longest: int) -> np.ndarray:
    """`gaussian_filter_init` of daala's dump_ssim.c: odd length, float64 integers that sum to 256."""
    ratio = math.sqrt(0.5 * math.pi) * sigma / _DAALA_WEIGHT
    reach = 0 if ratio >= 1 or sigma <= 0 else math.floor(sigma * math.sqrt(-2 * math.log(ratio)))
    reach = min(reach, longest - 1)
    peak = _DAALA_WEIGHT / (math.sqrt(2 * math.pi) * sigma)
    side = [math.floor(peak * math.exp(-0.5 * (i / sigma) ** 2) + 0.5) for i in range(1, reach + 1)]
    return np.array([*reversed(side), _DAALA_WEIGHT - 2 * sum(side), *side], dtype=np.float64)


def _check_planes(output: np.ndarray, reference: np.ndarray) -> None:
    if output.shape != reference.shape or output.ndim != 2:
        raise ValueError(f"two planes of one size are needed, not {output.shape} and {reference.shape}")


def _plane(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image, dtype=np.float64)


@compiled
def _vertical_moments(x, y, kernel, top, lines, left):  # type: ignore[no-untyped-def]
    """Filters x, y, x*x + y*y and x*y down the columns; rows outside the image count as zero."""
    height, width = x.shape
    lines[:, left : left + width] = 0.0
    first, second, squares, product = lines[0], lines[1], lines[2], lines[3]
    for k in range(kernel.size):
        row = top + k
        if row < 0 or row >= height:
            continue
        weight = kernel[k]
        a_row = x[row]
        b_row = y[row]
        for j in range(width):
            a = a_row[j]
            b = b_row[j]
            first[left + j] += weight * a
            second[left + j] += weight * b
            squares[left + j] += weight * (a * a + b * b)
            product[left + j] += weight * (a * b)


@compiled
def _horizontal(line, kernel, out):  # type: ignore[no-untyped-def]
    count = out.size
    out[:] = 0.0
    for k in range(kernel.size):
        weight = kernel[k]
        shifted = line[k : k + count]
        for j in range(count):
            out[j] += weight * shifted[j]


@compiled
def _wang_mean(x, y, half, unroll):  # type: ignore[no-untyped-def]
    """One pass down the image: each row is filtered once and kept until its last window is done."""
    reach = len(unroll) - 1
    height, width = x.shape
    columns = width - 2 * reach
    rings = [new_ring(reach, columns) for _ in range(4)]
    squares, product = np.empty(width), np.empty(width)
    moments = np.empty((4, columns))
    total = 0.0
    for row in range(height):
        store_moments(x[row], y[row], row, rings, half, unroll, squares, product)
        if row >= 2 * reach:
            for m in range(4):
                correlate_ring(rings[m], row - 2 * reach, half, unroll, moments[m])
            total += _row_similarity(moments)
    return total / ((height - 2 * reach) * columns)


@compiled
def _row_similarity(moments):  # type: ignore[no-untyped-def]
    """Sum of SSIM over a row of means, mean squares (both images together) and mean products."""
    total = 0.0
    for j in range(moments.shape[1]):
        mean_product = moments[0, j] * moments[1, j]
        mean_squares = moments[0, j] ** 2 + moments[1, j] ** 2
        covariance = moments[3, j] - mean_product
        variances = moments[2, j] - mean_squares
        total += ((2 * mean_product + _C1) * (2 * covariance + _C2)) / (
            (mean_squares + _C1) * (variances + _C2)
        )
    return total


@compiled
def _daala_mean(x, y, kernel):  # type: ignore[no-untyped-def]
    height, width = x.shape
    reach = kernel.size // 2
    lines = np.zeros((4, width + 2 * reach))
    moments = np.empty((4, width))
    inside = np.empty(width)
    ones = np.zeros(width + 2 * reach)
    ones[reach : reach + width] = 1.0
    _horizontal(ones, kernel, inside)
    total = 0.0
    mass_total = 0.0
    for i in range(height):
        top = i - reach
        _vertical_moments(x, y, kernel, top, lines, reach)
        vertical_mass = kernel[max(0, -top) : min(kernel.size, height - top)].sum()
        for m in range(4):
            _horizontal(lines[m], kernel, moments[m])
        for j in range(width):
            mass = vertical_mass * inside[j]
            mean_product = moments[0, j] * moments[1, j]
            mean_squares = moments[0, j] ** 2 + moments[1, j] ** 2
            covariance = moments[3, j] * mass - mean_product
            variances = moments[2, j] * mass - mean_squares
            c1 = _C1 * mass * mass
            c2 = _C2 * mass * mass
            total += (
                mass
                * (2 * mean_product + c1)
                * (c2 + 2 * covariance)
                / ((mean_squares + c1) * (variances + c2))
            )
            mass_total += mass
    return total / mass_total

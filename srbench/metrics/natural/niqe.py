"""NIQE: the distance of an image's local statistics from those of undistorted photographs.

Source: Mittal, Soundararajan and Bovik, "Making a 'completely blind' image quality analyzer", IEEE
Signal Processing Letters 20(3), 2013, and the official MATLAB release (`computequality.m`,
`computefeature.m`, `estimateaggdparam.m`). One deliberate difference: a normalised coefficient smaller
than 1e-10 in magnitude is exactly zero. In flat areas the official code takes the sign of such
coefficients from floating-point noise, so that its value there depends on the order of summation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma

from srbench.core.compiled import compiled
from srbench.core.matlab import read_matlab
from srbench.core.records import Unscorable, UserError
from srbench.images.resize import imresize_double
from srbench.metrics.luma.filters import (
    correlate_into_ring,
    correlate_ring,
    gaussian_taps,
    half_taps,
    new_ring,
    pad_row,
)
from srbench.metrics.natural.natural_statistics import moment_ratio, nearest_in_falling, shape_grid
from srbench.metrics.natural.pyiqa_numerics import (
    Compatibility,
    single_half_size,
    single_normalise,
    single_shape_grid,
)

FloatArray = NDArray[np.float64]

BLOCK = 96
FEATURES = 36
_FLAT = 1e-10

_HALF, _UNROLL = half_taps(gaussian_taps(7, 7 / 6))


@dataclass(frozen=True)
class NiqeParameters:
    """The multivariate Gaussian of undistorted photographs: mean (36,) and covariance (36, 36), float64."""

    mean: FloatArray
    covariance: FloatArray


@cache
def _shape_table(compatibility: Compatibility) -> FloatArray:
    """Rows, per shape: the negated moment ratio that the fit looks up, the shape, and its two factors."""
    shapes = shape_grid(0.2) if compatibility == "official" else single_shape_grid(0.2)
    # The official code compares the inverse ratio, which rises with the shape: negated, it falls.
    ratios = -1 / moment_ratio(shapes)
    spreads = np.sqrt(gamma(1 / shapes) / gamma(3 / shapes))
    return np.stack([ratios, shapes, spreads, gamma(2 / shapes) / gamma(1 / shapes)])


def load_niqe_parameters(path: Path) -> NiqeParameters:
    """Read the official MATLAB file (`mu_prisparam`, `cov_prisparam`).

    UserError, naming the file and what is wrong with it, for a file that is missing, damaged, without
    these variables, of another shape or not finite.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file (NIQE's parameters)")
    content = read_matlab(path, "mu_prisparam", "cov_prisparam")
    if "mu_prisparam" not in content or "cov_prisparam" not in content:
        raise UserError(f"{path}: not NIQE's parameters: mu_prisparam or cov_prisparam is not in it")
    mean = _parameter(path, "mu_prisparam", content["mu_prisparam"], (1, FEATURES))
    covariance = _parameter(path, "cov_prisparam", content["cov_prisparam"], (FEATURES, FEATURES))
    return NiqeParameters(mean.ravel(), covariance)


def _parameter(path: Path, name: str, value: object, shape: tuple[int, int]) -> FloatArray:
    array = np.asarray(value)
    if array.shape != shape or array.dtype.kind not in "fiu":
        raise UserError(
            f"{path}: {name} is {array.dtype} of shape {array.shape}, not numbers of shape {shape}"
        )
    array = np.ascontiguousarray(array, dtype=np.float64)
    if not np.isfinite(array).all():
        raise UserError(f"{path}: {name} has values that are not finite")
    return array


def niqe(luma: np.ndarray, parameters: NiqeParameters, *, compatibility: Compatibility = "official") -> float:
    """NIQE of an H x W luma plane, 0 to 255 (uint8 or float64); lower is better, 0 at best, no unit.

    `compatibility` "pyiqa" gives the value of pyiqa 0.1.16, for cross-checks. Raises `Unscorable` for an
    image with fewer than two whole 96 x 96 blocks, a constant image, values that are not finite, and an
    image so flat that fewer than two blocks have statistics.
    """
    features = niqe_features(luma, compatibility=compatibility)
    complete = ~np.isnan(features).any(axis=1)
    if np.count_nonzero(complete) < 2:
        raise Unscorable("NIQE: fewer than two blocks of the image have contrast to take statistics from")
    # The official code: `nanmean` per feature over all blocks, `nancov` over the complete ones.
    difference = parameters.mean - np.nanmean(features, axis=0)
    covariance = (parameters.covariance + np.cov(features[complete], rowvar=False)) / 2
    distance = float(difference @ np.linalg.pinv(covariance) @ difference)
    if not np.isfinite(distance) or distance < 0:
        raise Unscorable("NIQE: the statistics of the image are degenerate")
    return float(np.sqrt(distance))


def niqe_features(luma: np.ndarray, *, compatibility: Compatibility = "official") -> FloatArray:
    """The 36 features of every whole 96 x 96 block, blocks x 36, row by row; NaN where a block is flat.

    The first 18 are of the image cut to whole blocks, the others of its half size, made by MATLAB's
    `imresize(image, 0.5)` of a double image. Edges are symmetric there: with them image I04 of pyiqa's
    calibration set gets the official 3.65492152353770 to 12 digits, with clamped edges 3.64860.
    Raises as `niqe` does.
    """
    image = _whole_blocks(luma)
    height, width = image.shape
    table = _shape_table(compatibility)
    if compatibility == "official":
        planes = (image, imresize_double(image, 0.5, edges="symmetric"))
    else:
        planes = (image, single_half_size(image))
    result = np.empty((height // BLOCK * (width // BLOCK), FEATURES))
    for scale, plane in enumerate(planes):
        official = compatibility == "official"
        normalised = _normalise(plane, _HALF, _UNROLL) if official else single_normalise(plane)
        part = result[:, 18 * scale : 18 * scale + 18]
        _block_features(normalised, BLOCK >> scale, table, part)
    return result


def _whole_blocks(luma: np.ndarray) -> FloatArray:
    if luma.ndim != 2:
        raise ValueError(f"NIQE takes an H x W luma plane, not an array of shape {luma.shape}")
    rows, columns = luma.shape[0] // BLOCK, luma.shape[1] // BLOCK
    if rows * columns < 2:
        size = f"{luma.shape[1]}x{luma.shape[0]}"
        raise Unscorable(f"NIQE needs at least two whole {BLOCK}x{BLOCK} blocks; the image is {size}")
    image = np.ascontiguousarray(luma[: rows * BLOCK, : columns * BLOCK], dtype=np.float64)
    if not np.isfinite(image).all():
        raise Unscorable("NIQE: the image has values that are not finite")
    if image.min() == image.max():
        raise Unscorable("NIQE: the image is constant")
    return image


@compiled
def _normalise(image: FloatArray, half: FloatArray, unroll: tuple[int, ...]) -> FloatArray:
    """(image - local mean) / (local deviation + 1), values below 1e-10 in magnitude set to zero."""
    radius = len(unroll) - 1
    height, width = image.shape
    means, squares = new_ring(radius, width), new_ring(radius, width)
    padded = np.empty(width + 2 * radius)
    mean, square = np.empty(width), np.empty(width)
    result = np.empty((height, width))
    for number in range(height + 2 * radius):
        pad_row(image[min(max(number - radius, 0), height - 1)], radius, True, padded)
        correlate_into_ring(padded, half, unroll, number, means)
        for j in range(padded.shape[0]):
            padded[j] = padded[j] * padded[j]
        correlate_into_ring(padded, half, unroll, number, squares)
        row = number - 2 * radius
        if row >= 0:
            correlate_ring(means, row, half, unroll, mean)
            correlate_ring(squares, row, half, unroll, square)
            for j in range(width):
                value = (image[row, j] - mean[j]) / (np.sqrt(abs(square[j] - mean[j] * mean[j])) + 1.0)
                result[row, j] = value if abs(value) >= _FLAT else 0.0
    return result


@compiled
def _block_features(image: FloatArray, size: int, table: FloatArray, result: FloatArray) -> None:
    """The 18 features of every `size` x `size` block: of the block, and of its products with four shifts."""
    per_row = image.shape[1] // size
    wrapped = np.empty((size + 1, size + 2))
    sums = np.empty((5, 5, size))
    ratios, shapes, spreads, means = table[0], table[1], table[2], table[3]
    for block in range(result.shape[0]):
        _wrap(image, block // per_row * size, block % per_row * size, wrapped)
        _moments(wrapped, sums)
        for product in range(5):
            index, left, right = _asymmetric_fit(sums[product], size, ratios)
            left *= spreads[index]
            right *= spreads[index]
            if product == 0:
                result[block, 0] = shapes[index]
                result[block, 1] = (left + right) / 2
            else:
                first = 4 * product - 2
                result[block, first] = shapes[index]
                result[block, first + 1] = (right - left) * means[index]
                result[block, first + 2] = left
                result[block, first + 3] = right


@compiled
def _wrap(image: FloatArray, top: int, left: int, wrapped: FloatArray) -> None:
    """Copy a block to `wrapped[1:, 1:-1]` and what MATLAB's `circshift` puts around it to the rest."""
    size = wrapped.shape[0] - 1
    for i in range(-1, size):
        row = image[top + i % size, left : left + size]
        wrapped[i + 1, 1 : size + 1] = row
        wrapped[i + 1, 0] = row[size - 1]
        wrapped[i + 1, size + 1] = row[0]


@compiled
def _moments(wrapped: FloatArray, sums: FloatArray) -> None:
    """Per column of the block, and for each of its five products, the sums that the fit needs.

    Rows of `sums[product]`: squares of negative values, squares of positive values, magnitudes, number
    of negative values, number of positive values.
    """
    size = wrapped.shape[0] - 1
    ones = np.ones(size)
    sums[:] = 0.0
    for i in range(1, size + 1):
        here, above = wrapped[i], wrapped[i - 1]
        _add_row(here[1:], ones, sums[0])
        _add_row(here[1:], here[:-2], sums[1])
        _add_row(here[1:], above[1:], sums[2])
        _add_row(here[1:], above[:-2], sums[3])
        _add_row(here[1:], above[2:], sums[4])


@compiled
def _add_row(row: FloatArray, other: FloatArray, sums: FloatArray) -> None:
    for j in range(sums.shape[1]):
        value = row[j] * other[j]
        positive, negative = max(value, 0.0), min(value, 0.0)
        sums[0, j] += negative * negative
        sums[1, j] += positive * positive
        sums[2, j] += positive - negative
        sums[3, j] += 1.0 if value < 0.0 else 0.0
        sums[4, j] += 1.0 if value > 0.0 else 0.0


@compiled
def _asymmetric_fit(sums: FloatArray, size: int, ratios: FloatArray) -> tuple[int, float, float]:
    """Index of the shape, left and right deviation (`estimateaggdparam.m`); NaN where one side is empty."""
    count = float(size * size)
    below, above = sums[0].sum(), sums[1].sum()
    magnitude, negatives, positives = sums[2].sum(), sums[3].sum(), sums[4].sum()
    left = np.sqrt(below / negatives) if negatives > 0 else np.nan
    right = np.sqrt(above / positives) if positives > 0 else np.nan
    if np.isnan(left) or np.isnan(right):
        return 0, left, right
    skew = left / right
    mean = magnitude / count
    ratio = mean * mean / ((below + above) / count)
    ratio *= (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    return nearest_in_falling(ratios, -ratio), left, right

"""The shape of a generalised Gaussian as Ma's code estimates it (`gama_gen_gauss.m`)."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from srbench.core.compiled import compiled
from srbench.metrics.natural.natural_statistics import (
    first_below_each,
    interval_in_falling,
    moment_ratio,
    nearest_in_falling,
    shape_grid,
)
from srbench.metrics.natural.pyiqa_numerics import Compatibility, single_shape_grid

FloatArray = NDArray[np.float64]

# Where no shape of the table fits (a ratio above the first entry, or at or below the last).
OUTSIDE = 11.0
# Keeps the ratio of a flat block finite.
GUARD = 1e-7


@cache
def shape_table(compatibility: Compatibility) -> FloatArray:
    """Rows: the moment ratio, falling, and the shape; 9971 shapes from 0.03 to 10."""
    shapes = shape_grid(0.03) if compatibility == "official" else single_shape_grid(0.03)
    return np.stack([moment_ratio(shapes), shapes])


@compiled
def shape_of_ratio(ratio: float, table: FloatArray, official: bool) -> float:
    """The shape for a ratio of variance to squared mean absolute deviation.

    The official code takes the shape at the start of the interval that the ratio falls into, and 11
    outside the table; pyiqa takes the nearest entry.
    """
    if not official:
        return table[1, nearest_in_falling(table[0], ratio)]
    index = interval_in_falling(table[0], ratio)
    return table[1, index] if index >= 0 else OUTSIDE


@compiled
def shapes_of_ratios(
    ratios: FloatArray, table: FloatArray, official: bool, found: NDArray[np.uint64], shapes: FloatArray
) -> None:
    """Puts `shape_of_ratio` of each of `ratios` into `shapes`; `found` is as long and work space."""
    if not official:
        for j in range(ratios.shape[0]):
            shapes[j] = shape_of_ratio(ratios[j], table, official)
        return
    first_below_each(table[0], ratios, found)
    for j in range(ratios.shape[0]):
        inside = 0 < found[j] < table.shape[1]
        shapes[j] = table[1, found[j] - np.uint64(1)] if inside else OUTSIDE


def shape_of(parts: list[FloatArray], sums: list[float], table: FloatArray, *, official: bool) -> float:
    """The shape of all values of `parts`, whose `sums` are given, together; NaN if any is not a number."""
    count = sum(part.size for part in parts)
    mean = sum(sums) / count
    squares = magnitudes = 0.0
    for part in parts:
        square, magnitude = _deviations(part.reshape(-1), mean)
        squares += square
        magnitudes += magnitude
    ratio = squares / (count - 1) / ((magnitudes / count) ** 2 + GUARD)
    return float(shape_of_ratio(ratio, table, official)) if np.isfinite(ratio) else float("nan")


@compiled
def _deviations(values: FloatArray, mean: float) -> tuple[float, float]:
    """Sum of squared and of absolute deviations from `mean`, in 64 running sums (vectorised)."""
    lanes = 64
    squares, magnitudes = np.zeros(lanes), np.zeros(lanes)
    whole = values.shape[0] // lanes * lanes
    for start in range(0, whole, lanes):
        part = values[start : start + lanes]
        for j in range(lanes):
            deviation = part[j] - mean
            squares[j] += deviation * deviation
            magnitudes[j] += abs(deviation)
    for j in range(whole, values.shape[0]):
        deviation = values[j] - mean
        squares[0] += deviation * deviation
        magnitudes[0] += abs(deviation)
    return squares.sum(), magnitudes.sum()

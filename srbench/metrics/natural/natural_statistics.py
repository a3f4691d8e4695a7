"""Shape parameters of (generalised) Gaussian distributions by the tables that the official codes use.

Both NIQE and Ma's metric estimate a shape by comparing a ratio of moments with a table of the ratio at
shapes 0.001 apart. The table is monotone, so a binary search finds the entry that a comparison with all
of them would.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma

from srbench.core.compiled import compiled

FloatArray = NDArray[np.float64]


def shape_grid(first: float) -> FloatArray:
    """The shapes `first`, `first` + 0.001, ... 10 as MATLAB's `first:0.001:10` makes them."""
    count = round((10 - first) / 0.001) + 1
    return first + 0.001 * np.arange(count, dtype=np.float64)


def moment_ratio(shapes: FloatArray) -> FloatArray:
    """Variance over squared mean absolute deviation of a generalised Gaussian: falls with the shape."""
    return gamma(1 / shapes) * gamma(3 / shapes) / gamma(2 / shapes) ** 2


@compiled
def first_below(table: FloatArray, value: float) -> int:
    """The first index at which the falling `table` is below `value`; its length if there is none."""
    # Halved without a jump that depends on the value: the processor could not foresee it.
    found, length = 0, table.shape[0]
    while length > 1:
        half = length // 2
        found += 0 if table[found + half - 1] < value else half
        length -= half
    return found if table[found] < value else found + 1


@compiled
def first_below_each(table: FloatArray, values: FloatArray, found: NDArray[np.uint64]) -> None:
    """Puts `first_below` of each of `values` into `found`; all of them a step at a time, in vectors."""
    found[:] = 0
    length = table.shape[0]
    while length > 1:
        half = length // 2
        for j in range(np.uint64(found.shape[0])):
            middle = table[found[j] + np.uint64(half - 1)]
            found[j] += np.uint64(0 if middle < values[j] else half)
        length -= half
    for j in range(np.uint64(found.shape[0])):
        found[j] += np.uint64(0 if table[found[j]] < values[j] else 1)


@compiled
def nearest_in_falling(table: FloatArray, value: float) -> int:
    """The index of the entry of the falling `table` nearest to `value`, the lower one of two equally near.

    0 for NaN, as `min` and `argmin` over the differences give.
    """
    if np.isnan(value):
        return 0
    below = first_below(table, value)
    if below == 0:
        return 0
    if below == table.shape[0]:
        return below - 1
    return below - 1 if table[below - 1] - value <= value - table[below] else below


@compiled
def interval_in_falling(table: FloatArray, value: float) -> int:
    """The index j with table[j] >= `value` > table[j + 1] in the falling `table`; -1 if there is none."""
    below = first_below(table, value)
    return -1 if below == 0 or below == table.shape[0] else below - 1

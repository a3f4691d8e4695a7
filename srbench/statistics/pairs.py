"""Statistics of comparisons: intervals of means, paired tests, correction for many comparisons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SIGNIFICANCE = 0.05
# Fewer differences cannot reach p < 0.05 two-sided: with five the smallest p is 2 / 2^5 = 0.0625.
SMALLEST_SAMPLE = 6


@dataclass(frozen=True)
class PairedTest:
    """A two-sided Wilcoxon signed-rank test of a against b over the same images.

    - `n`: images with both values; `zeros`: pairs without a difference, which the test leaves out.
    - `median_difference`: median of a - b over all pairs.
    - `statistic`: the smaller of the two rank sums; `p_value` two-sided.
    - `rank_biserial`: (positive - negative rank sum) / their sum, in [-1, 1]; positive when a is larger.
    - `note`: what a reader must know (too few images, ties, nothing to compare).
    """

    n: int
    zeros: int
    median_difference: float
    statistic: float
    p_value: float
    rank_biserial: float
    note: str


def wilcoxon(a: Sequence[float] | np.ndarray, b: Sequence[float] | np.ndarray) -> PairedTest:
    """Paired two-sided Wilcoxon signed-rank test with `scipy.stats.wilcoxon` (Wilcoxon 1945).

    Zero differences are dropped; exact for up to 50 differences without ties, else the normal
    approximation. Two infinite values (PSNR of identical images) are equal; one infinite value is the
    largest difference.
    """
    from scipy import stats

    differences = _differences(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64))
    median = float(np.median(differences)) if differences.size else math.nan
    nonzero = differences[differences != 0]
    zeros = differences.size - nonzero.size
    if nonzero.size == 0:
        note = "no image has both values" if differences.size == 0 else "all differences are zero"
        return PairedTest(differences.size, zeros, median, math.nan, 1.0, 0.0, note)
    magnitudes = np.abs(nonzero)
    # Ranks see only the order, so infinite differences may become the largest finite ones.
    finite = magnitudes[np.isfinite(magnitudes)]
    magnitudes[np.isinf(magnitudes)] = (finite.max() if finite.size else 0.0) + 1.0
    signed = np.copysign(magnitudes, nonzero)
    tied = np.unique(magnitudes).size < magnitudes.size
    exact = not tied and nonzero.size <= 50
    result = stats.wilcoxon(signed, method="exact" if exact else "approx")
    ranks = stats.rankdata(magnitudes)
    positive = float(ranks[nonzero > 0].sum())
    negative = float(ranks[nonzero < 0].sum())
    return PairedTest(
        n=differences.size,
        zeros=zeros,
        median_difference=median,
        statistic=float(result.statistic),
        p_value=float(result.pvalue),
        rank_biserial=(positive - negative) / (positive + negative),
        note=_note(nonzero.size, zeros, tied),
    )


def _differences(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.shape != b.shape:
        raise ValueError(f"paired samples differ in length: {a.shape} and {b.shape}")
    equal = a == b
    return np.where(equal, 0.0, np.subtract(a, b, where=~equal, out=np.zeros_like(a)))


def _note(nonzero: int, zeros: int, tied: bool) -> str:
    notes = []
    if nonzero < SMALLEST_SAMPLE:
        notes.append(f"{nonzero} differences cannot reach p < {SIGNIFICANCE}")
    if zeros:
        notes.append(f"{zeros} zero differences left out")
    if tied:
        notes.append("ties: normal approximation")
    return "; ".join(notes)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction (Holm 1979): adjusted p values in the order given, at most 1."""
    order = np.argsort(p_values, kind="stable")
    count = len(p_values)
    adjusted = [0.0] * count
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (count - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def mean_interval(values: Sequence[float] | np.ndarray) -> tuple[float, float] | None:
    """95% confidence interval of the mean by Student's t; None for fewer than two or infinite values.

    It is the interval over images drawn like these, not a statement on this very data set, whose mean is
    known.
    """
    sample = np.asarray(values, dtype=np.float64)
    if sample.size < 2 or not np.isfinite(sample).all():
        return None
    from scipy.special import stdtrit

    mean = float(sample.mean())
    error = float(sample.std(ddof=1)) / math.sqrt(sample.size)
    reach = float(stdtrit(sample.size - 1, 0.975)) * error
    return mean - reach, mean + reach

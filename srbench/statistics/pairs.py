"""Paired comparisons: Wilcoxon's signed-rank test, Holm's correction, what few images cannot show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

SIGNIFICANCE = 0.05
# Up to so many non-zero differences the distribution is counted, beyond it is taken as normal.
EXACT_UP_TO = 50
# A difference of two values is known to a few units of their last place: what lies within is equal.
_ROUNDING = 8 * np.finfo(np.float64).eps

RULE = (
    "two-sided Wilcoxon signed-rank test over images; zero differences are left out, equal ones share their "
    f"mean rank; exact up to {EXACT_UP_TO} differences, beyond that the normal approximation with correction "
    "for ties and none for continuity"
)


@dataclass(frozen=True)
class PairedTest:
    """A two-sided Wilcoxon signed-rank test of a against b over the same images.

    - `n`: images with both values; `zeros`: pairs without a difference, which the test leaves out.
    - `median_difference`: median of a - b over all pairs.
    - `statistic`: the smaller of the two rank sums; `p_value` two-sided, from the `distribution`.
    - `rank_biserial`: (positive - negative rank sum) / their sum, in [-1, 1]; positive when a is larger.
      Like the test it leaves zero differences out.
    - `note`: what a reader must know (too few images, nothing to compare).
    """

    n: int
    zeros: int
    median_difference: float
    statistic: float
    p_value: float
    distribution: Literal["exact", "normal"]
    rank_biserial: float
    note: str


def wilcoxon(a: Sequence[float] | np.ndarray, b: Sequence[float] | np.ndarray) -> PairedTest:
    """Paired two-sided Wilcoxon signed-rank test (Wilcoxon 1945), exact with ties too.

    Zero differences are dropped and equal ones share their mean rank; differences that are equal but for
    the rounding of double precision are equal. With up to 50 of them the p value counts the assignments
    of signs to these ranks, beyond it comes from the normal approximation with the variance of the ranks
    as they are (that is, corrected for ties) and without correction for continuity.

    Two equal infinite values (PSNR of identical images) are a zero difference; an infinite difference is
    larger than every finite one, and those of either sign are equally large. NaN is a `ValueError`.
    """
    differences, rounding = _differences(a, b)
    present = differences != 0
    nonzero = differences[present]
    zeros = differences.size - nonzero.size
    median = _median(differences)
    if nonzero.size == 0:
        note = "no image has both values" if differences.size == 0 else "all differences are zero"
        return PairedTest(differences.size, zeros, median, math.nan, 1.0, "exact", 0.0, note)
    doubled = _doubled_ranks(np.abs(nonzero), rounding[present])
    positive, negative = int(doubled[nonzero > 0].sum()), int(doubled[nonzero < 0].sum())
    exact = nonzero.size <= EXACT_UP_TO
    return PairedTest(
        n=differences.size,
        zeros=zeros,
        median_difference=median,
        statistic=min(positive, negative) / 2,
        p_value=(_exact_p if exact else _normal_p)(doubled, min(positive, negative)),
        distribution="exact" if exact else "normal",
        rank_biserial=(positive - negative) / (positive + negative),
        note=_note(nonzero.size, zeros),
    )


def differences(a: Sequence[float] | np.ndarray, b: Sequence[float] | np.ndarray) -> np.ndarray:
    """a - b, N float64: zero where both are equal up to rounding or the same infinity."""
    return _differences(a, b)[0]


def _differences(
    a: Sequence[float] | np.ndarray, b: Sequence[float] | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """a - b, and what rounding may have changed in each."""
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape:
        raise ValueError(f"paired samples differ in length: {first.shape} and {second.shape}")
    if np.isnan(first).any() or np.isnan(second).any():
        raise ValueError("paired samples must not hold NaN; leave out what was not scored")
    equal = first == second
    made = np.subtract(first, second, where=~equal, out=np.zeros_like(first))
    finite = np.isfinite(made)
    larger = np.maximum(np.abs(first), np.abs(second), where=finite, out=np.zeros_like(first))
    rounding = _ROUNDING * larger
    return np.where(finite & (np.abs(made) <= rounding), 0.0, made), rounding


def _median(values: np.ndarray) -> float:
    """The median; 0 where the two middle values are the two infinities, between which every number is one."""
    if values.size == 0:
        return math.nan
    middle = np.sort(values)[(values.size - 1) // 2 : values.size // 2 + 1]
    return 0.0 if middle[0] == -middle[-1] else float(middle.mean())


def _doubled_ranks(magnitudes: np.ndarray, rounding: np.ndarray) -> np.ndarray:
    """Twice the mid-ranks of positive numbers, which are whole numbers; infinite ones are the largest."""
    order = np.argsort(magnitudes, kind="stable")
    ordered, slack = magnitudes[order], rounding[order]
    finite = np.isfinite(ordered)
    step = np.diff(np.where(finite, ordered, 0.0)) > slack[1:] + slack[:-1]
    new = np.concatenate(([True], np.where(finite[1:], step, finite[:-1])))
    group = np.cumsum(new) - 1
    sizes = np.bincount(group)
    last = np.cumsum(sizes)
    doubled = np.empty(magnitudes.size, dtype=np.int64)
    doubled[order] = (2 * last - sizes + 1)[group]
    return doubled


def _exact_p(doubled: np.ndarray, smaller: int) -> float:
    """The share of all assignments of signs whose smaller rank sum is at most this one.

    With at most 50 ranks the counts stay below 2^53.
    """
    counts = sign_counts(doubled)
    # The distribution is symmetric, so both tails are twice the lower one, unless the two meet.
    return min(1.0, 2.0 * float(counts[: smaller + 1].sum()) / 2.0**doubled.size)


def sign_counts(ranks: np.ndarray) -> np.ndarray:
    """How many assignments of signs to whole ranks give each sum of positive ranks, from 0 on."""
    counts = np.zeros(int(ranks.sum()) + 1)
    counts[0] = 1.0
    for rank in ranks:
        counts[rank:] += counts[:-rank].copy()
    return counts


def _normal_p(doubled: np.ndarray, smaller: int) -> float:
    from scipy.special import ndtr

    ranks = doubled.astype(np.float64)
    # Each rank is added or not with probability one half: mean and variance of the sum, ties or not.
    return min(1.0, 2.0 * float(ndtr((smaller - ranks.sum() / 2) / (math.sqrt(np.square(ranks).sum()) / 2))))


def _note(nonzero: int, zeros: int) -> str:
    notes = []
    if smallest_p(nonzero) >= SIGNIFICANCE:
        notes.append(f"{nonzero} differences cannot reach p < {SIGNIFICANCE}")
    if zeros:
        notes.append(f"{zeros} zero difference{'s' if zeros > 1 else ''} left out")
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


def wins_ties_losses(
    a: Sequence[float] | np.ndarray, b: Sequence[float] | np.ndarray, *, higher_is_better: bool
) -> tuple[int, int, int]:
    """On how many images a is better than, equal to and worse than b."""
    signs = np.sign(differences(a, b))
    larger, smaller = int((signs > 0).sum()), int((signs < 0).sum())
    wins, losses = (larger, smaller) if higher_is_better else (smaller, larger)
    return wins, signs.size - larger - smaller, losses


def smallest_p(images: int) -> float:
    """The smallest two-sided p value that a signed-rank test over so many images can give, ties or not."""
    return 1.0 if images < 1 else 2.0 ** (1 - images)


def power_warning(images: int, comparisons: int = 1) -> str:
    """What so few images cannot show under Holm's correction; empty where the tests have a chance."""
    if images < 1:
        return "no image in common: nothing can be compared"
    smallest = smallest_p(images)
    if comparisons * smallest < SIGNIFICANCE:
        return ""
    corrected = f" ({min(1.0, comparisons * smallest):.4g} after Holm's correction for {comparisons} pairs)"
    return (
        f"{images} images are too few: a two-sided signed-rank test cannot give p below {smallest:.4g}"
        f"{corrected if comparisons > 1 else ''}, so no difference can be significant at p < {SIGNIFICANCE}"
    )

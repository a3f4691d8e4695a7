"""How well a metric follows people's choices between two versions of an image.

A question has the share of `votes` for its first version; `credit` is 1 where the metric prefers the first
version too, 0 where the second, 0.5 where it finds both equal. Questions on one reference are not
independent, so everything is resampled by whole references.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from srbench.statistics.correlations import RESAMPLES, SEED


@dataclass(frozen=True)
class VoteAgreement:
    """Over `n` questions: `votes` is the share of votes on the metric's side (the 2AFC score of BAPPS),
    `majority` the share of questions on which it is with more than half of the votes (NaN where people were
    divided on all), each with its 95% interval over `references`; `people` is what the best possible metric
    would reach in `votes`."""

    n: int
    references: int
    votes: float
    majority: float
    people: float
    intervals: dict[str, tuple[float, float]]


def vote_agreement(
    credit: np.ndarray, share: np.ndarray, weight: np.ndarray, references: np.ndarray
) -> VoteAgreement:
    """How a metric agrees with votes; `weight` is the number of votes on each question."""
    groups = np.unique(references, return_inverse=True)[1]
    count = int(groups.max()) + 1
    decided = share != 0.5
    # Sums by reference, above and below the line of each ratio.
    parts = {
        "votes": (weight * with_people(credit, share), weight),
        "majority": (np.where(decided, np.where(share > 0.5, credit, 1 - credit), 0.0), decided * 1.0),
    }
    sums = {
        name: tuple(np.bincount(groups, weights=side, minlength=count) for side in sides)
        for name, sides in parts.items()
    }
    intervals: dict[str, tuple[float, float]] = {}
    if count > 1:
        draws = np.random.default_rng(SEED).integers(0, count, (RESAMPLES, count))
        for name, (above, below) in sums.items():
            with np.errstate(invalid="ignore"):
                samples = above[draws].sum(axis=1) / below[draws].sum(axis=1)
            finite = samples[np.isfinite(samples)]
            if finite.size:
                low, high = np.quantile(finite, (0.025, 0.975))
                intervals[name] = (float(low), float(high))
    return VoteAgreement(
        n=credit.size,
        references=count,
        votes=_ratio(*sums["votes"]),
        majority=_ratio(*sums["majority"]),
        people=float((weight * np.maximum(share, 1 - share)).sum() / weight.sum()),
        intervals=intervals,
    )


def with_people(credit: np.ndarray, share: np.ndarray) -> np.ndarray:
    """The share of the votes on each question that are on the metric's side."""
    return credit * share + (1 - credit) * (1 - share)


def _ratio(above: np.ndarray, below: np.ndarray) -> float:
    total = float(below.sum())
    return float(above.sum()) / total if total else math.nan


def vote_difference_p(
    first: np.ndarray, second: np.ndarray, share: np.ndarray, weight: np.ndarray, references: np.ndarray
) -> float:
    """Two-sided permutation p value of the difference of two metrics' votes (their credits are given): under
    the null hypothesis they may be exchanged, for all questions on a reference together."""
    groups = np.unique(references, return_inverse=True)[1]
    gaps = np.bincount(groups, weights=weight * (with_people(first, share) - with_people(second, share)))
    signs = np.random.default_rng(SEED).choice((-1.0, 1.0), (RESAMPLES, gaps.size))
    reached = np.abs(signs @ gaps) >= abs(gaps.sum()) - 1e-9
    return (int(reached.sum()) + 1) / (RESAMPLES + 1)

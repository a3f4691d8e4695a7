"""The scoring rules of BAPPS as functions of arrays, and their confidence intervals.

Source: Zhang et al., CVPR 2018, section 3; richzhang/PerceptualSimilarity, lpips/trainer.py
(`score_2afc_dataset`, `score_jnd_dataset`) and lpips/__init__.py (`voc_ap`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

RESAMPLES = 1000
_SEED = 20180111


def two_afc(first: np.ndarray, second: np.ndarray, judgement: np.ndarray) -> np.ndarray:
    """The score of each triplet in [0, 1], float64.

    `first` and `second` are the distances of p0 and p1 to the reference, `judgement` the fraction of
    people who prefer p1. The score is the fraction that the metric agrees with, one half where the
    distances are equal.
    """
    agreed = (first < second) * (1.0 - judgement) + (second < first) * judgement
    return agreed + 0.5 * (first == second)


def human_ceiling(judgement: np.ndarray) -> np.ndarray:
    """What a person chosen at random would score on each triplet: h^2 + (1 - h)^2."""
    return judgement**2 + (1.0 - judgement) ** 2


def majority(judgement: np.ndarray) -> np.ndarray:
    """What always siding with the majority scores: the most that any metric can reach."""
    return np.maximum(judgement, 1.0 - judgement)


def average_precision(distances: np.ndarray, same: np.ndarray) -> float:
    """The area under the precision-recall curve of "the same" by rising distance, in [0, 1].

    `same` is the fraction of people who took a pair for the same. Pairs of equal distance enter
    together, so that the value does not depend on their order; without ties it is the official one.
    """
    order = np.argsort(distances, kind="stable")
    ranked, votes = distances[order], same[order]
    last_of_ties = np.append(ranked[1:] != ranked[:-1], True)
    found = np.cumsum(votes)[last_of_ties]
    wrong = np.cumsum(1.0 - votes)[last_of_ties]
    if found[-1] <= 0:
        return 0.0
    recall = np.concatenate(([0.0], found / found[-1], [1.0]))
    precision = np.concatenate(([0.0], found / (found + wrong), [0.0]))
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall) * envelope[1:]))


def resample(
    columns: Sequence[np.ndarray], references: np.ndarray, statistic: Callable[..., float]
) -> np.ndarray:
    """The statistic on `RESAMPLES` bootstrap samples of a subset's rows, drawn with a fixed seed.

    Rows of one reference (equal numbers in `references`) are drawn together: what people and metrics say of
    them is alike, so they are fewer than they seem. The draws depend on `references` only, so that the
    differences between the values of two metrics on the same rows are paired.
    """
    rng = np.random.default_rng(_SEED)
    order = np.argsort(references, kind="stable")
    counts = np.unique(references, return_counts=True)[1]
    starts = np.cumsum(counts) - counts
    values = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(0, counts.size, counts.size)
        ends = np.cumsum(counts[drawn])
        places = np.arange(ends[-1]) + np.repeat(starts[drawn] - (ends - counts[drawn]), counts[drawn])
        values.append(statistic(*(column[order[places]] for column in columns)))
    return np.array(values)


def mean_by(references: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The mean of the values of each reference, in the order of their numbers."""
    codes = np.unique(references, return_inverse=True)[1]
    return np.bincount(codes, weights=values) / np.bincount(codes)


def interval(samples: Sequence[np.ndarray]) -> tuple[float, float]:
    """95% percentile interval of the mean over subsets, from what `resample` gave for each."""
    low, high = np.quantile(np.mean(samples, axis=0), (0.025, 0.975))
    return float(low), float(high)

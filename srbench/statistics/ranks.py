"""Statistics of many methods: bootstrap intervals, Friedman's test, Nemenyi's critical difference.

Recommended for comparisons of several methods over several data sets (here: images) by Demšar, "Statistical
Comparisons of Classifiers over Multiple Data Sets", JMLR 7, 2006.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from srbench.statistics.pairs import SIGNIFICANCE, SMALLEST_SAMPLE

RESAMPLES = 9999
SEED = 0
# Below this the bootstrap distribution of a mean has too few distinct values for its tails to mean much.
SMALLEST_BOOTSTRAP = 5

BOOTSTRAP = f"95% BCa bootstrap over images, {RESAMPLES} resamples, seed {SEED}"


def bootstrap_interval(
    values: Sequence[float] | np.ndarray,
    *,
    aggregate: str = "mean",
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> tuple[float, float] | None:
    """95% bias-corrected and accelerated bootstrap interval (Efron 1987) of a data set's value.

    `aggregate` is "mean" or "root-mean-square". None for fewer than five values or infinite ones. The
    same values in the same order give the same interval on every machine.
    """
    sample = np.asarray(values, dtype=np.float64)
    if sample.size < SMALLEST_BOOTSTRAP or not np.isfinite(sample).all():
        return None
    if np.all(sample == sample[0]):
        return float(sample[0]), float(sample[0])
    from scipy import stats

    squared = aggregate == "root-mean-square"
    result = stats.bootstrap(
        (sample**2 if squared else sample,),
        np.mean,
        n_resamples=resamples,
        method="BCa",
        vectorized=True,
        rng=np.random.default_rng(seed),
    )
    low, high = (float(bound) for bound in result.confidence_interval)
    # BCa respects monotone transformations, so the interval of the root is the root of the interval.
    return (math.sqrt(low), math.sqrt(high)) if squared else (low, high)


@dataclass(frozen=True)
class RankTest:
    """Friedman's test of `k` methods over `n` images, with Nemenyi's critical difference.

    `ranks` are mean ranks by method, 1 is best. Two methods differ at the 5% level when their mean ranks
    differ by more than `critical_difference`; `groups` are the maximal runs of methods, best first, that
    do not.
    """

    n: int
    k: int
    statistic: float
    p_value: float
    ranks: dict[str, float]
    critical_difference: float
    groups: tuple[tuple[str, ...], ...]

    @property
    def significant(self) -> bool:
        """Whether the methods differ at all."""
        return self.p_value < SIGNIFICANCE


def rank_test(by_method: dict[str, dict[str, float]], *, higher_is_better: bool) -> RankTest | None:
    """Friedman's test over the images that all methods have; None for fewer than three methods or images.

    `by_method` holds values by method and image. Equal values share their mean rank.
    """
    common = common_images(by_method)
    if len(by_method) < 3 or len(common) < 3:
        return None
    from scipy import stats

    table = np.array([[values[image] for image in common] for values in by_method.values()])
    ranks = stats.rankdata(-table if higher_is_better else table, axis=0)
    # Ranks stand for the values, so that infinite ones and the direction need no special case.
    all_equal = bool(np.all(ranks == ranks[0]))
    statistic, p_value = (0.0, 1.0) if all_equal else stats.friedmanchisquare(*ranks)
    means = dict(zip(by_method, ranks.mean(axis=1).tolist(), strict=True))
    ordered = dict(sorted(means.items(), key=lambda item: (item[1], item[0])))
    difference = critical_difference(len(by_method), len(common))
    return RankTest(
        n=len(common),
        k=len(by_method),
        statistic=float(statistic),
        p_value=float(p_value),
        ranks=ordered,
        critical_difference=difference,
        groups=indistinct_groups(ordered, difference),
    )


def common_images(by_method: dict[str, dict[str, float]]) -> list[str]:
    """The images that every method has a value for, by name."""
    sets = [set(values) for values in by_method.values()]
    return sorted(set.intersection(*sets)) if sets else []


def critical_difference(methods: int, images: int, *, significance: float = SIGNIFICANCE) -> float:
    """Nemenyi's critical difference of mean ranks (Demšar 2006, section 3.2.2)."""
    from scipy import stats

    q = float(stats.studentized_range.ppf(1 - significance, methods, math.inf)) / math.sqrt(2)
    return q * math.sqrt(methods * (methods + 1) / (6 * images))


def nemenyi_p(rank_a: float, rank_b: float, methods: int, images: int) -> float:
    """Nemenyi's two-sided p value of a difference of two mean ranks."""
    from scipy import stats

    error = math.sqrt(methods * (methods + 1) / (6 * images))
    return float(stats.studentized_range.sf(abs(rank_a - rank_b) / error * math.sqrt(2), methods, math.inf))


def indistinct_groups(ranks: dict[str, float], difference: float) -> tuple[tuple[str, ...], ...]:
    """The maximal sets of two or more methods whose mean ranks lie within the critical difference."""
    names = sorted(ranks, key=lambda name: (ranks[name], name))
    groups: list[tuple[str, ...]] = []
    for start, first in enumerate(names):
        group = tuple(name for name in names[start:] if ranks[name] - ranks[first] <= difference)
        if len(group) > 1 and not (groups and set(group) <= set(groups[-1])):
            groups.append(group)
    return tuple(groups)


def wins_ties_losses(
    a: dict[str, float], b: dict[str, float], *, higher_is_better: bool
) -> tuple[int, int, int]:
    """On how many images a is better than, equal to and worse than b, of those that both have."""
    signs = [(a[image] > b[image]) - (a[image] < b[image]) for image in sorted(a.keys() & b.keys())]
    wins, losses = signs.count(1), signs.count(-1)
    return (wins, signs.count(0), losses) if higher_is_better else (losses, signs.count(0), wins)


def power_warning(images: int) -> str:
    """What so few images cannot show; empty where the tests have a chance."""
    if images >= SMALLEST_SAMPLE:
        return ""
    if images < 1:
        return "no image in common: nothing can be compared"
    smallest = 2.0 ** (1 - images)
    return (
        f"{images} images are too few: a two-sided signed-rank test cannot give p below {smallest:.4g}, "
        f"so no difference can be significant at p < {SIGNIFICANCE}"
    )

"""Statistics of many methods over the same images: Friedman's test, what pairwise tests cannot tell apart.

Recommended for comparisons of several methods over several data sets (here: images) by Demšar, "Statistical
Comparisons of Classifiers over Multiple Data Sets", JMLR 7, 2006; pairwise signed-rank tests with Holm's
correction in place of Nemenyi's test by Benavoli, Corani and Mangili, JMLR 17, 2016, because a pair's verdict
then does not depend on which other methods stand in the table.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from srbench.statistics.pairs import EXACT_UP_TO, SIGNIFICANCE

Distribution = Literal["exact", "permutation", "chi-squared"]
# Twice the ranks within one image, in rising order: two methods that tie share an odd number.
Pattern = tuple[int, ...]

PERMUTATIONS = 9999
SEED = 0
# Rank sums that an enumeration may form; more would take longer than the permutation test.
_ENUMERATED = 500_000

DISTRIBUTIONS: dict[Distribution, str] = {
    "exact": "exact",
    "permutation": f"{PERMUTATIONS} random permutations, seed {SEED}",
    "chi-squared": "χ² approximation",
}


@dataclass(frozen=True)
class RankTest:
    """Friedman's test of `k` methods over `n` images.

    `ranks` are mean ranks by method, best (1) first. `statistic` is Friedman's chi-squared with correction
    for ties; the p value comes from the `distribution`.
    """

    n: int
    k: int
    statistic: float
    p_value: float
    distribution: Distribution
    ranks: dict[str, float]

    @property
    def significant(self) -> bool:
        """Whether the methods differ at all."""
        return self.p_value < SIGNIFICANCE

    @property
    def p_text(self) -> str:
        """The p value with its distribution, as printed; a drawn one is no smaller than one in the draws."""
        least = self.distribution == "permutation" and self.p_value * (1 + PERMUTATIONS) < 1.5
        words = (
            f"{'≤' if least else '='} {self.p_value:.2g}" if self.p_value else "< 1e-300"
        )  # beyond float64
        return f"p {words} ({DISTRIBUTIONS[self.distribution]})"


def rank_test(by_method: dict[str, dict[str, float]], *, higher_is_better: bool) -> RankTest | None:
    """Friedman's test over the images that all methods have; None for fewer than three methods or images.

    `by_method` holds values by method and image. Equal values share their mean rank. The p value counts
    all orders of the ranks within the images where they can be enumerated, else up to 50 images it is that
    of a permutation test, whose draws depend on nothing but the ties, and beyond chi-squared.
    """
    common = common_images(by_method)
    if len(by_method) < 3 or len(common) < 3:
        return None
    from scipy import stats

    table = np.array([[values[image] for image in common] for values in by_method.values()])
    # Doubled, ranks and their sums are whole numbers and compare exactly.
    doubled = np.rint(2 * stats.rankdata(-table if higher_is_better else table, axis=0)).astype(np.int64)
    sums = doubled.sum(axis=1)
    statistic = _statistic(doubled)
    p_value, distribution = _friedman_p(doubled, statistic)
    means = dict(zip(by_method, (sums / (2 * len(common))).tolist(), strict=True))
    return RankTest(
        n=len(common),
        k=len(by_method),
        statistic=statistic,
        p_value=p_value,
        distribution=distribution,
        ranks=dict(sorted(means.items(), key=lambda item: (item[1], item[0]))),
    )


def common_images(by_method: dict[str, dict[str, float]]) -> list[str]:
    """The images that every method has a value for, by name."""
    sets = [set(values) for values in by_method.values()]
    return sorted(set.intersection(*sets)) if sets else []


def _statistic(doubled: np.ndarray) -> float:
    """Friedman's chi-squared of k x n doubled ranks, corrected for ties; 0 where all methods tie."""
    k, n = doubled.shape
    within = float(np.square(doubled - (k + 1)).sum())
    between = float(np.square(doubled.sum(axis=1) - n * (k + 1)).sum())
    return (k - 1) * between / within if within else 0.0


def _friedman_p(doubled: np.ndarray, statistic: float) -> tuple[float, Distribution]:
    from scipy.special import chdtrc

    k, n = doubled.shape
    # The images' order and the methods' are forgotten, so that neither moves a drawn permutation.
    patterns = tuple(sorted(tuple(sorted(image)) for image in doubled.T.tolist()))
    observed = int(np.square(doubled.sum(axis=1)).sum())
    exact = _enumerated(patterns)
    if exact is not None:
        squares, share = exact
        return min(1.0, float(share[squares >= observed].sum())), "exact"
    if n <= EXACT_UP_TO:
        at_least = int((_permuted(patterns) >= observed).sum())
        return (1 + at_least) / (1 + PERMUTATIONS), "permutation"
    return float(chdtrc(k - 1, statistic)), "chi-squared"


@lru_cache(maxsize=32)
def _enumerated(patterns: tuple[Pattern, ...]) -> tuple[np.ndarray, np.ndarray] | None:
    """Every sum of squared rank sums that these images can give, with its share; None where too many.

    All orders within an image are equally likely, so rank sums that differ by the order of the methods
    are one, and image by image only sorted sums are kept.
    """
    k = len(patterns[0])
    # Rank sums are told apart as one number each, whose digits they are; the first follows from the others.
    base = 2 * k * len(patterns) + 1
    if 2 * math.factorial(k) > _ENUMERATED or base ** (k - 1) >= 2**63:
        return None
    digits = base ** np.arange(k - 1)
    sums: np.ndarray = np.array([patterns[0]])
    share: np.ndarray = np.ones(1)
    formed = 0
    for pattern in patterns[1:]:
        orders = np.array(sorted(set(itertools.permutations(pattern))))
        formed += len(sums) * len(orders)
        if formed > _ENUMERATED:
            return None
        made = np.sort((sums[:, None] + orders[None]).reshape(-1, k), axis=1)
        _, first, place = np.unique(made[:, 1:] @ digits, return_index=True, return_inverse=True)
        sums, share = made[first], np.bincount(place, np.repeat(share / len(orders), len(orders)))
    return np.square(sums).sum(axis=1), share


@lru_cache(maxsize=32)
def _permuted(patterns: tuple[Pattern, ...]) -> np.ndarray:
    """Sums of squared rank sums after shuffling the ranks within each image, `PERMUTATIONS` times."""
    rng = np.random.default_rng(SEED)
    sums = np.zeros((PERMUTATIONS, len(patterns[0])), dtype=np.int64)
    for pattern in patterns:
        sums += rng.permuted(np.tile(pattern, (PERMUTATIONS, 1)), axis=1)
    return np.square(sums).sum(axis=1)


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


def indistinct_groups(
    names: Sequence[str], told_apart: Collection[frozenset[str]]
) -> tuple[tuple[str, ...], ...]:
    """The maximal sets of two or more methods of which no two are told apart, in the order of `names`.

    Being told apart is not transitive: of three methods the outer two may differ and neither from the
    third, and methods that are not may have another one between their mean ranks that is.
    """
    alike = {
        name: {other for other in names if other != name and frozenset((name, other)) not in told_apart}
        for name in names
    }
    found: list[tuple[str, ...]] = []

    def extend(group: set[str], open_to: set[str], done: set[str]) -> None:
        """Bron and Kerbosch's enumeration of maximal cliques (1973), with a pivot."""
        if not open_to and not done:
            found.append(tuple(name for name in names if name in group))
            return
        pivot = max(sorted(open_to | done), key=lambda name: len(alike[name] & open_to))
        for name in sorted(open_to - alike[pivot]):
            extend(group | {name}, open_to & alike[name], done & alike[name])
            open_to = open_to - {name}
            done = done | {name}

    extend(set(), set(names), set())
    place = {name: index for index, name in enumerate(names)}
    return tuple(sorted((group for group in found if len(group) > 1), key=lambda g: [place[n] for n in g]))

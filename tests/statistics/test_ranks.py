"""Rank tests against every order of the ranks, SciPy, scikit-posthocs and printed tables."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from srbench.statistics.ranks import (
    PERMUTATIONS,
    critical_difference,
    indistinct_groups,
    nemenyi_p,
    rank_test,
)


def _methods(k: int, n: int, seed: int = 0, levels: int = 0) -> dict[str, dict[str, float]]:
    """Values of k methods on n images, the later methods better; whole numbers below `levels` if given."""
    generator = np.random.default_rng(seed)
    drawn = generator.integers(0, levels, (k, n)) if levels else generator.normal(size=(k, n))
    return {
        f"m{index}": {
            f"i{image:03d}": float(drawn[index, image]) + 0.3 * index * (not levels) for image in range(n)
        }
        for index in range(k)
    }


# Table 5(a) of Demšar, JMLR 7, 2006: critical values for the two-tailed Nemenyi test at 0.05.
@pytest.mark.parametrize(
    ("methods", "q"),
    [
        (2, 1.960),
        (3, 2.343),
        (4, 2.569),
        (5, 2.728),
        (6, 2.850),
        (7, 2.949),
        (8, 3.031),
        (9, 3.102),
        (10, 3.164),
    ],
)
def test_critical_difference_has_the_printed_critical_values(methods: int, q: float):
    # To one unit of the last printed digit, because the printed ones are cut in places.
    assert critical_difference(methods, 1) / math.sqrt(methods * (methods + 1) / 6) == pytest.approx(
        q, abs=1e-3
    )


def test_critical_difference_of_demsars_example():
    # Section 3.2.2: four classifiers on 14 data sets, CD = 2.569 sqrt(4 5 / (6 14)) = 1.25.
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)


def test_friedman_agrees_with_demsars_example():
    # Table 6 of the paper: mean ranks 3.143, 2.000, 2.893, 1.964 of C4.5 variants on 14 data sets and
    # Friedman's chi-square 9.28 without correction for ties.
    auc = np.array(
        [
            [0.763, 0.768, 0.771, 0.798], [0.599, 0.591, 0.590, 0.569], [0.954, 0.971, 0.968, 0.967],
            [0.628, 0.661, 0.654, 0.657], [0.882, 0.888, 0.886, 0.898], [0.936, 0.931, 0.916, 0.931],
            [0.661, 0.668, 0.609, 0.685], [0.583, 0.583, 0.563, 0.625], [0.775, 0.838, 0.866, 0.875],
            [1.000, 1.000, 1.000, 1.000], [0.940, 0.962, 0.965, 0.962], [0.619, 0.666, 0.614, 0.669],
            [0.972, 0.981, 0.9751, 0.975], [0.957, 0.978, 0.946, 0.970],
        ]
    )  # fmt: skip
    by_method = {
        name: {f"{row:02d}": float(value) for row, value in enumerate(auc[:, column])}
        for column, name in enumerate(("C4.5", "+m", "+cf", "+m+cf"))
    }
    test = rank_test(by_method, higher_is_better=True)
    assert test is not None
    assert test.ranks == pytest.approx({"C4.5": 3.143, "+m": 2.000, "+cf": 2.893, "+m+cf": 1.964}, abs=6e-4)
    uncorrected = 12 * 14 / (4 * 5) * (sum(rank**2 for rank in test.ranks.values()) - 4 * 25 / 4)
    assert uncorrected == pytest.approx(9.28, abs=0.005)
    assert test.statistic == pytest.approx(stats.friedmanchisquare(*(-auc.T)).statistic)
    assert test.significant


@pytest.mark.parametrize(("k", "n", "levels"), [(5, 30, 0), (4, 25, 3), (12, 6, 0)])
@pytest.mark.parametrize("higher", [True, False])
def test_friedmans_statistic_agrees_with_scipy_in_both_directions(k: int, n: int, levels: int, higher: bool):
    by_method = _methods(k, n, levels=levels)
    table = np.array([list(values.values()) for values in by_method.values()])
    test = rank_test(by_method, higher_is_better=higher)
    assert test is not None
    assert test.statistic == pytest.approx(stats.friedmanchisquare(*table).statistic)
    ranks = stats.rankdata(-table if higher else table, axis=0).mean(axis=1)
    assert test.ranks == pytest.approx(dict(zip(by_method, ranks, strict=True)))
    assert list(test.ranks.values()) == sorted(test.ranks.values())


def test_beyond_fifty_images_chi_squared_as_scipy_has_it():
    by_method = _methods(6, 60)
    expected = stats.friedmanchisquare(*[list(values.values()) for values in by_method.values()])
    test = rank_test(by_method, higher_is_better=True)
    assert test is not None
    assert test.distribution == "chi-squared"
    assert test.p_value == pytest.approx(expected.pvalue, rel=1e-9)


def _every_order(table: np.ndarray) -> float:
    """The share of all orders of the ranks within the images whose rank sums spread as much."""
    ranks = np.rint(2 * stats.rankdata(table, axis=0)).astype(int)
    observed = (ranks.sum(axis=1) ** 2).sum()
    spread = [
        (np.sum(chosen, axis=0) ** 2).sum()
        for chosen in itertools.product(*(list(itertools.permutations(image)) for image in ranks.T.tolist()))
    ]
    return float(np.mean(np.array(spread) >= observed))


@pytest.mark.parametrize(("k", "n"), [(3, 3), (3, 5), (4, 3)])
@pytest.mark.parametrize("levels", [0, 2, 3])
def test_small_tables_are_exact_ties_or_not(k: int, n: int, levels: int):
    for seed in range(2):
        by_method = _methods(k, n, seed, levels)
        test = rank_test(by_method, higher_is_better=True)
        assert test is not None
        assert test.distribution == "exact"
        table = np.array([list(values.values()) for values in by_method.values()])
        assert test.p_value == pytest.approx(_every_order(table), abs=1e-12)


# Exact upper tails of Friedman's chi-squared, as tables print them (Siegel and Castellan 1988, table M;
# Friedman 1937): methods, images, statistic, probability.
@pytest.mark.parametrize(
    ("k", "n", "statistic", "p"),
    [(3, 3, 6.0, 0.028), (3, 4, 6.5, 0.042), (3, 4, 8.0, 0.0046), (3, 9, 6.222, 0.048), (4, 3, 7.4, 0.033),
     (4, 3, 9.0, 0.0017), (4, 4, 7.8, 0.036)],
)  # fmt: skip
def test_printed_tables_of_friedmans_test(k: int, n: int, statistic: float, p: float):
    generator = np.random.default_rng(k * n)
    for _ in range(20_000):
        table = np.array([generator.permutation(k) for _ in range(n)])
        sums = table.sum(axis=0) - n * (k - 1) / 2
        if 12 / (n * k * (k + 1)) * (sums**2).sum() == pytest.approx(statistic, abs=1e-3):
            break
    by_method = {f"m{m}": {f"i{i}": float(table[i, m]) for i in range(n)} for m in range(k)}
    test = rank_test(by_method, higher_is_better=True)
    assert test is not None
    assert test.statistic == pytest.approx(statistic, abs=1e-3)
    assert test.p_value == pytest.approx(p, abs=6e-4)


def test_too_many_orders_are_drawn_and_agree_with_scipys_permutation_test():
    by_method = _methods(5, 12, seed=4)
    test = rank_test(by_method, higher_is_better=True)
    assert test is not None
    assert test.distribution == "permutation"
    assert (test.p_value * (PERMUTATIONS + 1)) % 1 == pytest.approx(0, abs=1e-6)
    table = np.array([list(values.values()) for values in by_method.values()])

    def spread(*methods: np.ndarray) -> float:
        return stats.friedmanchisquare(*methods).statistic

    drawn = stats.permutation_test(
        tuple(table), spread, permutation_type="samples", n_resamples=2000, alternative="greater",
        rng=np.random.default_rng(1),
    )  # fmt: skip
    assert test.p_value == pytest.approx(drawn.pvalue, abs=4 * math.sqrt(0.25 / 2000))


def test_a_drawn_p_value_is_never_zero():
    by_method = {f"m{m}": {f"i{i}": float(m) for i in range(12)} for m in range(9)}
    test = rank_test(by_method, higher_is_better=True)
    assert test is not None
    assert test.p_value == 1 / (1 + PERMUTATIONS)
    assert test.p_text == "p ≤ 0.0001 (9999 random permutations, seed 0)"


@pytest.mark.parametrize(("k", "n", "levels"), [(3, 8, 0), (6, 12, 0), (6, 12, 4), (5, 60, 0)])
def test_neither_order_nor_units_change_a_rank_test(k: int, n: int, levels: int):
    by_method = _methods(k, n, 7, levels)
    found = rank_test(by_method, higher_is_better=True)
    turned = {
        name: {image: -255 * value for image, value in reversed(values.items())}
        for name, values in reversed(by_method.items())
    }
    assert rank_test(turned, higher_is_better=False) == found
    renamed = {
        name: {f"{99 - int(image[1:])}": v for image, v in values.items()}
        for name, values in by_method.items()
    }
    assert rank_test(renamed, higher_is_better=True) == found


def test_an_image_that_one_method_lacks_changes_nothing():
    by_method = _methods(4, 9, 2)
    more = {name: values | ({} if name == "m0" else {"more": 1.0}) for name, values in by_method.items()}
    assert rank_test(more, higher_is_better=True) == rank_test(by_method, higher_is_better=True)


def test_the_rank_test_keeps_its_level_under_no_difference():
    generator = np.random.default_rng(3)
    trials = 500
    rejected = 0
    for _ in range(trials):
        drawn = generator.normal(size=(4, 5))
        by_method = {f"m{m}": {f"i{i}": float(drawn[m, i]) for i in range(5)} for m in range(4)}
        test = rank_test(by_method, higher_is_better=True)
        rejected += test is not None and test.significant
    assert 0.01 < rejected / trials < 0.05 + 3 * math.sqrt(0.05 * 0.95 / trials)


def test_nemenyi_agrees_with_scikit_posthocs():
    posthocs = pytest.importorskip("scikit_posthocs")
    by_method = _methods(6, 25, seed=3)
    test = rank_test(by_method, higher_is_better=True)
    assert test is not None
    table = np.array([list(values.values()) for values in by_method.values()]).T
    expected = posthocs.posthoc_nemenyi_friedman(-table).to_numpy()
    for i, a in enumerate(by_method):
        for j, b in enumerate(by_method):
            if i < j:
                ours = nemenyi_p(test.ranks[a], test.ranks[b], 6, 25)
                assert ours == pytest.approx(expected[i, j], abs=1e-6)
                beyond = abs(test.ranks[a] - test.ranks[b]) > critical_difference(6, 25)
                assert beyond == (ours < 0.05)


def test_ranks_know_infinite_values_and_ties():
    by_method = {
        "a": {"x": math.inf, "y": 3.0, "z": 1.0},
        "b": {"x": 2.0, "y": 3.0, "z": 2.0},
        "c": {"x": 1.0, "y": 1.0, "z": 0.0, "more": 9.0},
    }
    test = rank_test(by_method, higher_is_better=True)
    assert test is not None
    assert (test.n, test.k) == (3, 3)
    assert test.ranks == pytest.approx({"a": (1 + 1.5 + 2) / 3, "b": (2 + 1.5 + 1) / 3, "c": 3.0})


def test_no_difference_at_all_is_no_significance():
    test = rank_test({name: dict.fromkeys("abcd", 1.0) for name in "xyz"}, higher_is_better=True)
    assert test is not None
    assert (test.p_value, test.statistic, test.significant) == (1.0, 0.0, False)


def test_too_little_to_rank():
    assert rank_test(_methods(2, 10), higher_is_better=True) is None
    assert rank_test(_methods(4, 2), higher_is_better=True) is None
    assert rank_test({"a": {"x": 1.0}, "b": {"y": 1.0}, "c": {"z": 1.0}}, higher_is_better=True) is None
    assert rank_test({}, higher_is_better=True) is None


def _apart(*pairs: str) -> set[frozenset[str]]:
    return {frozenset(pair) for pair in pairs}


def test_groups_are_maximal_and_need_not_be_neighbours():
    assert indistinct_groups("abcd", _apart("ad", "bd", "cd")) == (("a", "b", "c"),)
    assert indistinct_groups("abcd", _apart("ac", "ad", "bd", "cd")) == (("a", "b"), ("b", "c"))
    # The outer two are alike, the one between differs from both.
    assert indistinct_groups("abc", _apart("ab", "bc")) == (("a", "c"),)
    assert indistinct_groups("abc", set()) == (("a", "b", "c"),)
    assert indistinct_groups("ab", _apart("ab")) == ()
    assert indistinct_groups("", set()) == ()


@given(st.integers(0, 2**21 - 1))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_groups_are_those_of_the_definition(edges: int):
    names = "abcdefg"
    pairs = list(itertools.combinations(names, 2))
    apart = {frozenset(pair) for index, pair in enumerate(pairs) if edges >> index & 1}

    def alike(group: tuple[str, ...]) -> bool:
        return not any(frozenset(pair) in apart for pair in itertools.combinations(group, 2))

    cliques = [set(g) for size in range(2, 8) for g in itertools.combinations(names, size) if alike(g)]
    maximal = [clique for clique in cliques if not any(clique < other for other in cliques)]
    found = indistinct_groups(names, apart)
    assert sorted(map(sorted, found)) == sorted(map(sorted, maximal))


def test_a_p_value_that_float64_cannot_hold_is_not_called_zero() -> None:
    by_method = {f"m{m}": {str(i): m + i % 3 / 10 for i in range(200)} for m in range(20)}
    test = rank_test(by_method, higher_is_better=True)
    assert test is not None
    assert test.statistic == pytest.approx(200 * 19)  # every image ranks alike
    assert test.p_text == "p < 1e-300 (χ² approximation)"

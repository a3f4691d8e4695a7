"""Paired tests against every assignment of signs, scipy, statsmodels and the formulas."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from srbench.statistics.pairs import (
    differences,
    holm,
    power_warning,
    smallest_p,
    wilcoxon,
    wins_ties_losses,
)


def enumerated_p(found: list[float]) -> float:
    """The two-sided p value by trying every assignment of signs to the mid-ranks of the differences."""
    nonzero = np.array([value for value in found if value != 0])
    ranks = stats.rankdata(np.abs(nonzero))
    total = ranks.sum()
    smaller = min(ranks[nonzero > 0].sum(), ranks[nonzero < 0].sum())
    signs = np.array(list(itertools.product((0, 1), repeat=len(ranks)))).reshape(-1, len(ranks))
    positive = signs @ ranks
    return float(np.mean(np.minimum(positive, total - positive) <= smaller))


@pytest.mark.parametrize("n", [1, 2, 3, 5, 6, 8, 12])
@pytest.mark.parametrize("levels", [1, 2, 3, 6, 1000])
def test_small_samples_are_exact_ties_or_not(n: int, levels: int) -> None:
    generator = np.random.default_rng(n + levels)
    for _ in range(4):
        found = (generator.integers(1, levels + 1, n) * generator.choice([-1, 1], n)).astype(float)
        test = wilcoxon(found, np.zeros(n))
        assert test.p_value == pytest.approx(enumerated_p(list(found)), abs=1e-12)
        assert test.distribution == "exact"


@pytest.mark.parametrize("n", [3, 4, 5, 6, 8])
def test_equal_differences_cannot_beat_the_sign_test(n: int) -> None:
    # All signs equal: 2 of 2^n assignments. A normal approximation says 0.0253 for five.
    images = np.linspace(20, 40, n)
    assert wilcoxon(images + 0.1, images).p_value == 2 / 2**n


@pytest.mark.parametrize("n", [6, 20, 50])
def test_equals_scipy_without_ties(n: int) -> None:
    generator = np.random.default_rng(n)
    a = generator.normal(30, 3, n)
    b = a + generator.normal(0.1, 0.3, n)
    expected = stats.wilcoxon(a, b, method="exact")
    found = wilcoxon(a, b)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.statistic == expected.statistic
    assert found.median_difference == np.median(a - b)
    assert (found.n, found.zeros, found.note) == (n, 0, "")


@pytest.mark.parametrize("levels", [3, 1000])
def test_equals_scipys_approximation_beyond_fifty(levels: int) -> None:
    found = np.random.default_rng(levels).integers(-levels, levels + 2, 150).astype(float)
    test = wilcoxon(found, np.zeros(150))
    expected = stats.wilcoxon(found, zero_method="wilcox", correction=False, method="asymptotic")
    assert test.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert test.statistic == expected.statistic
    assert test.distribution == "normal"


@pytest.mark.parametrize("levels", [5, 1000])
def test_the_count_and_the_approximation_meet(levels: int) -> None:
    generator = np.random.default_rng(levels)
    for _ in range(20):
        found = generator.integers(1, levels + 1, 50) * generator.choice([-1.0, 1.0], 50, p=[0.4, 0.6])
        approximate = stats.wilcoxon(found, correction=False, method="asymptotic").pvalue
        assert wilcoxon(found, np.zeros(50)).p_value == pytest.approx(approximate, abs=0.02)


def test_zero_differences_are_left_out_and_said() -> None:
    a = np.array([1.0, 2, 3, 4, 5, 6, 7, 8])
    b = a + np.array([0, 0.1, 0.2, -0.3, 0.4, 0.5, 0.6, 0])
    found = wilcoxon(a, b)
    assert (found.n, found.zeros) == (8, 2)
    assert found.p_value == pytest.approx(enumerated_p(list(a - b)), abs=1e-12)
    assert found.median_difference == pytest.approx(np.median(a - b))
    assert found.note == "2 zero differences left out"


def test_only_nonzero_differences_count_for_the_power() -> None:
    found = wilcoxon([1.0, 2, 3, 4, 5, 6, 7], [1.0, 2, 0, 0, 0, 0, 0])
    assert found.p_value == 2 / 2**5
    assert found.note == "5 differences cannot reach p < 0.05; 2 zero differences left out"


def test_rounding_makes_neither_differences_nor_ranks() -> None:
    # 0.3 - 0.1, 0.2 - 0.0 and 0.7 - 0.5 are all 0.2, but not to the last bit.
    a, b = np.array([0.3, 0.2, 0.7, 0.1 + 0.2]), np.array([0.1, 0.0, 0.5, 0.3])
    assert len(set((a - b).tolist())) == 4
    found = wilcoxon(a, b)
    assert (found.zeros, found.p_value) == (1, 2 / 2**3)
    against = wilcoxon([0.3, 0.0, 0.7, 0.5], [0.1, 0.2, 0.5, 0.7])
    assert (against.p_value, against.rank_biserial) == (1.0, 0.0)
    assert differences([0.1 + 0.2], [0.3]).tolist() == [0.0]
    assert wins_ties_losses([0.1 + 0.2, 2.0], [0.3, 1.0], higher_is_better=True) == (1, 1, 0)


def test_all_differences_zero() -> None:
    found = wilcoxon([1.0, 2.0, math.inf], [1.0, 2.0, math.inf])
    assert (found.n, found.zeros, found.p_value, found.rank_biserial) == (3, 3, 1.0, 0.0)
    assert found.median_difference == 0
    assert found.note == "all differences are zero"


def test_nothing_in_common() -> None:
    found = wilcoxon([], [])
    assert (found.n, found.p_value) == (0, 1.0)
    assert math.isnan(found.median_difference)
    assert found.note == "no image has both values"


@pytest.mark.parametrize("n", range(1, 6))
def test_fewer_than_six_cannot_be_significant_and_say_so(n: int) -> None:
    found = wilcoxon(np.arange(1.0, n + 1), np.zeros(n))
    assert found.p_value == smallest_p(n) == 2 * 0.5**n
    assert f"{n} differences cannot reach p < 0.05" in found.note


def test_six_can() -> None:
    found = wilcoxon(np.arange(1.0, 7), np.zeros(6))
    assert found.p_value == 2 / 64
    assert found.note == ""


def test_rank_biserial_by_hand() -> None:
    # Differences 1, -2, 3, 4: ranks 1, 2, 3, 4; (8 - 2) / 10. Zero differences have no rank.
    assert wilcoxon([1, 0, 3, 4], [0, 2, 0, 0]).rank_biserial == pytest.approx(0.6)
    assert wilcoxon([1, 0, 3, 4, 9, 9], [0, 2, 0, 0, 9, 9]).rank_biserial == pytest.approx(0.6)
    assert wilcoxon([5, 6, 7], [1, 1, 1]).rank_biserial == 1
    assert wilcoxon([1, 1, 1], [5, 6, 7]).rank_biserial == -1
    # Mid-ranks: differences 1, 1, -1, 2 rank 2, 2, 2, 4.
    assert wilcoxon([1, 1, 0, 2], [0, 0, 1, 0]).rank_biserial == pytest.approx((8 - 2) / 10)


_VALUES = st.one_of(st.integers(-9, 9).map(float), st.sampled_from([math.inf, -math.inf]))
_PAIRS = st.lists(st.tuples(_VALUES, _VALUES), min_size=1, max_size=20)


@given(_PAIRS, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_the_order_of_images_changes_nothing(pairs: list[tuple[float, float]], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(pairs)
    random.shuffle(shuffled)
    assert wilcoxon(*zip(*pairs, strict=True)) == wilcoxon(*zip(*shuffled, strict=True))


@given(_PAIRS)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_swapping_the_methods_changes_the_sign_only(pairs: list[tuple[float, float]]) -> None:
    a, b = zip(*pairs, strict=True)
    one, other = wilcoxon(a, b), wilcoxon(b, a)
    assert one.p_value == other.p_value
    assert one.median_difference == -other.median_difference
    assert one.rank_biserial == -other.rank_biserial
    assert 0 < one.p_value <= 1
    assert one.note == other.note


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=20))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_other_units_change_nothing_but_the_median(pairs: list[tuple[int, int]]) -> None:
    a, b = (np.array(side) / 10 for side in zip(*pairs, strict=True))
    in_levels, in_units = wilcoxon(a * 255, b * 255), wilcoxon(a, b)
    assert in_levels.p_value == in_units.p_value
    assert in_levels.rank_biserial == in_units.rank_biserial
    assert in_levels.zeros == in_units.zeros
    assert in_levels.median_difference == pytest.approx(255 * in_units.median_difference)


@given(_PAIRS)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_an_image_without_a_difference_changes_no_p_value(pairs: list[tuple[float, float]]) -> None:
    a, b = zip(*pairs, strict=True)
    found, more = wilcoxon(a, b), wilcoxon((*a, 5.0), (*b, 5.0))
    assert (found.p_value, found.rank_biserial) == (more.p_value, more.rank_biserial)
    assert (found.n, found.zeros) == (more.n - 1, more.zeros - 1)


def test_an_infinite_value_is_the_largest_difference() -> None:
    finite = np.array([30.0, 31, 29, 28, 33, 35, 27])
    worse = finite - np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    infinite = finite.copy()
    infinite[0] = math.inf
    large = finite.copy()
    large[0] = 1000.0
    with np.errstate(all="raise"):
        found = wilcoxon(infinite, worse)
    assert found.p_value == wilcoxon(large, worse).p_value
    assert found.rank_biserial == 1
    assert math.isfinite(found.median_difference)


def test_infinite_differences_of_both_signs_are_equally_large() -> None:
    with np.errstate(all="raise"):
        found = wilcoxon([math.inf, 30.0], [30.0, math.inf])
    assert (found.p_value, found.median_difference, found.rank_biserial) == (1.0, 0.0, 0.0)
    a = [math.inf, 30.0, 30.0, 29.0, 31.0, math.inf, 28.0]
    b = [30.0, math.inf, 29.0, 28.5, 29.0, math.inf, 28.0]
    # Ranks of +inf, -inf, 1, 0.5, 2 are 4.5, 4.5, 2, 1, 3: as if both were 1000.
    found = wilcoxon(a, b)
    assert (found.zeros, found.statistic) == (2, 4.5)
    assert found.p_value == enumerated_p([1000.0, -1000.0, 1.0, 0.5, 2.0])


def test_what_is_no_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        wilcoxon([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="must not hold NaN"):
        wilcoxon([1, math.nan], [1, 2])


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),  # multiplied by 3, 1, 2, 4; then monotone
        ([0.5, 0.6], [1.0, 1.0]),
        ([0.04], [0.04]),
        ([], []),
        ([0.01, 0.01, 0.01], [0.03, 0.03, 0.03]),
        ([0.0, 1.0], [0.0, 1.0]),
    ],
)
def test_holm_by_hand(p_values: list[float], expected: list[float]) -> None:
    assert holm(p_values) == pytest.approx(expected)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_holm_is_the_definition_and_monotone(p_values: list[float]) -> None:
    ordered = sorted(p_values)
    n = len(ordered)
    corrected = holm(p_values)
    for p, adjusted in zip(p_values, corrected, strict=True):
        last = max(index for index, value in enumerate(ordered) if value <= p)
        assert adjusted == min(1.0, max((n - j) * ordered[j] for j in range(last + 1)))
        assert p <= adjusted <= 1
    by_size = [adjusted for _, adjusted in sorted(zip(p_values, corrected, strict=True))]
    assert by_size == sorted(by_size)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0, 1))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_another_comparison_makes_no_p_value_smaller(p_values: list[float], more: float) -> None:
    assert all(one <= other for one, other in zip(holm(p_values), holm([*p_values, more]), strict=False))


def test_holm_equals_statsmodels() -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    p_values = np.random.default_rng(1).uniform(0, 0.2, 30)
    assert holm(list(p_values)) == pytest.approx(multitest.multipletests(p_values, method="holm")[1])


@pytest.mark.parametrize("levels", [2, 1000])
def test_the_test_keeps_its_level_under_no_difference(levels: int) -> None:
    generator = np.random.default_rng(9)
    trials = 1000
    draws = generator.integers(1, levels + 1, (trials, 12)) * generator.choice([-1.0, 1.0], (trials, 12))
    rejected = sum(wilcoxon(draw, np.zeros(12)).p_value < 0.05 for draw in draws)
    assert 0.01 < rejected / trials < 0.05 + 3 * math.sqrt(0.05 * 0.95 / trials)


def test_power_warning_names_the_smallest_p() -> None:
    assert "0.0625" in power_warning(5)
    assert "no image in common" in power_warning(0)
    assert power_warning(6) == ""


def test_power_warning_knows_how_many_pairs_share_the_level() -> None:
    # Ten images: 2 / 2^10 for each of the 66 pairs of twelve methods is 0.129 after Holm.
    assert power_warning(10, 25) == ""
    assert "0.1289 after Holm's correction for 66 pairs" in power_warning(10, 66)
    assert min(holm([smallest_p(10)] * 66)) > 0.05
    assert min(holm([smallest_p(10)] * 25)) < 0.05

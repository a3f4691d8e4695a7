"""Statistics against scipy, statsmodels and the formulas."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from srbench.statistics.pairs import SMALLEST_SAMPLE, holm, mean_interval, wilcoxon


def exact_p(differences: np.ndarray) -> float:
    """The two-sided exact p value by trying every assignment of signs (no ties, no zeros)."""
    ranks = stats.rankdata(np.abs(differences))
    total = ranks.sum()
    smaller = min(ranks[differences > 0].sum(), ranks[differences < 0].sum())
    count = sum(
        min(positive, total - positive) <= smaller
        for signs in itertools.product((0, 1), repeat=len(ranks))
        for positive in [float(np.dot(signs, ranks))]
    )
    return min(1.0, count / 2 ** len(ranks))


@pytest.mark.parametrize("n", [1, 2, 3, 5, 6, 8, 10])
@pytest.mark.parametrize("seed", [0, 1])
def test_small_samples_are_exact(n: int, seed: int) -> None:
    a, b = np.random.default_rng(seed).normal(size=(2, n))
    assert wilcoxon(a, b).p_value == pytest.approx(exact_p(a - b), abs=1e-12)


@pytest.mark.parametrize("n", [6, 20, 50, 51, 100])
def test_equals_scipy_without_ties(n: int) -> None:
    generator = np.random.default_rng(n)
    a = generator.normal(30, 3, n)
    b = a + generator.normal(0.1, 0.3, n)
    expected = stats.wilcoxon(a, b)
    found = wilcoxon(a, b)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.statistic == expected.statistic
    assert found.median_difference == np.median(a - b)
    assert (found.n, found.zeros, found.note) == (n, 0, "")


def test_ties_use_the_normal_approximation_with_tie_correction() -> None:
    a = np.array([3.0, 1, 4, 1, 5, 9, 2, 6, 5, 3])
    b = np.zeros(10)
    magnitudes = np.abs(a)
    ranks = stats.rankdata(magnitudes)
    n = 10
    _, counts = np.unique(magnitudes, return_counts=True)
    variance = n * (n + 1) * (2 * n + 1) / 24 - (counts**3 - counts).sum() / 48
    statistic = 0.0  # every difference is positive
    z = (statistic - n * (n + 1) / 4) / math.sqrt(variance)
    found = wilcoxon(a, b)
    assert found.statistic == statistic
    assert found.p_value == pytest.approx(2 * stats.norm.cdf(z), rel=1e-12)
    assert found.note == "ties: normal approximation"
    assert ranks.sum() == 55


def test_zero_differences_are_left_out_and_said() -> None:
    a = np.array([1.0, 2, 3, 4, 5, 6, 7, 8])
    b = a + np.array([0, 0.1, 0.2, -0.3, 0.4, 0.5, 0.6, 0])
    found = wilcoxon(a, b)
    assert (found.n, found.zeros) == (8, 2)
    assert found.p_value == pytest.approx(exact_p((a - b)[1:-1]), abs=1e-12)
    assert found.median_difference == pytest.approx(np.median(a - b))
    assert found.note == "2 zero differences left out"


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


@pytest.mark.parametrize("n", range(1, SMALLEST_SAMPLE))
def test_fewer_than_six_cannot_be_significant_and_say_so(n: int) -> None:
    found = wilcoxon(np.arange(1.0, n + 1), np.zeros(n))
    assert found.p_value == 2 * 0.5**n
    assert found.p_value > 0.05
    assert f"{n} differences cannot reach p < 0.05" in found.note


def test_six_can() -> None:
    found = wilcoxon(np.arange(1.0, 7), np.zeros(6))
    assert found.p_value == 2 / 64
    assert found.note == ""


def test_rank_biserial_by_hand() -> None:
    # Differences 1, -2, 3, 4: ranks 1, 2, 3, 4; (8 - 2) / 10.
    assert wilcoxon([1, 0, 3, 4], [0, 2, 0, 0]).rank_biserial == pytest.approx(0.6)
    assert wilcoxon([5, 6, 7], [1, 1, 1]).rank_biserial == 1
    assert wilcoxon([1, 1, 1], [5, 6, 7]).rank_biserial == -1


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_swapping_the_methods_changes_the_sign_only(pairs: list[tuple[int, int]]) -> None:
    a, b = zip(*pairs, strict=True)
    one, other = wilcoxon(a, b), wilcoxon(b, a)
    assert one.p_value == other.p_value
    assert one.median_difference == -other.median_difference
    assert one.rank_biserial == pytest.approx(-other.rank_biserial)
    assert 0 <= one.p_value <= 1
    assert one.note == other.note


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


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        wilcoxon([1, 2], [1, 2, 3])


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
def test_holm_is_the_definition(p_values: list[float]) -> None:
    ordered = sorted(p_values)
    n = len(ordered)
    for p, adjusted in zip(p_values, holm(p_values), strict=True):
        last = max(index for index, value in enumerate(ordered) if value <= p)
        assert adjusted == min(1.0, max((n - j) * ordered[j] for j in range(last + 1)))


def test_holm_equals_statsmodels() -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    p_values = np.random.default_rng(1).uniform(0, 0.2, 30)
    assert holm(list(p_values)) == pytest.approx(multitest.multipletests(p_values, method="holm")[1])


def test_interval_equals_scipy() -> None:
    sample = np.random.default_rng(2).normal(30, 4, 14)
    expected = stats.t.interval(0.95, 13, loc=sample.mean(), scale=stats.sem(sample))
    assert mean_interval(sample) == pytest.approx(expected, rel=1e-12)


def test_interval_by_hand() -> None:
    # n = 2: t(0.975, 1) = 12.7062 (Student's table), standard error 1.
    assert mean_interval([1.0, 3.0]) == pytest.approx((2 - 12.7062, 2 + 12.7062), abs=1e-4)
    assert mean_interval([5.0, 5.0, 5.0]) == (5.0, 5.0)


@pytest.mark.parametrize("sample", [[], [1.0], [1.0, math.inf], [math.inf, math.inf]])
def test_no_interval_of_one_or_infinite_values(sample: list[float]) -> None:
    assert mean_interval(sample) is None


@pytest.mark.parametrize("n", [3, 5, 30])
def test_interval_covers_the_mean_in_95_of_100_samples(n: int) -> None:
    generator = np.random.default_rng(n)
    trials = 2000
    samples = generator.normal(28.0, 3.0, (trials, n))
    covered = sum(low <= 28.0 <= high for low, high in map(mean_interval, samples))  # type: ignore[misc]
    assert abs(covered / trials - 0.95) < 4 * math.sqrt(0.95 * 0.05 / trials)


def test_test_keeps_its_level_under_no_difference() -> None:
    generator = np.random.default_rng(9)
    trials = 600
    rejected = sum(wilcoxon(*generator.normal(size=(2, 12))).p_value < 0.05 for _ in range(trials))
    assert rejected / trials < 0.05 + 3 * math.sqrt(0.05 * 0.95 / trials)
    assert rejected > 0

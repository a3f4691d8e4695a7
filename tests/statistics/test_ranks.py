"""Rank tests and bootstrap intervals against SciPy, statsmodels, scikit-posthocs and printed tables."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from srbench.report.comparison import compare_run
from srbench.statistics.ranks import (
    bootstrap_interval,
    critical_difference,
    indistinct_groups,
    nemenyi_p,
    power_warning,
    rank_test,
    wins_ties_losses,
)
from tests.helpers import command, references, values
from tests.working import run


def _methods(k: int, n: int, seed: int = 0) -> dict[str, dict[str, float]]:
    generator = np.random.default_rng(seed)
    return {
        f"m{index}": {f"i{image:03d}": float(generator.normal(0.3 * index)) for image in range(n)}
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


def test_friedman_agrees_with_scipy_in_both_directions():
    by_method = _methods(5, 30)
    table = np.array([list(values.values()) for values in by_method.values()])
    expected = stats.friedmanchisquare(*table)
    for higher in (True, False):
        test = rank_test(by_method, higher_is_better=higher)
        assert test is not None
        assert (test.statistic, test.p_value) == pytest.approx((expected.statistic, expected.pvalue))
    assert next(iter(test.ranks)) == "m0"


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
                beyond = abs(test.ranks[a] - test.ranks[b]) > test.critical_difference
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
    assert (test.p_value, test.significant) == (1.0, False)
    assert test.groups == (("x", "y", "z"),)


def test_too_little_to_rank():
    assert rank_test(_methods(2, 10), higher_is_better=True) is None
    assert rank_test(_methods(4, 2), higher_is_better=True) is None
    assert rank_test({"a": {"x": 1.0}, "b": {"y": 1.0}, "c": {"z": 1.0}}, higher_is_better=True) is None
    assert rank_test({}, higher_is_better=True) is None


def test_groups_are_maximal():
    ranks = {"a": 1.0, "b": 1.8, "c": 2.5, "d": 4.5}
    assert indistinct_groups(ranks, 1.0) == (("a", "b"), ("b", "c"))
    assert indistinct_groups(ranks, 1.5) == (("a", "b", "c"),)
    assert indistinct_groups(ranks, 0.1) == ()


def test_wins_ties_losses_depend_on_the_direction():
    a, b = {"x": 1.0, "y": 2.0, "z": 3.0, "only": 1.0}, {"x": 0.0, "y": 2.0, "z": 1.0}
    assert wins_ties_losses(a, b, higher_is_better=True) == (2, 1, 0)
    assert wins_ties_losses(a, b, higher_is_better=False) == (0, 1, 2)


def _plain_bca(sample: np.ndarray, resamples: int, seed: int) -> tuple[float, float]:
    """Efron and Tibshirani 1993, chapter 14, as written there, one resample after the other."""
    generator = np.random.default_rng(seed)
    n = len(sample)
    means = np.sort([sample[generator.integers(0, n, n)].mean() for _ in range(resamples)])
    bias = stats.norm.ppf(np.mean(means < sample.mean()))
    jackknife = np.array([np.delete(sample, index).mean() for index in range(n)])
    deviation = jackknife.mean() - jackknife
    acceleration = (deviation**3).sum() / (6 * (deviation**2).sum() ** 1.5)
    bounds = []
    for level in (0.025, 0.975):
        z = bias + stats.norm.ppf(level)
        bounds.append(np.quantile(means, stats.norm.cdf(bias + z / (1 - acceleration * z))))
    return float(bounds[0]), float(bounds[1])


def test_bootstrap_agrees_with_the_formulas_written_out():
    sample = np.random.default_rng(1).lognormal(size=40)
    ours = bootstrap_interval(sample)
    assert ours is not None
    # Two independent sets of 9999 resamples: their quantiles differ by a few thousandths of the spread.
    assert ours == pytest.approx(_plain_bca(sample, 9999, 7), abs=0.03 * sample.std())


def test_bootstrap_is_seeded_and_knows_root_mean_squares():
    sample = np.random.default_rng(2).gamma(2.0, size=30)
    assert bootstrap_interval(sample) == bootstrap_interval(sample.tolist())
    low, high = bootstrap_interval(sample**2) or (0, 0)
    assert bootstrap_interval(sample, aggregate="root-mean-square") == pytest.approx((low**0.5, high**0.5))


def test_bootstrap_of_degenerate_samples():
    assert bootstrap_interval([1.0, 2.0, 3.0, 4.0]) is None
    assert bootstrap_interval([1.0, 2.0, 3.0, 4.0, math.inf]) is None
    assert bootstrap_interval([2.5] * 6) == (2.5, 2.5)


def test_intervals_cover_at_the_nominal_rate():
    generator = np.random.default_rng(5)
    covered = 0
    for seed in range(400):
        low, high = bootstrap_interval(generator.normal(27.0, 3.0, size=100), resamples=999, seed=seed) or (
            0,
            0,
        )
        covered += low <= 27.0 <= high
    # Binomial(400, 0.95) lies in 0.92 to 0.98 with probability 0.99.
    assert 0.92 <= covered / 400 <= 0.98


def test_intervals_of_skewed_values_cover_better_than_chance():
    generator = np.random.default_rng(6)
    mean = math.exp(0.125)
    covered = 0
    for seed in range(200):
        values = generator.lognormal(0.0, 0.5, size=100)
        low, high = bootstrap_interval(values, resamples=999, seed=seed) or (0, 0)
        covered += low <= mean <= high
    assert covered / 200 >= 0.90


def test_power_warning_names_the_smallest_p():
    assert "0.0625" in power_warning(5)
    assert "no image in common" in power_warning(0)
    assert power_warning(6) == ""


def test_compare_counts_images_and_bounds_the_mean_difference(tmp_path: Path):
    run(references(tmp_path / "mine", count=7), tmp_path / "out", methods="nearest,bicubic,lanczos")
    found = compare_run(tmp_path / "out", ["bicubic", "nearest", "lanczos"], "psnr_y")
    pair = next(item for item in found.pairs if item.row["method_b"] == "nearest")
    scores = values(tmp_path / "out" / "scores.csv")
    differences = [
        float(scores["bicubic", image, "psnr_y"]) - float(scores["nearest", image, "psnr_y"])
        for image in "abcdefg"
    ]
    assert pair.wins == (sum(d > 0 for d in differences), 0, sum(d < 0 for d in differences))
    assert pair.interval == bootstrap_interval(differences)
    assert [test.n for test in found.ranks.values()] == [7]
    assert found.warnings() == []
    shown = command("compare", tmp_path / "out", "--metric", "psnr_y").out
    assert "Friedman p =" in shown
    assert "7/0/0" in shown


def test_compare_warns_of_five_images(tmp_path: Path):
    run(references(tmp_path / "mine", count=5), tmp_path / "out", methods="nearest,bicubic")
    assert "power: 5 images are too few" in command("compare", tmp_path / "out", "--metric", "psnr_y").out

"""The interval of a data set's value: against scipy, the formulas written out, and its own promise of 95%."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from scipy import stats

from srbench.statistics.intervals import CORRELATION, DISTANCE, Bounds, Interval, caption, mean_interval


def bounds_of(found: Interval | None) -> tuple[float, float]:
    assert found is not None
    return found.low, found.high


@pytest.mark.parametrize("n", [2, 5, 19])
def test_students_interval_equals_scipy_below_twenty(n: int) -> None:
    sample = np.random.default_rng(2).normal(30, 4, n)
    expected = stats.t.interval(0.95, n - 1, loc=sample.mean(), scale=stats.sem(sample))
    found = mean_interval(sample)
    assert bounds_of(found) == pytest.approx(expected, rel=1e-12)
    assert found is not None
    assert found.kind == "t"


def test_students_interval_by_hand() -> None:
    # n = 2: t(0.975, 1) = 12.7062 (Student's table), standard error 1.
    assert bounds_of(mean_interval([1.0, 3.0])) == pytest.approx((2 - 12.7062, 2 + 12.7062), abs=1e-4)


def test_bounded_intervals_by_hand() -> None:
    # Standard error 1, mean 2, on the logarithm 1 / 2: factors exp(12.7062 / 2).
    factor = math.exp(12.7062 / 2)
    assert bounds_of(mean_interval([1.0, 3.0], bounds=DISTANCE)) == pytest.approx(
        (2 / factor, 2 * factor), rel=1e-4
    )
    # Fisher's z: atanh(mean) with the error divided by 1 - mean^2.
    sample = np.array([0.90, 0.95, 0.97, 0.99, 0.93])
    z = math.atanh(sample.mean())
    reach = stats.t.ppf(0.975, 4) * stats.sem(sample) / (1 - sample.mean() ** 2)
    assert bounds_of(mean_interval(sample, bounds=CORRELATION)) == pytest.approx(
        (math.tanh(z - reach), math.tanh(z + reach)), rel=1e-12
    )


def test_no_bound_is_passed() -> None:
    # Student's t itself says 1.0009 here.
    sample = [0.999, 0.90, 0.999, 0.998, 0.97]
    assert bounds_of(mean_interval(sample))[1] > 1
    assert bounds_of(mean_interval(sample, bounds=CORRELATION))[1] < 1
    skewed = [0.1, 0.2, 9.0]
    assert bounds_of(mean_interval(skewed))[0] < 0
    assert bounds_of(mean_interval(skewed, bounds=DISTANCE))[0] > 0
    assert bounds_of(mean_interval(skewed, aggregate="root-mean-square"))[0] > 0


def test_values_beyond_the_stated_bounds_have_the_plain_interval() -> None:
    sample = [-0.5, 1.0, 2.0]
    assert mean_interval(sample, bounds=DISTANCE) == mean_interval(sample)


@pytest.mark.parametrize("n", [6, 40])
def test_the_interval_of_a_root_mean_square_is_that_of_the_mean_square(n: int) -> None:
    sample = np.random.default_rng(2).gamma(2.0, size=n)
    low, high = bounds_of(mean_interval(sample**2, bounds=DISTANCE))
    found = bounds_of(mean_interval(sample, aggregate="root-mean-square"))
    assert found == pytest.approx((low**0.5, high**0.5))
    assert found[0] < math.sqrt(np.mean(sample**2)) < found[1]


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


@pytest.mark.parametrize("sign", [1, -1])
def test_from_twenty_on_bca_as_written_in_the_book(sign: int) -> None:
    sample = sign * np.random.default_rng(1).lognormal(size=40)
    found = mean_interval(sample)
    assert found is not None
    assert found.kind == "bca"
    # Two independent sets of 9999 resamples: their quantiles differ by a few thousandths of the spread.
    assert bounds_of(found) == pytest.approx(_plain_bca(sample, 9999, 7), abs=0.03 * sample.std())


@pytest.mark.parametrize("n", [5, 30])
def test_neither_order_nor_units_nor_sign_change_an_interval(n: int) -> None:
    generator = np.random.default_rng(n)
    sample = generator.lognormal(size=n)
    found = mean_interval(sample)
    low, high = bounds_of(found)
    for _ in range(3):
        assert mean_interval(generator.permutation(sample)) == found
    assert bounds_of(mean_interval(255 * sample)) == pytest.approx((255 * low, 255 * high), rel=1e-12)
    assert bounds_of(mean_interval(-sample)) == pytest.approx((-high, -low), rel=1e-12)


@pytest.mark.parametrize(
    "sample", [[], [1.0], [1.0, math.inf], [math.inf, math.inf], [1.0] * 30 + [math.inf]]
)
def test_no_interval_of_one_or_infinite_values(sample: list[float]) -> None:
    assert mean_interval(sample) is None


@pytest.mark.parametrize("n", [3, 25])
def test_equal_values_have_an_interval_without_width(n: int) -> None:
    assert bounds_of(mean_interval([5.0] * n)) == (5.0, 5.0)
    assert bounds_of(mean_interval([1.0] * n, bounds=CORRELATION)) == (1.0, 1.0)
    assert bounds_of(mean_interval([0.0] * n, aggregate="root-mean-square")) == (0.0, 0.0)


def _coverage(samples: np.ndarray, truth: float, bounds: Bounds, aggregate: str = "mean") -> float:
    found = [bounds_of(mean_interval(sample, bounds=bounds, aggregate=aggregate)) for sample in samples]
    return float(np.mean([low <= truth <= high for low, high in found]))


@pytest.mark.parametrize("n", [3, 5, 19])
def test_the_interval_covers_the_mean_in_95_of_100_samples(n: int) -> None:
    generator = np.random.default_rng(n)
    trials = 2000
    slack = 4 * math.sqrt(0.95 * 0.05 / trials)
    psnr = generator.normal(28.0, 3.0, (trials, n))
    assert abs(_coverage(psnr, 28.0, (None, None)) - 0.95) < slack
    ssim = generator.beta(9, 2, (trials, n))
    assert abs(_coverage(ssim, 9 / 11, CORRELATION) - 0.95) < slack
    niqe = generator.lognormal(0.0, 0.3, (trials, n))
    assert abs(_coverage(niqe, math.exp(0.045), DISTANCE) - 0.95) < slack


def test_the_interval_of_skewed_errors_covers_more_than_the_plain_one() -> None:
    # Squares of RMSE with a heavy tail: no interval from five values covers 95%.
    samples = np.random.default_rng(4).lognormal(0.0, 0.5, (2000, 5))
    mean_square = math.exp(0.5)
    covered = _coverage(samples, math.sqrt(mean_square), (None, None), "root-mean-square")
    plain = _coverage(samples**2, mean_square, (None, None))
    assert plain < 0.84
    assert covered > 0.87


def test_the_bootstrap_covers_from_twenty_on() -> None:
    # Binomial(100, 0.93) is below 0.84 once in 1000; BCA_AT_20
    samples = np.random.default_rng(5).normal(27.0, 3.0, (100, 20))
    assert _coverage(samples, 27.0, (None, None)) >= 0.84


def test_the_caption_names_the_kinds_that_are_shown() -> None:
    few, many = mean_interval([1.0, 2.0]), mean_interval(np.arange(20.0))
    assert caption([None, few]).startswith("Student's t (below 20 images")
    assert caption([many]) == "BCa bootstrap (from 20 images on; 9999 resamples, seed 0)"
    assert caption([many, few]) == f"{caption([few])}; {caption([many])}"
    assert caption([None]) == ""


def test_the_bootstraps_memory_does_not_grow_with_the_images() -> None:
    sample = np.random.default_rng(0).normal(30, 3, 4000).tolist()
    mean_interval(sample[:100])  # what is imported first
    tracemalloc.start()
    mean_interval(sample)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16e6

"""The value of a data set and its 95% interval, each by one rule wherever it is printed.

Below 20 images Student's t, on the scale on which the metric's range is the whole line: bootstrap
distributions of so few values are too narrow (at five normal values BCa covers 82%, t 95%). From 20 images
on the BCa bootstrap, which follows skewed values and stays within their range by itself. Beyond 5000 the
means of resamples are normal and both agree, but resampling takes minutes for a cell: t again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

BOOTSTRAP_FROM = 20
BOOTSTRAP_TO = 5000
RESAMPLES = 9999
SEED = 0
# Numbers that are resampled at a time: bounds the memory, changes no result.
_BATCH = 250_000

# How the values of images become the value of a data set.
Aggregate = Literal["mean", "root-mean-square"]
# Lower and upper bound of a metric's values; None where there is none.
Bounds = tuple[float | None, float | None]
UNBOUNDED: Bounds = (None, None)
DISTANCE: Bounds = (0.0, None)
CORRELATION: Bounds = (-1.0, 1.0)

_TITLES = {
    "t": (
        f"Student's t (below {BOOTSTRAP_FROM} images and beyond {BOOTSTRAP_TO}; on the logarithm of values "
        "that cannot be negative, on Fisher's z of those between -1 and 1)"
    ),
    "bca": f"BCa bootstrap (from {BOOTSTRAP_FROM} images on; {RESAMPLES} resamples, seed {SEED})",
    "crossed": "of opinion scores, over raters and images: variance components with Student's t",
}


@dataclass(frozen=True)
class Interval:
    """A 95% interval and its kind: "t" (Student's), "bca" (bootstrap), "crossed" (over raters and images)."""

    low: float
    high: float
    kind: Literal["t", "bca", "crossed"]


def aggregate(values: Sequence[float], how: Aggregate) -> float:
    """The value of a data set from its images' values, at least one; infinite where one of them is.

    The root mean square is PIRM's for RMSE: the root of the mean over images of the squared error. NaN for
    the mean of values that are infinite to both sides.
    """
    if how == "root-mean-square":
        return math.sqrt(_mean([value * value for value in values]))
    if math.inf in values and -math.inf in values:
        return math.nan
    return _mean(values)


def _mean(values: Sequence[float]) -> float:
    try:
        return math.fsum(values) / len(values)
    except OverflowError:  # the sum is beyond the largest number, the mean is not
        return math.fsum(value / len(values) for value in values)


def mean_interval(
    values: Sequence[float] | np.ndarray, *, aggregate: Aggregate = "mean", bounds: Bounds = UNBOUNDED
) -> Interval | None:
    """The 95% interval of a data set's value over images like these; None for one value or infinite ones.

    `aggregate` is "mean" or "root-mean-square"; `bounds` those of a single value. It says where the value
    of other images of this kind would lie, not how sure the value of these very images is. The order of
    the values does not matter.
    """
    sample = np.sort(np.asarray(values, dtype=np.float64))
    if sample.size < 2 or not np.isfinite(sample).all():
        return None
    if aggregate == "root-mean-square":
        # Both kinds keep to monotone transformations: the interval of the root is the root of the interval.
        squared = mean_interval(sample**2, bounds=(0.0, None))
        return squared and Interval(math.sqrt(squared.low), math.sqrt(squared.high), squared.kind)
    kind: Literal["t", "bca"] = "bca" if BOOTSTRAP_FROM <= sample.size <= BOOTSTRAP_TO else "t"
    if sample[0] == sample[-1]:
        return Interval(float(sample[0]), float(sample[0]), kind)
    low, high = _student(sample, bounds) if kind == "t" else _bca(sample)
    return Interval(low, high, kind)


def caption(intervals: Iterable[Interval | None]) -> str:
    """Which kinds of interval a table shows, as a part of a sentence; empty where it shows none."""
    kinds = {interval.kind for interval in intervals if interval is not None}
    return "; ".join(title for kind, title in _TITLES.items() if kind in kinds)


def _student(sample: np.ndarray, bounds: Bounds) -> tuple[float, float]:
    """Student's t on the scale of the bounds; the error is carried there by the derivative at the mean."""
    from scipy.special import stdtrit

    mean = math.fsum(sample) / sample.size
    reach = float(stdtrit(sample.size - 1, 0.975)) * float(sample.std(ddof=1)) / math.sqrt(sample.size)
    low, high = bounds
    if low is None or sample[0] < low or (high is not None and sample[-1] > high):
        return mean - reach, mean + reach
    if high is None:
        factor = math.exp(reach / (mean - low))
        return low + (mean - low) / factor, low + (mean - low) * factor
    odds = (mean - low) / (high - mean)
    factor = math.exp(reach * (high - low) / ((mean - low) * (high - mean)))
    lower, upper = (low + (high - low) / (1 + 1 / end) for end in (odds / factor, odds * factor))
    return lower, upper


def _bca(sample: np.ndarray) -> tuple[float, float]:
    """Efron's bias-corrected and accelerated bootstrap (1987) of the mean of sorted values."""
    from scipy import stats

    # Resampled from the side of the longer tail, so that mirrored values have the mirrored interval.
    deviations = sample - math.fsum(sample) / sample.size
    mirrored = math.fsum(deviations**3) < 0
    result = stats.bootstrap(
        (-sample[::-1] if mirrored else sample,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=max(1, _BATCH // sample.size),
        method="BCa",
        vectorized=True,
        rng=np.random.default_rng(SEED),
    )
    low, high = (float(bound) for bound in result.confidence_interval)
    return (-high, -low) if mirrored else (low, high)

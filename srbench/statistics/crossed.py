"""Means of ratings that raters gave to images: both were drawn from many, so both make the mean uncertain.

A rater's severity shifts all ratings of that rater, and an image's difficulty all ratings of that image, so
that 2600 ratings of 26 raters are far from 2600 independent ones. The variance of the mean is put together
from the two ways of grouping the ratings (Cornfield and Tukey 1956, as in generalizability theory; for
incomplete designs Cameron, Gelbach and Miller 2011), the degrees of freedom by Satterthwaite (1946).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Over = Literal["both", "raters", "images"]


@dataclass(frozen=True)
class CrossedMean:
    """A mean with its 95% interval, None where there are too few raters and images for one, or where all
    ratings are equal, which says nothing of how far others would differ."""

    mean: float
    interval: tuple[float, float] | None
    degrees: float


def crossed_mean(
    values: Sequence[float] | np.ndarray,
    raters: Sequence[int] | np.ndarray,
    images: Sequence[int] | np.ndarray,
    *,
    over: Over = "both",
) -> CrossedMean:
    """The mean of ratings with a 95% interval over other raters and other images like these.

    `over` "raters" keeps to these images (what other people would say of them), "images" to these raters.
    With one image or one rater, only the other is drawn from many.
    """
    sample = np.asarray(values, dtype=np.float64)
    groups = {"raters": _codes(raters), "images": _codes(images)}
    mean = float(sample.mean())
    error = sample - mean
    used = [name for name in groups if over in ("both", name) and groups[name].max(initial=0) > 0]
    if not used:
        return CrossedMean(mean, None, 0.0)
    parts = {name: _between(error, groups[name]) for name in used}
    variance = math.fsum(parts.values())
    squares = math.fsum(part**2 / groups[name].max() for name, part in parts.items())
    if len(used) == 2:
        rest, degrees = _residual(sample, groups["raters"], groups["images"])
        # What single ratings contribute is in both parts, and no part is less than that.
        variance = max(variance - rest, *parts.values(), rest) if rest else variance
        squares += rest**2 / degrees if degrees else 0.0
    if variance <= 0:
        return CrossedMean(mean, None, 0.0)
    from scipy.special import stdtrit

    freedom = max(1.0, variance**2 / squares)
    reach = float(stdtrit(freedom, 0.975)) * math.sqrt(variance)
    return CrossedMean(mean, (mean - reach, mean + reach), freedom)


def _codes(labels: Sequence[int] | np.ndarray) -> np.ndarray:
    return np.unique(np.asarray(labels), return_inverse=True)[1]


def _between(error: np.ndarray, group: np.ndarray) -> float:
    """The variance of the mean where whole groups are drawn."""
    sums = np.bincount(group, weights=error)
    return float((sums**2).sum()) / error.size**2 * sums.size / (sums.size - 1)


def _residual(values: np.ndarray, raters: np.ndarray, images: np.ndarray) -> tuple[float, int]:
    """What single ratings add to the variance of the mean, from what is left of them beside the effects of
    raters and images; and its degrees of freedom."""
    counts = [np.bincount(group) for group in (raters, images)]
    degrees = values.size - counts[0].size - counts[1].size + 1
    if degrees <= 0:
        return 0.0, 0
    left = values - values.mean()
    # In turns until both kinds of means are gone; once for each is enough where everybody rated everything.
    for _ in range(50):
        before = left
        for group, count in zip((raters, images), counts, strict=True):
            left = left - (np.bincount(group, weights=left) / count)[group]
        if np.abs(left - before).max() < 1e-10:
            break
    return float((left**2).sum()) / degrees / values.size, degrees

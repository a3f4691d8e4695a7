"""How well a metric follows what people said: correlations, pairwise accuracy, intervals, differences.

Versions of one reference are not independent, so everything is resampled by whole references. Values are
"higher is better" throughout: turn the sign of a metric, or of scores, where lower is better.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
SEED = 20170730


@dataclass(frozen=True)
class Agreement:
    """SRCC, KRCC (tau-b), PLCC after the logistic fit, and pairwise accuracy, each with its 95% interval."""

    n: int
    references: int
    srcc: float
    krcc: float
    plcc: float
    accuracy: float
    intervals: dict[str, tuple[float, float]]


def agreement(metric: np.ndarray, opinion: np.ndarray, references: np.ndarray) -> Agreement:
    """How a metric's values agree with opinions; `references` tells which versions are of one image.

    Intervals are percentile bootstrap intervals over references; the logistic curve of PLCC is fitted once.
    """
    fitted = logistic_fit(metric, opinion)
    groups = [np.flatnonzero(references == one) for one in np.unique(references)]
    statistics: dict[str, Callable[[np.ndarray], float]] = {
        "srcc": lambda rows: srcc(metric[rows], opinion[rows]),
        "krcc": lambda rows: krcc(metric[rows], opinion[rows]),
        "plcc": lambda rows: plcc(fitted[rows], opinion[rows]),
    }
    every = np.arange(metric.size)
    values = {name: of(every) for name, of in statistics.items()}
    hits, pairs = np.array([_pairwise(metric[rows], opinion[rows]) for rows in groups]).T
    values["accuracy"] = float(hits.sum() / pairs.sum()) if pairs.sum() else math.nan
    intervals: dict[str, tuple[float, float]] = {}
    if len(groups) > 1:
        rng = np.random.default_rng(SEED)
        draws = [rng.integers(0, len(groups), len(groups)) for _ in range(RESAMPLES)]
        samples = [np.concatenate([groups[index] for index in draw]) for draw in draws]
        intervals = {name: _interval([of(rows) for rows in samples]) for name, of in statistics.items()}
        shares = [hits[draw].sum() / pairs[draw].sum() for draw in draws if pairs[draw].sum()]
        intervals["accuracy"] = _interval(shares)
    return Agreement(metric.size, len(groups), **values, intervals=intervals)


def _interval(samples: list[float]) -> tuple[float, float]:
    finite = [value for value in samples if math.isfinite(value)]
    if not finite:
        return math.nan, math.nan
    low, high = np.quantile(finite, (0.025, 0.975))
    return float(low), float(high)


def srcc(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rank correlation, NaN where one side is constant."""
    from scipy.stats import rankdata

    return plcc(rankdata(a), rankdata(b))


def krcc(a: np.ndarray, b: np.ndarray) -> float:
    """Kendall's tau-b, NaN where one side is constant."""
    from scipy.stats import kendalltau

    return float(kendalltau(a, b).statistic)


def plcc(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's correlation, NaN where one side is constant."""
    x, y = a - a.mean(), b - b.mean()
    below = math.sqrt(float((x**2).sum()) * float((y**2).sum()))
    return float((x * y).sum()) / below if below > 0 else math.nan


def logistic_fit(metric: np.ndarray, opinion: np.ndarray) -> np.ndarray:
    """Opinions predicted from a metric by the four-parameter logistic curve of VQEG (2003, Phase II):
    (b1 - b2) / (1 + exp(-(x - b3) / |b4|)) + b2. Where no curve can be fitted, a straight line."""
    import warnings

    from scipy.optimize import OptimizeWarning, curve_fit

    spread = float(metric.std())
    if metric.size < 5 or spread == 0:
        return metric
    x = (metric - metric.mean()) / spread

    def curve(at: np.ndarray, b1: float, b2: float, b3: float, b4: float) -> np.ndarray:
        return (b1 - b2) / (1.0 + np.exp(-np.clip((at - b3) / (abs(b4) + 1e-9), -500, 500))) + b2

    start = (float(opinion.max()), float(opinion.min()), 0.0, 1.0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)
            found, _ = curve_fit(curve, x, opinion, p0=start, maxfev=20_000)
    except RuntimeError:
        return metric
    return curve(x, *found)


def _pairwise(metric: np.ndarray, opinion: np.ndarray) -> tuple[float, int]:
    """How many pairs of versions of a reference that people tell apart a metric puts in their order, equal
    values for one half; and how many pairs there are."""
    people = np.sign(opinion[:, None] - opinion[None, :])
    machine = np.sign(metric[:, None] - metric[None, :])
    told = np.triu(people != 0, 1)
    agreed = (people == machine) + 0.5 * (machine == 0)
    return float(agreed[told].sum()), int(told.sum())


def difference_p(first: np.ndarray, second: np.ndarray, opinion: np.ndarray, references: np.ndarray) -> float:
    """Two-sided permutation p value of the difference of two metrics' SRCC: under the null hypothesis the
    metrics' ranks may be exchanged, for all versions of a reference together."""
    from scipy.stats import rankdata

    a, b, people = (rankdata(values) for values in (first, second, opinion))
    people = people - people.mean()
    codes = np.unique(references, return_inverse=True)[1]
    rng = np.random.default_rng(SEED)
    observed = abs(plcc(a, people) - plcc(b, people))
    reached = 1
    for _ in range(RESAMPLES):
        swap = rng.random(int(codes.max()) + 1)[codes] < 0.5
        x, y = np.where(swap, b, a), np.where(swap, a, b)
        reached += abs(plcc(x, people) - plcc(y, people)) >= observed - 1e-12
    return reached / (RESAMPLES + 1)


def williams(first: float, second: float, between: float, n: int) -> float:
    """Two-sided p value of Williams' (1959) test of two correlations with the same third variable: `first`
    and `second` with it, `between` of the two (Steiger, Psychological Bulletin 87, 1980, equation 7)."""
    from scipy.stats import t

    determinant = 1 - first**2 - second**2 - between**2 + 2 * first * second * between
    mean = (first + second) / 2
    below = 2 * (n - 1) / (n - 3) * determinant + mean**2 * (1 - between) ** 3
    if n < 4 or below <= 0:
        return math.nan
    statistic = (first - second) * math.sqrt((n - 1) * (1 + between) / below)
    return float(2 * t.sf(abs(statistic), n - 3))

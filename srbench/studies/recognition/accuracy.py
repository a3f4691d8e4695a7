"""Recognition measures as functions of arrays: ranks, accuracies, intervals, McNemar's test.

Source: EnhanceNet (Sajjadi et al., ICCV 2017), object recognition benchmark; TSRN (Gondal et al.,
ECCVW 2018), Tables 1 and 2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

CLASSES = 1000


def true_ranks(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How many classes come before the true one: N integers, 0 where the top-1 guess is right.

    `logits` is N x 1000, `labels` N in 0 to 999. Of equal logits the lower class comes first. Logits must
    be finite (see `finite_rows`): nothing is above NaN, which would make it the best guess.
    """
    _check(logits, labels)
    true = np.take_along_axis(logits, labels[:, None], axis=1)
    earlier = (logits == true) & (np.arange(logits.shape[1]) < labels[:, None])
    return ((logits > true) | earlier).sum(axis=1)


def finite_rows(logits: np.ndarray) -> np.ndarray:
    """Which rows of logits can be ranked: N booleans, false where a logit is NaN or infinite."""
    return np.isfinite(logits).all(axis=1)


def confidences(logits: np.ndarray) -> np.ndarray:
    """The largest class probability of each row of logits: N float64 in (0, 1]."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return 1.0 / np.exp(shifted).sum(axis=1)


def _check(logits: np.ndarray, labels: np.ndarray) -> None:
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(f"N x classes logits and N labels are needed, not {logits.shape} and {labels.shape}")
    if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < logits.shape[1]:
        raise ValueError(f"labels must lie between 0 and {logits.shape[1] - 1}")
    if not finite_rows(logits).all():
        raise ValueError("logits must be finite")


@dataclass(frozen=True)
class Recognition:
    """What a classifier made of `n` images: fractions in [0, 1].

    `top1` and `top5` are accuracies (the errors are their complements); `confidence` is the mean of the
    largest class probability over all images, `confidence_correct` over those that were recognised.
    """

    n: int
    top1: float
    top5: float
    confidence: float
    confidence_correct: float


def summarise(ranks: np.ndarray, confidence: np.ndarray) -> Recognition:
    """The measures of a set from each image's rank and confidence; NaN where nothing can be averaged."""
    correct = ranks == 0
    return Recognition(
        n=ranks.size,
        top1=_mean(correct),
        top5=_mean(ranks < 5),
        confidence=_mean(confidence),
        confidence_correct=_mean(confidence[correct]),
    )


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else math.nan


def wilson_interval(fraction: float, n: int) -> tuple[float, float]:
    """95% confidence interval of a proportion (Wilson 1927), in [0, 1]."""
    z = 1.959963984540054
    centre = (fraction + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(fraction * (1 - fraction) / n + z * z / (4 * n * n))
    return max(0.0, centre - reach), min(1.0, centre + reach)


@dataclass(frozen=True)
class McNemar:
    """McNemar's exact test: images that only a, or only b, has right, and the two-sided p value."""

    only_a: int
    only_b: int
    p_value: float


def mcnemar(a: np.ndarray, b: np.ndarray) -> McNemar:
    """Two-sided exact McNemar test (McNemar 1947) of two methods' right answers on the same images."""
    from scipy.stats import binomtest

    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    discordant = only_a + only_b
    p_value = float(binomtest(only_a, discordant, 0.5).pvalue) if discordant else 1.0
    return McNemar(only_a, only_b, p_value)

"""Paired choices: preference rates, Bradley-Terry scores, agreement between raters.

A vote names a winner and a loser; votes of one rater, or on one image, are not independent, so intervals of
scores count raters and images and not votes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from srbench.core.records import UserError


@dataclass(frozen=True)
class Votes:
    """Choices as arrays of equal length: rater and image numbers, method numbers of winner and loser."""

    raters: np.ndarray
    images: np.ndarray
    winners: np.ndarray
    losers: np.ndarray

    def wins(self, methods: int) -> np.ndarray:
        """How often each method (row) was preferred to each other (column)."""
        table = np.zeros((methods, methods))
        np.add.at(table, (self.winners, self.losers), 1.0)
        return table


def binomial_interval(successes: int, trials: int) -> tuple[float, float]:
    """The exact 95% interval of a rate (Clopper and Pearson 1934)."""
    from scipy import stats

    found = stats.binomtest(successes, trials).proportion_ci(method="exact")
    return float(found.low), float(found.high)


def binomial_p(successes: int, trials: int) -> float:
    """The exact two-sided p value of a rate against one half."""
    from scipy import stats

    return float(stats.binomtest(successes, trials).pvalue)


@dataclass(frozen=True)
class Scores:
    """Bradley-Terry scores: log-odds with mean 0; a method beats another with the probability
    1 / (1 + exp(b - a)). `reason` says why there are none."""

    values: np.ndarray | None
    intervals: list[tuple[float, float]] | None
    reason: str = ""


def bradley_terry(votes: Votes, methods: int) -> Scores:
    """Maximum-likelihood scores (Bradley and Terry 1952) with 95% intervals over raters and images.

    There are none where some methods were never preferred to the others (Ford 1957): the likelihood then
    grows without end. Intervals come from the sandwich of the information and the scores summed by rater and
    by image (Cameron, Gelbach and Miller 2011), with Student's t of the smaller number of groups.
    """
    wins = votes.wins(methods)
    reason = _unconnected(wins)
    if reason:
        return Scores(None, None, reason)
    values = fit_scores(wins)
    variances, degrees = _variances(votes, values, wins)
    if degrees < 1:
        return Scores(values, None)
    from scipy.special import stdtrit

    reach = float(stdtrit(degrees, 0.975)) * np.sqrt(variances)
    return Scores(values, list(zip((values - reach).tolist(), (values + reach).tolist(), strict=True)))


def fit_scores(wins: np.ndarray) -> np.ndarray:
    """Bradley-Terry scores of a table of wins that connects all methods, by choix; their mean is 0."""
    try:
        import choix
    except ImportError:
        raise UserError("Bradley-Terry scores need one more package: pip install 'srbench[study]'") from None
    found = choix.ilsr_pairwise_dense(wins, alpha=0.0, max_iter=10_000, tol=1e-10)
    return np.asarray(found - found.mean())


def _unconnected(wins: np.ndarray) -> str:
    from scipy.sparse.csgraph import connected_components

    if wins.shape[0] < 2:
        return "one method only"
    count, _ = connected_components(wins > 0, directed=True, connection="strong")
    if count == 1:
        return ""
    return "no finite scores: some methods were always, or never, preferred to the rest"


def _variances(votes: Votes, values: np.ndarray, wins: np.ndarray) -> tuple[np.ndarray, int]:
    counts = wins + wins.T
    chance = 1.0 / (1.0 + np.exp(values[None, :] - values[:, None]))
    weight = counts * chance * (1.0 - chance)
    information = np.diag(weight.sum(axis=1)) - weight
    inverse = np.linalg.pinv(information)
    surprise = 1.0 - chance[votes.winners, votes.losers]
    scores = np.zeros((surprise.size, values.size))
    rows = np.arange(surprise.size)
    scores[rows, votes.winners] = surprise
    scores[rows, votes.losers] -= surprise
    projected = scores @ inverse
    parts, sizes = [], []
    for group in (votes.raters, votes.images):
        codes = np.unique(group, return_inverse=True)[1]
        size = int(codes.max(initial=0)) + 1
        if size > 1:
            sums = np.zeros((size, values.size))
            np.add.at(sums, codes, projected)
            parts.append((sums**2).sum(axis=0) * size / (size - 1))
            sizes.append(size)
    if not parts:
        return (projected**2).sum(axis=0), 0
    if len(parts) == 1:
        return parts[0], sizes[0] - 1
    # Single votes are in both parts; the difference of estimates may fall below either of them.
    both = parts[0] + parts[1] - (projected**2).sum(axis=0)
    return np.maximum(both, np.maximum(*parts)), min(sizes) - 1


@dataclass(frozen=True)
class Agreement:
    """Kendall and Babington Smith's coefficient u over `pairs` of raters who judged the same two: 1 is full
    agreement, 0 what chance gives."""

    coefficient: float
    pairs: int


def coefficient_of_agreement(questions: Sequence[np.ndarray]) -> Agreement:
    """u from the votes (0 or 1) on each question, one array a question (Kendall and Babington Smith 1940).

    u = 2 S / P - 1 with S the number of pairs of raters who agree and P the number of pairs; with all raters
    on all pairs of methods this is the published formula.
    """
    agree = pairs = 0
    for votes in questions:
        ones = int(np.sum(votes))
        zeros = len(votes) - ones
        agree += math.comb(ones, 2) + math.comb(zeros, 2)
        pairs += math.comb(len(votes), 2)
    return Agreement(2 * agree / pairs - 1 if pairs else math.nan, pairs)


def concordance(ranks: np.ndarray) -> tuple[float, float]:
    """Kendall's W of a table of ranks, raters x items without ties, and its chi-square p value."""
    from scipy import stats

    raters, items = ranks.shape
    sums = ranks.sum(axis=0)
    spread = float(((sums - sums.mean()) ** 2).sum())
    w = 12.0 * spread / (raters**2 * (items**3 - items))
    return w, float(stats.chi2.sf(raters * (items - 1) * w, items - 1))

"""The tables of a study of preferences or rankings: rates, Bradley-Terry scores, agreement of raters."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from srbench.statistics.choices import (
    Agreement,
    Scores,
    binomial_interval,
    binomial_p,
    bradley_terry,
    coefficient_of_agreement,
    concordance,
)
from srbench.statistics.pairs import SIGNIFICANCE, holm
from srbench.studies.people.responses import Choices

PREFERENCE_COLUMNS = (
    "dataset", "scale", "method_a", "method_b", "preferred_a", "n", "rate", "low", "high", "p_value",
    "p_holm", "significant", "raters", "reported",
)  # fmt: skip
SCORE_COLUMNS = (
    "dataset", "scale", "method", "score", "low", "high", "wins", "n", "rate", "mean_rank", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class ChoiceTable:
    """One data set of a study of preferences or rankings.

    `concordance` is the mean of Kendall's W over the images with two complete rankings or more, None without.
    `repeated` trials got the same answer again in the share `same`.
    """

    choices: Choices
    pairs: tuple[dict[str, Any], ...]
    scores: Scores
    agreement: Agreement
    concordance: float | None
    same: float | None
    repeated: int


def choice_table(choices: Choices, reported: dict[tuple[str, str], str]) -> ChoiceTable:
    """All that is computed of one data set."""
    concordances = [concordance(table)[0] for table in choices.ranks if table.shape[0] > 1]
    return ChoiceTable(
        choices=choices,
        pairs=tuple(_pairs(choices, reported)),
        scores=bradley_terry(choices.votes, len(choices.methods)),
        agreement=coefficient_of_agreement(_questions(choices)),
        concordance=float(np.mean(concordances)) if concordances else None,
        same=float(choices.again.mean()) if choices.again.size else None,
        repeated=int(choices.again.size),
    )


def _pairs(choices: Choices, reported: dict[tuple[str, str], str]) -> list[dict[str, Any]]:
    votes = choices.votes
    wins = votes.wins(len(choices.methods)).astype(np.int64)
    rows = []
    for a, b in itertools.combinations(range(len(choices.methods)), 2):
        n = int(wins[a, b] + wins[b, a])
        if not n:
            continue
        low, high = binomial_interval(int(wins[a, b]), n)
        either = ((votes.winners == a) & (votes.losers == b)) | ((votes.winners == b) & (votes.losers == a))
        names = (choices.methods[a], choices.methods[b])
        rows.append(
            {
                "dataset": choices.dataset,
                "scale": choices.scale,
                "method_a": names[0],
                "method_b": names[1],
                "preferred_a": int(wins[a, b]),
                "n": n,
                "rate": wins[a, b] / n,
                "low": low,
                "high": high,
                "p_value": binomial_p(int(wins[a, b]), n),
                "raters": int(np.unique(votes.raters[either]).size),
                "reported": reported.get(names, ""),
            }
        )
    corrected = holm([row["p_value"] for row in rows])
    return [
        row | {"p_holm": p, "significant": p < SIGNIFICANCE} for row, p in zip(rows, corrected, strict=True)
    ]


def _questions(choices: Choices) -> list[np.ndarray]:
    """The votes on each pair of versions of each image: 1 where the method of the smaller number won."""
    votes = choices.votes
    found: dict[tuple[int, int, int], list[int]] = {}
    for image, winner, loser in zip(votes.images, votes.winners, votes.losers, strict=True):
        low, high = min(winner, loser), max(winner, loser)
        found.setdefault((int(image), int(low), int(high)), []).append(int(winner < loser))
    return [np.array(one) for one in found.values()]


def score_rows(table: ChoiceTable) -> list[dict[str, Any]]:
    """The rows of `scores.csv`: scores are log-odds with mean 0."""
    choices, scores = table.choices, table.scores
    wins = choices.votes.wins(len(choices.methods))
    ranks = np.concatenate(choices.ranks).mean(axis=0) if choices.ranks else None
    rows = []
    for index, method in enumerate(choices.methods):
        n = float(wins[index].sum() + wins[:, index].sum())
        low, high = (None, None) if scores.intervals is None else scores.intervals[index]
        rows.append(
            {
                "dataset": choices.dataset,
                "scale": choices.scale,
                "method": method,
                "score": None if scores.values is None else float(scores.values[index]),
                "low": low,
                "high": high,
                "wins": int(wins[index].sum()),
                "n": int(n),
                "rate": float(wins[index].sum()) / n if n else math.nan,
                "mean_rank": None if ranks is None else float(ranks[index]),
                "reason": scores.reason,
            }
        )
    return rows

"""Methods ranked on one board, with the tests between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from srbench.core.records import Score
from srbench.statistics.ranks import RankTest, bootstrap_interval, rank_test
from srbench.tables.boards import Board, significance

# Methods that cannot be told from the best one carry it; the word for it stands below each table.
LEVEL_MARK = "≈"


@dataclass(frozen=True)
class Ranked:
    """A leaderboard with its statistics.

    `methods` are in the order of the first metric, best first. `intervals` and `levels` map (method,
    metric): the bootstrap interval, and Holm's p of the difference to the best method. `ranks` holds
    Friedman's test by metric, where there are three methods or more.
    """

    board: Board
    methods: tuple[str, ...]
    intervals: dict[tuple[str, str], tuple[float, float] | None]
    levels: dict[tuple[str, str], float]
    ranks: dict[str, RankTest]

    def level_with_best(self, method: str, metric: str) -> bool:
        """Whether a method that is not the best cannot be told from it."""
        return (method, metric) in self.levels and self.levels[method, metric] >= 0.05


def of_board(scores: Iterable[Score], board: Board) -> list[Score]:
    """The scores that a board was made of."""
    key = (board.dataset, board.scale, board.protocol)
    return [score for score in scores if (score.dataset, score.scale, score.protocol) == key]


def rank(board: Board, scores: list[Score]) -> Ranked:
    """The statistics of a board from its scores."""
    tests = significance(scores, {info.name: info for info in board.metrics}, set(board.reference_methods))
    holm: dict[tuple[str, str, str], float] = {}
    for row in tests:
        for a, b in ((row["method_a"], row["method_b"]), (row["method_b"], row["method_a"])):
            holm[row["metric"], a, b] = row["p_holm"]
    levels = {}
    for info in board.metrics:
        best = sorted(board.best(info))
        for method in board.methods:
            p_values = [holm[key] for top in best if (key := (info.name, method, top)) in holm]
            if p_values and method not in best:
                levels[method, info.name] = max(p_values)
    values = values_of(scores)
    intervals = {
        (method, info.name): bootstrap_interval(
            [found[image] for image in sorted(found)] if (found := values.get((method, info.name))) else [],
            aggregate=info.aggregate,
        )
        for method in board.methods
        for info in board.metrics
    }
    return Ranked(board, _order(board), intervals, levels, _rank_tests(board, values))


def values_of(scores: Iterable[Score]) -> dict[tuple[str, str], dict[str, float]]:
    """Values by (method, metric), then by image."""
    values: dict[tuple[str, str], dict[str, float]] = {}
    for score in scores:
        if score.value is not None:
            values.setdefault((score.method, score.metric), {})[score.image] = score.value
    return values


def _rank_tests(board: Board, values: dict[tuple[str, str], dict[str, float]]) -> dict[str, RankTest]:
    found = {}
    for info in board.metrics:
        by_method = {
            method: values[method, info.name]
            for method in board.methods
            if method not in board.reference_methods and (method, info.name) in values
        }
        test = rank_test(by_method, higher_is_better=info.higher_is_better)
        if test is not None:
            found[info.name] = test
    return found


def _order(board: Board) -> tuple[str, ...]:
    """References first, then the methods by their first metric, best first; those without it last."""

    def key(method: str) -> tuple[bool, bool, float, str]:
        info = board.metrics[0]
        value = board.cells[method, info.name].value
        signed = 0.0 if value is None else -value if info.higher_is_better else value
        return method not in board.reference_methods, value is None, signed, method

    return tuple(sorted(board.methods, key=key))

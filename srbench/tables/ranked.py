"""Methods ranked on one board, with the tests between them."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from srbench.core.records import Score
from srbench.statistics.pairs import SIGNIFICANCE, power_warning
from srbench.statistics.ranks import RankTest, critical_difference, indistinct_groups, nemenyi_p, rank_test
from srbench.tables.boards import Board
from srbench.tables.significance import significance

# One test decides everything that a page says of pairs.
PostHoc = Literal["wilcoxon-holm", "nemenyi"]
Verdict = Literal["level", "worse", "better", "open"]

# What stands behind a value; the words for it stand below each table.
MARKS: dict[Verdict, str] = {"level": "≈", "better": "△", "worse": "", "open": ""}
_TESTS: dict[PostHoc, str] = {
    "wilcoxon-holm": (
        "two-sided Wilcoxon signed-rank test over images, p ≥ 0.05 after Holm's correction over all pairs of "
        "the column"
    ),
    "nemenyi": "Nemenyi's test of mean ranks, p ≥ 0.05",
}


@dataclass(frozen=True)
class Standing:
    """A method against the best one of a column: the test's p value and what it says of their images.

    - "level": not told apart; "worse": the best method is better image by image.
    - "better": this method is better image by image, though its value over the data set is not.
    - "open": so few images that no difference could be told.
    """

    p_value: float
    verdict: Verdict


@dataclass(frozen=True)
class Ranked:
    """A leaderboard with its statistics.

    `methods` are in the order of the first metric, best first. `standings` maps (method, metric) for the
    methods that are not the best. `ranks` holds Friedman's test by metric, where there are three methods
    or more, and `groups` the sets of methods that `post_hoc` does not tell apart.
    """

    board: Board
    methods: tuple[str, ...]
    post_hoc: PostHoc
    standings: dict[tuple[str, str], Standing]
    ranks: dict[str, RankTest]
    groups: dict[str, tuple[tuple[str, ...], ...]]

    def mark(self, method: str, metric: str) -> str:
        """What stands behind the value of a method: nothing for the best and for the worse ones."""
        standing = self.standings.get((method, metric))
        return "" if standing is None else MARKS[standing.verdict]

    @property
    def pairs(self) -> int:
        """How many pairs of methods share the level of 5%."""
        return math.comb(len(set(self.board.methods) - self.board.reference_methods), 2)

    @property
    def warning(self) -> str:
        """What the number of images does not allow to say; empty where it allows it."""
        return power_warning(self.board.images, self.pairs) if self.pairs else ""

    def marks_explained(self) -> list[str]:
        """The words for the marks, a line each."""
        if self.post_hoc == "wilcoxon-holm" and self.warning:
            return [f"Power: {self.warning}."]
        lines = [f"{MARKS['level']}: cannot be told from the best ({_TESTS[self.post_hoc]})."]
        if any(standing.verdict == "better" for standing in self.standings.values()):
            lines.append(
                f"{MARKS['better']}: better than the best image by image (the same test), though not in the "
                "value over the data set, which a few images decide."
            )
        return lines

    def difference(self, metric: str) -> float | None:
        """Nemenyi's critical difference of mean ranks, where it decides."""
        test = self.ranks[metric]
        return critical_difference(test.k, test.n) if self.post_hoc == "nemenyi" else None

    def friedman_text(self, metric: str) -> str:
        """Friedman's test of a metric in words."""
        test = self.ranks[metric]
        return f"Friedman χ² = {test.statistic:.2f}, {test.p_text}; {test.k} methods, {test.n} images"

    def rank_text(self, metric: str) -> str:
        """Friedman's test of a metric, the mean ranks and the groups in words."""
        test, difference = self.ranks[metric], self.difference(metric)
        ranks = ", ".join(f"{name} {value:.2f}" for name, value in test.ranks.items())
        parts = [self.friedman_text(metric), f"mean ranks {ranks}"]
        if difference is not None:
            parts.append(f"Nemenyi's critical difference {difference:.2f}")
        if groups := self.groups[metric]:
            parts.append(f"not told apart: {'; '.join(' – '.join(group) for group in groups)}")
        return "; ".join(parts)


@dataclass(frozen=True)
class _Pair:
    """The test of two methods on one metric; `sign` is 1 where the first one is better, -1, or 0."""

    p_value: float
    sign: int
    telling: bool


# By metric, then by the two methods in both orders.
_Pairs = dict[str, dict[tuple[str, str], _Pair]]


def of_board(scores: Iterable[Score], board: Board) -> list[Score]:
    """The scores that a board was made of."""
    key = (board.dataset, board.scale, board.protocol)
    return [score for score in scores if (score.dataset, score.scale, score.protocol) == key]


def rank(board: Board, scores: list[Score], post_hoc: PostHoc = "wilcoxon-holm") -> Ranked:
    """The statistics of a board from its scores."""
    ranks = _rank_tests(board, values_of(scores))
    pairs = _wilcoxon_holm(board, scores) if post_hoc == "wilcoxon-holm" else _nemenyi(board, ranks)
    groups = {
        metric: indistinct_groups(
            list(test.ranks),
            {frozenset(names) for names, pair in pairs[metric].items() if pair.p_value < SIGNIFICANCE},
        )
        for metric, test in ranks.items()
    }
    return Ranked(board, _order(board), post_hoc, _standings(board, pairs), ranks, groups)


def _standings(board: Board, pairs: _Pairs) -> dict[tuple[str, str], Standing]:
    found = {}
    for info in board.metrics:
        best = board.best(info)
        for method in board.methods:
            against = [pair for top in best if (pair := pairs[info.name].get((method, top)))]
            if against and method not in best:
                found[method, info.name] = _standing(max(against, key=lambda pair: pair.p_value))
    return found


def _standing(pair: _Pair) -> Standing:
    if not pair.telling:
        return Standing(pair.p_value, "open")
    if pair.p_value >= SIGNIFICANCE:
        return Standing(pair.p_value, "level")
    return Standing(pair.p_value, "better" if pair.sign > 0 else "worse")


def _wilcoxon_holm(board: Board, scores: list[Score]) -> _Pairs:
    infos = {info.name: info for info in board.metrics}
    rows = significance(scores, infos, set(board.reference_methods))
    count = Counter(row["metric"] for row in rows if row["n"])
    found: _Pairs = {name: {} for name in infos}
    for row in rows:
        of_metric = found[row["metric"]]
        telling = not power_warning(row["n"], count[row["metric"]])
        sign = _sign(row["rank_biserial"] if infos[row["metric"]].higher_is_better else -row["rank_biserial"])
        of_metric[row["method_a"], row["method_b"]] = _Pair(row["p_holm"], sign, telling)
        of_metric[row["method_b"], row["method_a"]] = _Pair(row["p_holm"], -sign, telling)
    return found


def _nemenyi(board: Board, ranks: dict[str, RankTest]) -> _Pairs:
    found: _Pairs = {info.name: {} for info in board.metrics}
    for metric, test in ranks.items():
        telling = critical_difference(test.k, test.n) < test.k - 1
        for a, b in itertools.permutations(test.ranks, 2):
            p_value = nemenyi_p(test.ranks[a], test.ranks[b], test.k, test.n)
            found[metric][a, b] = _Pair(p_value, _sign(test.ranks[b] - test.ranks[a]), telling)
    return found


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


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

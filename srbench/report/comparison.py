"""`srbench compare`: paired tests between the methods of a run."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srbench.core.records import Score, UsageError, UserError
from srbench.runs.data import stored_run
from srbench.runs.folder import existing_run
from srbench.runs.store import Store
from srbench.statistics.intervals import Interval, aggregate, caption, mean_interval
from srbench.statistics.pairs import differences, power_warning, wins_ties_losses
from srbench.statistics.ranks import RankTest, rank_test
from srbench.tables.boards import MetricInfo
from srbench.tables.significance import significance

_Place = tuple[str, int, str, str]
PAIR_COLUMNS = (
    "A", "B", "n", "win/tie/loss", "median A-B", "mean A-B [95%]", "W", "p", "p (Holm)", "effect r",
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """One row of `significance.csv`, with what the images say one by one.

    `wins` counts the images on which A is better, equal, worse; `mean` is that of A - B, NaN where there
    is none, with its 95% interval; `differences` are those of the images.
    """

    row: dict[str, Any]
    wins: tuple[int, int, int]
    mean: float
    interval: Interval | None
    differences: tuple[float, ...]

    @property
    def deviation(self) -> float:
        """The standard deviation of A - B over images, NaN for fewer than two or an infinite difference."""
        if len(self.differences) < 2 or not all(map(math.isfinite, self.differences)):
            return math.nan
        return statistics.stdev(self.differences)

    def cells(self) -> list[str]:
        """The row as printed, in the order of `PAIR_COLUMNS`."""
        row = self.row
        mark = "*" if row["significant"] else ""
        return [
            row["method_a"],
            row["method_b"],
            str(row["n"]),
            "/".join(map(str, self.wins)),
            f"{row['median_difference']:.4g}",
            self._mean(),
            f"{row['statistic']:.6g}",
            f"{row['p_value']:.3g}",
            f"{row['p_holm']:.3g}{mark}",
            f"{row['rank_biserial']:+.3f}",
        ]

    def _mean(self) -> str:
        if math.isnan(self.mean):
            return ""
        between = self.interval and f" [{self.interval.low:.4g}, {self.interval.high:.4g}]"
        return f"{self.mean:.4g}{between or ''}"


@dataclass(frozen=True)
class Comparisons:
    """All pairs that were asked for, and Friedman's tests of three methods or more by data set and metric."""

    pairs: list[Comparison]
    ranks: dict[str, RankTest]

    def by_place(self) -> dict[str, list[Comparison]]:
        """The pairs by data set, scale, protocol and metric, as a title says them."""
        places: dict[str, list[Comparison]] = {}
        for pair in self.pairs:
            places.setdefault(_title(place_of(pair.row)), []).append(pair)
        return places

    def warnings(self) -> list[str]:
        """What the number of images does not allow to say, once for each number of images and of pairs."""
        family = Counter(place_of(pair.row) for pair in self.pairs if pair.row["n"])
        cases = sorted({(pair.row["n"], family[place_of(pair.row)]) for pair in self.pairs})
        return [warning for n, pairs in cases if (warning := power_warning(n, pairs))]

    def intervals(self) -> str:
        """Which kinds of interval the pairs have; empty where none has one."""
        return caption(pair.interval for pair in self.pairs)


def compare_run(folder: Path, methods: list[str], metric: str) -> Comparisons:
    """Tests of all pairs of `methods` (all of the run when empty), for one metric or all.

    Holm's correction is over the pairs that are shown.
    """
    if len(methods) == 1:
        raise UsageError("compare needs two or more methods, or none for all of the run")
    with Store(existing_run(folder), read_only=True) as store:
        run = stored_run(store)
    scores, infos, references = run.scores, run.metrics(), run.references()
    known = list(dict.fromkeys(score.method for score in scores))
    for name in methods:
        if name not in known:
            raise UsageError(f"the run has no method '{name}'; it has: {', '.join(known)}")
    if metric and metric not in infos:
        raise UsageError(f"the run has no metric '{metric}'; it has: {', '.join(infos)}")
    chosen = [
        score
        for score in scores
        if (not methods or score.method in methods) and (not metric or score.metric == metric)
    ]
    rows = significance(chosen, infos, references - set(methods))
    if not rows:
        raise UserError(f"{folder} has no two methods with scores of the same metric and data set")
    values = _values(chosen, references - set(methods))
    return Comparisons([_compared(row, values, infos) for row in rows], _rank_tests(values, infos))


def place_of(row: dict[str, Any]) -> _Place:
    """The data set and metric of a row, over whose pairs Holm's correction is."""
    return row["dataset"], row["scale"], row["protocol"], row["metric"]


def _title(place: _Place) -> str:
    dataset, scale, protocol, metric = place
    return f"{dataset} ×{scale} {protocol}, {metric}"


def _values(scores: list[Score], leave_out: set[str]) -> dict[_Place, dict[str, dict[str, float]]]:
    """Values by method and image of each data set and metric."""
    values: dict[_Place, dict[str, dict[str, float]]] = {}
    for score in scores:
        if score.value is not None and score.method not in leave_out:
            place = (score.dataset, score.scale, score.protocol, score.metric)
            values.setdefault(place, {}).setdefault(score.method, {})[score.image] = score.value
    return values


def _compared(
    row: dict[str, Any],
    values: dict[_Place, dict[str, dict[str, float]]],
    infos: dict[str, MetricInfo],
) -> Comparison:
    by_method = values[place_of(row)]
    a, b = by_method[row["method_a"]], by_method[row["method_b"]]
    common = sorted(a.keys() & b.keys())
    first, second = [a[image] for image in common], [b[image] for image in common]
    wins = wins_ties_losses(first, second, higher_is_better=infos[row["metric"]].higher_is_better)
    found = differences(first, second).tolist()
    mean = aggregate(found, "mean") if found else math.nan
    return Comparison(row, wins, mean, mean_interval(found), tuple(found))


def _rank_tests(
    values: dict[_Place, dict[str, dict[str, float]]], infos: dict[str, MetricInfo]
) -> dict[str, RankTest]:
    found = {}
    for (dataset, scale, protocol, metric), by_method in values.items():
        test = rank_test(by_method, higher_is_better=infos[metric].higher_is_better)
        if test is not None:
            found[_title((dataset, scale, protocol, metric))] = test
    return found

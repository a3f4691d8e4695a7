"""Scores of BAPPS by subset and group, with intervals and tests, in the form of TSRN's Table 5.

A group's value is the plain mean of its subsets' values, as in the papers (the columns "All" of Table 5
follow from its other columns this way). A group of which only some subsets are there says so.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from srbench.datasets.bapps import SUBSETS, TITLES, is_whole_validation
from srbench.statistics.pairs import holm, wilcoxon
from srbench.studies.bapps.agreement import (
    average_precision,
    human_ceiling,
    interval,
    majority,
    mean_by,
    resample,
    two_afc,
)
from srbench.studies.bapps.measure import SubsetDistances
from srbench.studies.reported import read_table

Groups = dict[str, tuple[str, ...]]

# The columns of the paper's Table 5, in its order.
GROUPS: Groups = {
    "traditional": ("traditional",),
    "cnn": ("cnn",),
    "distortions": ("traditional", "cnn"),
    "superres": ("superres",),
    "deblur": ("deblur",),
    "color": ("color",),
    "frameinterp": ("frameinterp",),
    "real": ("superres", "deblur", "color", "frameinterp"),
    "all": SUBSETS,
}
# The official JND set has two subsets.
JND_GROUPS: Groups = {
    "traditional": ("traditional",),
    "cnn": ("cnn",),
    "all": ("traditional", "cnn"),
}
GROUP_TITLES = {**TITLES, "distortions": "All distortions", "real": "All real algorithms", "all": "All"}
HUMAN = "human"
MAJORITY = "majority"

Columns = Sequence[np.ndarray]
Statistic = Callable[..., float]


@dataclass(frozen=True)
class GroupScore:
    """A metric on a subset or group, in per cent, with a 95% bootstrap interval.

    `n` of `expected` items were scored; `subsets` of `of_subsets` are there; `reported` is the paper's
    number where it has one, `derived` where its cell is blank and the number follows from others.
    """

    metric: str
    group: str
    value: float
    low: float
    high: float
    n: int
    expected: int
    subsets: int
    of_subsets: int
    reported: float | None
    derived: bool

    @property
    def partial(self) -> bool:
        """Whether subsets or items are missing."""
        return self.subsets < self.of_subsets or self.n < self.expected


@dataclass(frozen=True)
class PairTest:
    """Two metrics on the same items: difference of their values in per cent, and Wilcoxon's test.

    The interval is a paired bootstrap; the p values are of the two-sided signed-rank test on the mean scores
    of the items of each of `n` references, `p_holm` corrected over the pairs of metrics of the group.
    """

    group: str
    metric_a: str
    metric_b: str
    n: int
    difference: float
    low: float
    high: float
    p_value: float
    p_holm: float
    note: str


@dataclass(frozen=True)
class _Sampled:
    """One metric on one subset: its items' columns, value and bootstrap samples."""

    rows: np.ndarray
    references: np.ndarray
    columns: Columns
    value: float
    samples: np.ndarray


@dataclass(frozen=True)
class Results:
    """Everything that the files of a run are written from."""

    scores: list[GroupScore]
    tests: list[PairTest]


def two_afc_results(measured: dict[str, SubsetDistances], reported: dict[tuple[str, str], float]) -> Results:
    """The 2AFC table: the human ceiling and the majority first, then the metrics in their order.

    A group of `reported` stands beside ours only where as many items of all of its subsets were scored as
    the published split has.
    """

    def columns(subset: SubsetDistances) -> dict[str, np.ndarray]:
        """The score of each triplet by each judge; NaN where a metric has no distance."""
        judgement = subset.judgement
        found = {HUMAN: human_ceiling(judgement), MAJORITY: majority(judgement)}
        for name, distances in subset.distances.items():
            scored = two_afc(distances[:, 0], distances[:, 1], judgement)
            found[name] = np.where(np.isnan(distances).any(axis=1), np.nan, scored)
        return found

    sampled = {
        name: {
            metric: _sample((values,), subset.references, np.mean)
            for metric, values in columns(subset).items()
        }
        for name, subset in measured.items()
    }
    metrics = next(iter(sampled.values()), {}).keys() - {HUMAN, MAJORITY}
    ordered = [name for name in next(iter(sampled.values()), {}) if name in metrics]
    groups = groups_of(list(measured), GROUPS)
    return Results(_group_scores(measured, sampled, groups, reported), _tests(sampled, groups, ordered))


def jnd_results(measured: dict[str, SubsetDistances]) -> Results:
    """The JND table: average precision per metric on "traditional", "cnn" and both of them."""
    sampled = {
        name: {
            metric: _sample((distances[:, 0], subset.judgement), subset.references, average_precision)
            for metric, distances in subset.distances.items()
        }
        for name, subset in measured.items()
    }
    return Results(_group_scores(measured, sampled, groups_of(list(measured), JND_GROUPS), {}), [])


def reported_scores() -> dict[tuple[str, str], float]:
    """The numbers of TSRN's Table 5 by (metric, group)."""
    return {(row["metric"], row["group"]): float(row["value"]) for row in read_table("bapps_2afc.csv")}


def _derived() -> set[tuple[str, str]]:
    rows = read_table("bapps_2afc.csv")
    return {(row["metric"], row["group"]) for row in rows if row["source"].startswith("derived")}


def groups_of(subsets: Sequence[str], known: Groups) -> Groups:
    """The columns for these subsets: those `known`, or one per subset and their mean for others."""
    if set(subsets) <= {name for members in known.values() for name in members}:
        return {group: members for group, members in known.items() if set(members) & set(subsets)}
    return {**{name: (name,) for name in subsets}, "all": tuple(subsets)}


def _sample(columns: Columns, references: np.ndarray, statistic: Statistic) -> _Sampled:
    rows = np.flatnonzero(~np.isnan(np.stack(columns)).any(axis=0))
    kept = [column[rows] for column in columns]
    if rows.size == 0:
        return _Sampled(rows, references[rows], kept, np.nan, np.full(1, np.nan))
    of_rows = references[rows]
    return _Sampled(rows, of_rows, kept, float(statistic(*kept)), resample(kept, of_rows, statistic))


def _group_scores(
    measured: dict[str, SubsetDistances],
    sampled: dict[str, dict[str, _Sampled]],
    groups: Groups,
    reported: dict[tuple[str, str], float],
) -> list[GroupScore]:
    scores = []
    derived = _derived() if reported else set()
    for metric in next(iter(sampled.values()), {}):
        for group, members in groups.items():
            there = [name for name in members if name in sampled]
            parts = [part for name in there if (part := sampled[name][metric]).rows.size]
            low, high = interval([part.samples for part in parts]) if parts else (np.nan, np.nan)
            whole = len(there) == len(members) and all(
                is_whole_validation(name, sampled[name][metric].rows.size) for name in there
            )
            scores.append(
                GroupScore(
                    metric=metric,
                    group=group,
                    value=100 * float(np.mean([part.value for part in parts])) if parts else np.nan,
                    low=100 * low,
                    high=100 * high,
                    n=sum(part.rows.size for part in parts),
                    expected=sum(len(measured[name].items) for name in there),
                    subsets=len(there),
                    of_subsets=len(members),
                    reported=reported.get((_as_printed(metric), group)) if whole else None,
                    derived=whole and (_as_printed(metric), group) in derived,
                )
            )
    return scores


def _as_printed(metric: str) -> str:
    """What the paper, which does not say the release, calls a metric."""
    return metric.removesuffix("-v0.0")


def _tests(sampled: dict[str, dict[str, _Sampled]], groups: Groups, metrics: list[str]) -> list[PairTest]:
    tests = []
    for group, members in groups.items():
        there = [name for name in members if name in sampled]
        pairs = list(itertools.combinations(metrics, 2))
        made = [
            _test(group, [(sampled[name][a], sampled[name][b]) for name in there], a, b) for a, b in pairs
        ]
        corrected = holm([test.p_value for test in made])
        tests += [
            PairTest(**{**vars(test), "p_holm": p_holm}) for test, p_holm in zip(made, corrected, strict=True)
        ]
    return tests


def _test(group: str, parts: list[tuple[_Sampled, _Sampled]], metric_a: str, metric_b: str) -> PairTest:
    first, second, means = [], [], []
    for a, b in parts:
        _, of_a, of_b = np.intersect1d(a.rows, b.rows, assume_unique=True, return_indices=True)
        first.append(mean_by(a.references[of_a], a.columns[0][of_a]))
        second.append(mean_by(b.references[of_b], b.columns[0][of_b]))
        means.append(np.mean(a.columns[0][of_a]) - np.mean(b.columns[0][of_b]) if of_a.size else None)
    test = wilcoxon(np.concatenate(first), np.concatenate(second))
    same_rows = all(np.array_equal(a.rows, b.rows) and a.rows.size for a, b in parts)
    low, high = interval([a.samples - b.samples for a, b in parts]) if same_rows else (np.nan, np.nan)
    differences = [mean for mean in means if mean is not None]
    return PairTest(
        group=group,
        metric_a=metric_a,
        metric_b=metric_b,
        n=test.n,
        difference=100 * float(np.mean(differences)) if differences else np.nan,
        low=100 * low,
        high=100 * high,
        p_value=test.p_value,
        p_holm=np.nan,
        note=test.note,
    )

"""The files of a BAPPS run: tables in CSV and Markdown, every item's distances, and the provenance."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from srbench.core.files import write_csv, write_text
from srbench.core.records import OK
from srbench.datasets.bapps import Kind
from srbench.studies.bapps.measure import SubsetDistances
from srbench.studies.bapps.results import GROUP_TITLES, GroupScore, Results

_FIELDS = ("metric", "group", "value", "low", "high", "n", "expected", "subsets", "of_subsets", "reported")
_HEADINGS: dict[Kind, str] = {
    "2afc": "BAPPS 2AFC scores in per cent (higher is better); in brackets: reported in TSRN's Table 5",
    "jnd": "BAPPS JND: average precision in per cent (higher is better)",
}


def write_files(
    out: Path,
    kind: Kind,
    results: Results,
    measured: dict[str, SubsetDistances],
    provenance: dict[str, Any],
) -> list[Path]:
    """Writes all files of a run into `out`, each complete or not at all; returns their paths."""
    out.mkdir(parents=True, exist_ok=True)
    written = [
        write_csv(
            out / f"{kind}.csv",
            _FIELDS,
            ([getattr(row, name) for name in _FIELDS] for row in results.scores),
        ),
        write_text(out / f"{kind}.md", markdown(kind, results.scores)),
        write_csv(
            out / "items.csv",
            ("subset", "item", "judgement", "metric", "distances", "status"),
            _items(measured),
        ),
        write_text(out / "run.json", json.dumps(provenance, indent=2) + "\n"),
    ]
    if results.tests:
        fields = list(vars(results.tests[0]))
        rows = [list(vars(test).values()) for test in results.tests]
        written.append(write_csv(out / "tests.csv", fields, rows))
    return written


def cell(score: GroupScore) -> str:
    """`71.5 (71.6)`: the value and the reported one; an asterisk where subsets or items are missing."""
    if math.isnan(score.value):
        return "–"
    reported = f" ({score.reported:.1f})" if score.reported is not None else ""
    return f"{score.value:.1f}{'*' if score.partial else ''}{reported}"


def remarks(scores: list[GroupScore]) -> list[str]:
    """What a reader must know of the asterisks, one line per case."""
    lines = [
        f"* {GROUP_TITLES.get(score.group, score.group)}: "
        f"{score.subsets} of {score.of_subsets} subsets are here"
        for score in scores
        if score.subsets < score.of_subsets
    ]
    lines += [
        f"* {score.metric} on {score.group}: {score.n} of {score.expected} items scored, see items.csv"
        for score in scores
        if score.n < score.expected
    ]
    return list(dict.fromkeys(lines))


def table_rows(scores: list[GroupScore]) -> tuple[list[str], dict[str, list[GroupScore]]]:
    """The groups in their order, and each metric's scores in that order."""
    groups = list(dict.fromkeys(score.group for score in scores))
    metrics: dict[str, list[GroupScore]] = {}
    for score in scores:
        metrics.setdefault(score.metric, []).append(score)
    return groups, metrics


def markdown(kind: Kind, scores: list[GroupScore]) -> str:
    """The table in the form of the paper's, and the same with 95% bootstrap intervals."""
    groups, metrics = table_rows(scores)
    head = ["Metric", *(GROUP_TITLES.get(group, group) for group in groups)]
    rule = ["---", *("---:" for _ in groups)]
    values = [[name, *(cell(score) for score in row)] for name, row in metrics.items()]
    ranges = [
        [name, *("–" if math.isnan(score.low) else f"{score.low:.1f}–{score.high:.1f}" for score in row)]
        for name, row in metrics.items()
    ]
    lines = [f"# {_HEADINGS[kind]}", "", *_table([head, rule, *values]), ""]
    lines += [f"\\{line}  " for line in remarks(scores)]
    lines += [
        "",
        "95% bootstrap intervals over items within each subset:",
        "",
        *_table([head, rule, *ranges]),
    ]
    return "\n".join(lines) + "\n"


def _table(rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(row) + " |" for row in rows]


def _items(measured: dict[str, SubsetDistances]) -> Iterable[list[object]]:
    for name, subset in measured.items():
        for number, item in enumerate(subset.items):
            for metric, distances in subset.distances.items():
                status = subset.reasons.get((number, metric), OK)
                text = " ".join(repr(float(value)) for value in distances[number]) if status == OK else ""
                yield [name, item.name, item.judgement, metric, text, status]

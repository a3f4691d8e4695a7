"""The files of a BAPPS run: tables in CSV and Markdown, every item's distances, and the provenance."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from srbench.core.files import write_csv, write_text
from srbench.core.records import OK
from srbench.datasets.bapps import Kind
from srbench.studies.bapps.measure import SubsetDistances
from srbench.studies.bapps.results import GROUP_TITLES, GroupScore, Results
from srbench.tables.text import markdown as escaped
from srbench.tables.text import markdown_head, markdown_row

_FIELDS = (
    "metric",
    "group",
    "value",
    "low",
    "high",
    "n",
    "expected",
    "subsets",
    "of_subsets",
    "reported",
    "derived",
)
_ITEM_FIELDS = ("subset", "item", "judgement", "metric", "distances", "status")
_HEADINGS: dict[Kind, str] = {
    "2afc": "BAPPS 2AFC scores in per cent (higher is better); in brackets: reported in TSRN's Table 5, "
    "where the items are as many",
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
            ({name: getattr(row, name) for name in _FIELDS} for row in results.scores),
        ),
        write_text(out / f"{kind}.md", markdown(kind, results.scores)),
        write_csv(
            out / "items.csv",
            _ITEM_FIELDS,
            _items(measured),
        ),
        write_text(out / "run.json", json.dumps(provenance, indent=2) + "\n"),
    ]
    if results.tests:
        written.append(write_csv(out / "tests.csv", vars(results.tests[0]), map(vars, results.tests)))
    return written


def cell(score: GroupScore) -> str:
    """`71.5 (71.6)`: the value and the reported one; an asterisk where subsets or items are missing."""
    if math.isnan(score.value):
        return "–"
    reported = f" ({score.reported:.1f}{'†' * score.derived})" if score.reported is not None else ""
    return f"{score.value:.1f}{'*' if score.partial else ''}{reported}"


def shown_name(metric: str) -> str:
    """The name of a metric, and of LPIPS which release it is of."""
    return f"{metric} (v0.1)" if re.fullmatch(r"lpips-[a-z]+", metric) else metric


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
    if any(score.derived for score in scores):
        lines.append("† not printed: it follows from the paper's other columns")
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
    head = markdown_head(["Metric", *(escaped(GROUP_TITLES.get(group, group)) for group in groups)])
    values = [[shown_name(name), *(cell(score) for score in row)] for name, row in metrics.items()]
    ranges = [
        [
            shown_name(name),
            *("–" if math.isnan(score.low) else f"{score.low:.1f}–{score.high:.1f}" for score in row),
        ]
        for name, row in metrics.items()
    ]
    return (
        f"# {_HEADINGS[kind]}\n\n{head}{_body(values)}\n"
        + "".join(f"{escaped(line)}  \n" for line in remarks(scores))
        + f"\n95% bootstrap intervals over references within each subset:\n\n{head}{_body(ranges)}"
    )


def _range(score: GroupScore) -> str:
    return "–" if math.isnan(score.low) else f"{score.low:.1f}–{score.high:.1f}"


def _body(rows: list[list[str]]) -> str:
    return "".join(markdown_row(map(escaped, row)) for row in rows)


def _items(measured: dict[str, SubsetDistances]) -> Iterable[dict[str, object]]:
    for name, subset in measured.items():
        for number, item in enumerate(subset.items):
            for metric, distances in subset.distances.items():
                status = subset.reasons.get((number, metric), OK)
                text = " ".join(repr(float(value)) for value in distances[number]) if status == OK else ""
                values = (name, item.name, item.judgement, metric, text, status)
                yield dict(zip(_ITEM_FIELDS, values, strict=True))

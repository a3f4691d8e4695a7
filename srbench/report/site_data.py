"""What the pages of a leaderboard site show: tables, methods and their cards, as the templates read it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from srbench.core.files import file_hash, file_name
from srbench.core.text import without_folders
from srbench.methods.catalogue import METHODS
from srbench.report.data import number
from srbench.runs.data import RunData
from srbench.tables.boards import MetricInfo
from srbench.tables.ranked import Ranked
from srbench.tables.text import format_cell, format_interval, gaps, legend, remarks

CARDS = "cards"  # the folder of a submission with a card for each of its methods
_SENT = ("given weights", "the user's", "result images")  # what the catalogue's licence does not speak of
_SORTED = {"inf": "Infinity", "-inf": "-Infinity"}  # as JavaScript reads them


def stem(ranked: Ranked) -> str:
    """What the files of a leaderboard are called."""
    board = ranked.board
    return file_name(f"{board.dataset}_x{board.scale}_{board.protocol}")


def method_page(name: str) -> str:
    """The address of a method's page, from the index."""
    return f"methods/{quote(file_name(name))}.html"


def filters(boards: Sequence[Ranked]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Name, label and choices (value and text) of each filter."""
    made = [ranked.board for ranked in boards]
    infos = {info.name: info.title for board in made for info in board.metrics}
    return [
        ("dataset", "Data set", _same(sorted({board.dataset for board in made}))),
        ("scale", "Scale", [(str(scale), f"×{scale}") for scale in sorted({board.scale for board in made})]),
        ("protocol", "Protocol", _same(sorted({board.protocol for board in made}))),
        ("metric", "Metric", list(infos.items())),
    ]


def _same(names: list[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in names]


def board_data(ranked: Ranked, run: RunData, number_of: int) -> dict[str, Any]:
    """One leaderboard of the index; `number_of` is its place among all of them."""
    board = ranked.board
    protocol = run.facts["protocols"].get(board.protocol, {})
    fact = run.facts["datasets"].get(f"{board.dataset} x{board.scale}", {})
    expected = fact.get("expected_images")
    images = f"{board.images} images" if board.images != 1 else "1 image"
    if expected and expected != board.images:
        images = f"{board.images} of its {expected} images"
    cells = board.cells.values()
    return {
        "id": f"board-{number_of}",
        "dataset": board.dataset,
        "scale": board.scale,
        "protocol": board.protocol,
        "title": f"{run.title_of(board)} ×{board.scale}",
        "lead": f"{images}; version {protocol.get('version', '?')}: {protocol.get('summary', '')}".rstrip(
            ": "
        ),
        "metrics": [metric_data(info) for info in board.metrics],
        "rows": [
            {
                "name": name,
                "page": method_page(name),
                "reference": name in board.reference_methods,
                "remark": board.remarks.get(name, ""),
                "origin": board.origins.get(name, ""),
                "cells": {info.name: cell_data(ranked, name, info) for info in board.metrics},
            }
            for name in ranked.methods
        ],
        "legend": " ".join([f"{line}." for line in (*legend([board]), *remarks(board))] + _marks(ranked)),
        "gaps": [without_folders(line) for line in gaps(board)],
        "missing": sum(cell.expected - cell.n for cell in cells),
        "csv": f"tables/{quote(stem(ranked))}.csv",
        "markdown": f"tables/{quote(stem(ranked))}.md",
    }


def _marks(ranked: Ranked) -> list[str]:
    return ["Bold: the best value of a column, over all images.", *ranked.marks_explained()]


def metric_data(info: MetricInfo) -> dict[str, Any]:
    """The head of a metric's column."""
    label = f"{info.title} [{info.unit}]" if info.unit else info.title
    return {"name": info.name, "label": label, "higher": info.higher_is_better}


def cell_data(ranked: Ranked, method: str, info: MetricInfo) -> dict[str, Any]:
    """A cell as the tables print it; `sort` has all digits and is empty where there is no value."""
    cell = ranked.board.cells[method, info.name]
    standing = ranked.standings.get((method, info.name))
    value = number(cell.value)
    finite = cell.value is not None and math.isfinite(cell.value)
    return {
        "text": None if cell.value is None else format_cell(cell, info).partition(" (")[0],
        "sort": "" if value is None else _SORTED.get(str(value), str(value)),
        "best": method in ranked.board.best(info),
        "mark": ranked.mark(method, info.name),
        "p": "" if standing is None else f"p = {standing.p_value:.2g}",
        "part": "" if cell.n == cell.expected else f"{cell.n} of {cell.expected}",
        "interval": format_interval(cell, info) if finite else "",
        "reasons": without_folders("; ".join(cell.reasons)) or "not computed",
    }


def method_scores(name: str, boards: Sequence[Ranked], run: RunData) -> dict[str, Any]:
    """The metrics and rows of a method's page: a row for each leaderboard that it is in."""
    metrics: dict[str, dict[str, Any]] = {}
    rows = []
    for index, ranked in enumerate(boards):
        board = ranked.board
        if name not in board.methods:
            continue
        metrics |= {info.name: metric_data(info) for info in board.metrics}
        rows.append(
            {
                "id": f"board-{index}",
                "title": f"{run.title_of(board)} ×{board.scale}",
                "protocol": board.protocol,
                "cells": {info.name: cell_data(ranked, name, info) for info in board.metrics},
            }
        )
    return {"metrics": list(metrics.values()), "rows": rows}


def method_facts(name: str, run: RunData) -> list[tuple[str, list[str]]]:
    """What a method is: terms with their lines, as the run that measured it says."""
    fact = run.facts["methods"].get(name, {})
    origin = run.origins().get(name, "")
    hashes = {
        **fact.get("weights", {}),
        **{Path(file).name: digest for file, digest in fact.get("files", {}).items()},
    }
    told = [
        ("Origin", [origin]),
        ("Kind", [fact.get("kind", "")]),
        ("Source", [without_folders(str(fact.get("source", "")))]),
        ("Licence of the weights", _licences(name, fact, origin) if hashes else []),
        ("Trained on inputs", [] if fact.get("kind") == "interpolation" else [fact.get("trained_on") or ""]),
        ("SHA-256 of its files", [f"{file}: {digest}" for file, digest in sorted(hashes.items())]),
        ("To know", [fact.get("remark", "")]),
    ]
    return [(term, lines) for term, found in told if (lines := [line for line in found if line])]


def _licences(name: str, fact: dict[str, Any], origin: str) -> list[str]:
    """The licences that the catalogue has for these files; a line that says so where nobody told one."""
    known = METHODS.get(name).weights if name in METHODS and origin not in _SENT else ()
    found = dict.fromkeys(file.license for file in known if file.name in fact.get("weights", {}))
    return [licence for licence in found if licence] or ["not said"]


def cards(name: str, run: RunData, folders: Sequence[Path]) -> list[tuple[str, str]]:
    """The cards of a method, each with whose it is: of the model that was measured, and of submissions.

    A model's card counts only where the weights beside it are those that the scores are of.
    """
    found = []
    measured = run.facts["methods"].get(name, {}).get("weights", {})
    for file in METHODS.get(name).weights if name in METHODS else ():
        path = file.cached.parent / "card.md"
        if path.is_file() and file.cached.is_file() and file_hash(file.cached) == measured.get(file.name):
            found.append(("which lies beside its weights", path.read_text(encoding="utf-8")))
    for folder in folders:
        path = folder / CARDS / f"{file_name(name)}.md"
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            found.append((f"as submitted with the run {folder.resolve().name}", text))
    return found

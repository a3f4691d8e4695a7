"""Reads `scores.csv` again, and says in one line what is wrong with one that was edited by hand."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from srbench.core.files import cell_text
from srbench.core.records import OK, Score, UserError
from srbench.core.text import plain


def read_scores(path: Path) -> list[Score]:
    """The rows of a `scores.csv`; `UserError` names the line that cannot be one."""
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            lacking = [name for name in SCORE_COLUMNS if name not in (reader.fieldnames or ())]
            if lacking:
                raise UserError(f"{path} is not a scores.csv: it has no column {', '.join(lacking)}")
            scores = [_score(path, reader.line_num, row) for row in reader]
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as a table ({error})") from None
    _refuse_duplicates(path, scores)
    return scores


def _score(path: Path, line: int, row: dict[str, str | None]) -> Score:
    if any(row[name] is None for name in SCORE_COLUMNS):
        raise UserError(f"{path}, line {line}: fewer cells than the table has columns")
    cells = {name: plain(cell_text(str(row[name]))) for name in SCORE_COLUMNS}
    try:
        value = float(cells["value"]) if cells["value"] else None
        scale = int(cells["scale"])
        seconds = float(row.get("seconds") or 0.0)  # older files have them here
    except ValueError as error:
        raise UserError(f"{path}, line {line}: {error}") from None
    if value is not None and math.isnan(value):
        raise UserError(f"{path}, line {line}: a value that is not a number; leave it empty, with a reason")
    if (value is None) == (cells["status"] == OK) or not cells["status"]:
        raise UserError(f"{path}, line {line}: a row has either a value and the status ok, or a reason")
    return Score(
        method=cells["method"],
        dataset=cells["dataset"],
        scale=scale,
        protocol=cells["protocol"],
        image=cells["image"],
        metric=cells["metric"],
        value=value,
        status=cells["status"],
        seconds=seconds,
    )


def place(score: Score) -> tuple[str, int, str, str, str, str]:
    """What a score is of: data set, scale, protocol, method, image, metric; the order of `scores.csv`."""
    return score.dataset, score.scale, score.protocol, score.method, score.image, score.metric


def describe(where: tuple[str, int, str, str, str, str]) -> str:
    """A place in words."""
    dataset, scale, protocol, method, image, metric = where
    return f"{metric} of {method} on {dataset} x{scale} image {image} (protocol {protocol})"


def _refuse_duplicates(path: Path, scores: Iterable[Score]) -> None:
    seen = set()
    for score in scores:
        key = place(score)
        if key in seen:
            raise UserError(f"{path}: two rows for {describe(key)}")
        seen.add(key)


_PLACE = ("method", "dataset", "scale", "protocol", "image", "metric")
SCORE_COLUMNS = (*_PLACE, "value", "status")
# In a file of their own: no two runs agree on them, while `scores.csv` is the same for the same inputs.
DURATION_COLUMNS = (*_PLACE, "seconds")


def score_rows(scores: Iterable[Score]) -> Iterator[dict[str, Any]]:
    """The rows of `scores.csv`."""
    return ({name: getattr(score, name) for name in SCORE_COLUMNS} for score in scores)


def duration_rows(scores: Iterable[Score]) -> Iterator[dict[str, Any]]:
    """The rows of `durations.csv`: how long computing each score took."""
    return ({name: getattr(score, name) for name in DURATION_COLUMNS} for score in scores)

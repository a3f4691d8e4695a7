"""Writing small result files so that each is complete or not there at all."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from pathlib import Path

from srbench.images.codec import atomic_file


def write_csv(path: Path, head: Iterable[str], rows: Iterable[Iterable[object]]) -> Path:
    """A CSV file with a heading; None and NaN become empty fields, floats keep all digits."""
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(head)
        writer.writerows([_plain(value) for value in row] for row in rows)
    return path


def write_text(path: Path, text: str) -> Path:
    """A text file in UTF-8."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def _plain(value: object) -> object:
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else value

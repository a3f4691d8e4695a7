"""The store behind a run folder: what was computed, keyed by content, and the current table of scores.

`outputs` and `scores` are caches keyed by the content of everything that decides a value, so a changed
weight file or protocol recomputes exactly what it touches. `results` is the table that users see: the
latest outcome of each method, data set, scale, protocol, image and metric. Several processes may use
one store at the same time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from srbench.core.records import Score
from srbench.runs.store_file import StoreFile

FORMAT = 1  # of `run.json`


@dataclass(frozen=True)
class StoredOutput:
    """An output image that was made before: hashes of its pixels and of its PNG file."""

    pixels: str
    png: str
    seconds: float


def content_key(*parts: Any) -> str:
    """A SHA-256 over parts that JSON can express; equal exactly for equal parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class Store(StoreFile):
    """The rows of the `store.sqlite` of a run folder."""

    def output(self, key: str) -> StoredOutput | None:
        """The output image stored under a content key; a damaged row is as good as none."""
        rows = [row for row, good in self.rows("outputs", "WHERE key = ?", (key,)) if good]
        return StoredOutput(*rows[0][1:]) if rows else None

    def put_output(self, key: str, output: StoredOutput) -> None:
        """Remembers an output image."""
        self.put_row("outputs", (key, output.pixels, output.png, float(output.seconds)))

    def score(self, key: str) -> tuple[float, float] | None:
        """Value and seconds stored under a content key; a damaged row is as good as none."""
        rows = [row for row, good in self.rows("scores", "WHERE key = ?", (key,)) if good]
        return (rows[0][1], rows[0][2]) if rows else None

    def put_score(self, key: str, value: float, seconds: float) -> None:
        """Remembers a value."""
        self.put_row("scores", (key, float(value), float(seconds)))

    def put_result(self, score: Score, output: str) -> None:
        """Sets one row of the table.

        Rows of the same image that measured another output are dropped: they are no longer true.
        """
        place = (score.method, score.dataset, score.scale, score.protocol, score.image)
        self.change(
            "DELETE FROM results WHERE method = ? AND dataset = ? AND scale = ? AND protocol = ? "
            "AND image = ? AND output <> ?",
            (*place, output),
        )
        self._put_result(score, output)

    def put_refusal(self, score: Score) -> bool:
        """Sets a row that has a reason only, unless the table has a value there; whether it was set."""
        place = (score.method, score.dataset, score.scale, score.protocol, score.image, score.metric)
        found = self.fetch(
            "SELECT 1 FROM results WHERE method = ? AND dataset = ? AND scale = ? AND protocol = ? "
            "AND image = ? AND metric = ? AND value IS NOT NULL",
            place,
        )
        if found:
            return False
        self._put_result(score, "")
        return True

    def _put_result(self, score: Score, output: str) -> None:
        value = None if score.value is None else float(score.value)
        place = (score.method, score.dataset, score.scale, score.protocol, score.image, score.metric)
        self.put_row("results", (*place, value, score.status, float(score.seconds), output))

    def keep_images(self, dataset: str, scale: int, images: Iterable[str]) -> None:
        """Drops rows of images that the data set no longer has."""
        self.change(
            "DELETE FROM results WHERE dataset = ? AND scale = ? "
            "AND image NOT IN (SELECT value FROM json_each(?))",
            (dataset, scale, json.dumps(list(images))),
        )

    def results(self) -> list[Score]:
        """The whole table in its stable order."""
        return list(self.each_result())

    def each_result(self) -> Iterator[Score]:
        """The table row by row; a `UserError` at its end where a row is damaged."""
        shared: dict[str, str] = {}  # names repeat from row to row
        for row in self.good_rows("results", "ORDER BY dataset, scale, protocol, method, image, metric"):
            cells: list[Any] = [shared.setdefault(x, x) if isinstance(x, str) else x for x in row[:-1]]
            yield Score(*cells)

    def put_fact(self, kind: str, name: str, fact: dict[str, Any]) -> None:
        """Records what a name of the table stands for (a method's weights, a data set's hashes)."""
        self.put_row("facts", (kind, name, json.dumps(fact, sort_keys=True)))

    def facts(self, kind: str) -> dict[str, Any]:
        """All facts of one kind by name."""
        rows = self.good_rows("facts", "WHERE kind = ? ORDER BY name", (kind,))
        try:
            return {name: json.loads(fact) for _, name, fact in rows}
        except ValueError:  # format 1 had no checksums
            raise self.damaged("facts", 1) from None

    def put_run(self, run: dict[str, Any]) -> None:
        """Appends the record of one command."""
        self.change("INSERT INTO runs (run) VALUES (?)", (json.dumps(run),))

    def runs(self) -> list[dict[str, Any]]:
        """The commands that filled this folder, oldest first, but for damaged records."""
        rows = self.fetch("SELECT run FROM runs WHERE json_valid(run) ORDER BY id")
        return [json.loads(run) for (run,) in rows]

"""The store behind a run folder: what was computed, keyed by content, and the current table of scores.

`outputs` and `scores` are caches keyed by the content of everything that decides a value, so a changed
weight file or protocol recomputes exactly what it touches. `results` is the table that users see: the
latest outcome of each method, data set, scale, protocol, image and metric. Several processes may use
one store at the same time.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srbench.core.records import Score, UserError

FORMAT = 1
_PATIENCE = 60  # seconds to wait for other processes

_SCHEMA = """
CREATE TABLE IF NOT EXISTS outputs (
    key TEXT PRIMARY KEY, pixels TEXT NOT NULL, png TEXT NOT NULL, seconds REAL NOT NULL);
CREATE TABLE IF NOT EXISTS scores (key TEXT PRIMARY KEY, value REAL NOT NULL, seconds REAL NOT NULL);
CREATE TABLE IF NOT EXISTS results (
    method TEXT, dataset TEXT, scale INTEGER, protocol TEXT, image TEXT, metric TEXT,
    value REAL, status TEXT NOT NULL, seconds REAL NOT NULL, output TEXT NOT NULL,
    PRIMARY KEY (method, dataset, scale, protocol, image, metric));
CREATE TABLE IF NOT EXISTS facts (kind TEXT, name TEXT, fact TEXT NOT NULL, PRIMARY KEY (kind, name));
CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, run TEXT NOT NULL);
"""
_RESULT_COLUMNS = "method, dataset, scale, protocol, image, metric, value, status, seconds"


@dataclass(frozen=True)
class StoredOutput:
    """An output image that was made before: hashes of its pixels and of its PNG file."""

    pixels: str
    png: str
    seconds: float


def content_key(*parts: Any) -> str:
    """A SHA-256 over parts that JSON can express; equal exactly for equal parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class Store:
    """The `store.sqlite` of a run folder; use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "store.sqlite"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{folder} cannot be made ({error.strerror}); choose another --out") from None
        with self._explained():
            self._connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
            self._prepare()

    def _prepare(self) -> None:
        # SQLite does not wait, but fails at once, where two processes switch to the write-ahead log together.
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = NORMAL")
                self._check_format()
                self._connection.executescript(_SCHEMA)
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _check_format(self) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self._connection.execute(f"PRAGMA user_version = {FORMAT}")
        elif version != FORMAT:
            raise UserError(
                f"{self.path} has format {version}, this srbench reads format {FORMAT}; choose another --out"
            )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise UserError(f"{self.path} cannot be used ({error}); what was stored before is kept") from None
        except sqlite3.DatabaseError as error:
            raise UserError(
                f"{self.path} is damaged ({error}); move it away or choose another --out"
            ) from None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens, or nothing of it."""
        with self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:  # a full disk has ended it already
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def output(self, key: str) -> StoredOutput | None:
        """The output image stored under a content key."""
        row = self._fetch("SELECT pixels, png, seconds FROM outputs WHERE key = ?", (key,))
        return StoredOutput(*row[0]) if row else None

    def put_output(self, key: str, output: StoredOutput) -> None:
        """Remembers an output image."""
        with self._explained():
            self._connection.execute(
                "INSERT OR REPLACE INTO outputs VALUES (?, ?, ?, ?)",
                (key, output.pixels, output.png, output.seconds),
            )

    def score(self, key: str) -> tuple[float, float] | None:
        """Value and seconds stored under a content key."""
        row = self._fetch("SELECT value, seconds FROM scores WHERE key = ?", (key,))
        return (row[0][0], row[0][1]) if row else None

    def put_score(self, key: str, value: float, seconds: float) -> None:
        """Remembers a value."""
        with self._explained():
            self._connection.execute("INSERT OR REPLACE INTO scores VALUES (?, ?, ?)", (key, value, seconds))

    def put_result(self, score: Score, output: str) -> None:
        """Sets one row of the table.

        Rows of the same image that measured another output are dropped: they are no longer true.
        """
        place = (score.method, score.dataset, score.scale, score.protocol, score.image)
        with self._explained():
            self._connection.execute(
                "DELETE FROM results WHERE method = ? AND dataset = ? AND scale = ? AND protocol = ? "
                "AND image = ? AND output <> ?",
                (*place, output),
            )
            self._connection.execute(
                f"INSERT OR REPLACE INTO results ({_RESULT_COLUMNS}, output) VALUES (?,?,?,?,?,?,?,?,?,?)",
                (*place, score.metric, score.value, score.status, score.seconds, output),
            )

    def put_refusal(self, score: Score) -> bool:
        """Sets a row that has a reason only, unless the table has a value there; whether it was set."""
        place = (score.method, score.dataset, score.scale, score.protocol, score.image, score.metric)
        found = self._fetch(
            "SELECT 1 FROM results WHERE method = ? AND dataset = ? AND scale = ? AND protocol = ? "
            "AND image = ? AND metric = ? AND value IS NOT NULL",
            place,
        )
        if found:
            return False
        with self._explained():
            self._connection.execute(
                f"INSERT OR REPLACE INTO results ({_RESULT_COLUMNS}, output) VALUES (?,?,?,?,?,?,?,?,?,'')",
                (*place, None, score.status, score.seconds),
            )
        return True

    def keep_images(self, dataset: str, scale: int, images: Iterable[str]) -> None:
        """Drops rows of images that the data set no longer has."""
        with self._explained():
            self._connection.execute(
                "DELETE FROM results WHERE dataset = ? AND scale = ? "
                "AND image NOT IN (SELECT value FROM json_each(?))",
                (dataset, scale, json.dumps(list(images))),
            )

    def results(self) -> list[Score]:
        """The whole table in its stable order."""
        rows = self._fetch(
            f"SELECT {_RESULT_COLUMNS} FROM results ORDER BY dataset, scale, protocol, method, image, metric"
        )
        return [Score(*row) for row in rows]

    def put_fact(self, kind: str, name: str, fact: dict[str, Any]) -> None:
        """Records what a name of the table stands for (a method's weights, a data set's hashes)."""
        with self._explained():
            self._connection.execute(
                "INSERT OR REPLACE INTO facts VALUES (?, ?, ?)",
                (kind, name, json.dumps(fact, sort_keys=True)),
            )

    def facts(self, kind: str) -> dict[str, Any]:
        """All facts of one kind by name."""
        rows = self._fetch("SELECT name, fact FROM facts WHERE kind = ? ORDER BY name", (kind,))
        return {name: json.loads(fact) for name, fact in rows}

    def put_run(self, run: dict[str, Any]) -> None:
        """Appends the record of one command."""
        with self._explained():
            self._connection.execute("INSERT INTO runs (run) VALUES (?)", (json.dumps(run),))

    def runs(self) -> list[dict[str, Any]]:
        """The commands that filled this folder, oldest first."""
        return [json.loads(run) for (run,) in self._fetch("SELECT run FROM runs ORDER BY id")]

    def _fetch(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._explained():
            return self._connection.execute(query, values).fetchall()

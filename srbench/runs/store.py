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
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

from srbench.core.files import ready_folder, version_of
from srbench.core.records import OK, Score, UserError
from srbench.runs.store_schema import COLUMNS, SCHEMA, STORE, STORE_FORMAT, uri_to_read

FORMAT = 1  # of `run.json`
_PATIENCE = 60  # seconds to wait for other processes

Version = tuple[int, int, int, int]


@dataclass(frozen=True)
class StoredOutput:
    """An output image that was made before: hashes of its pixels and of its PNG file."""

    pixels: str
    png: str
    seconds: float


def content_key(*parts: Any) -> str:
    """A SHA-256 over parts that JSON can express; equal exactly for equal parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def file_version(path: Path) -> Version | None:
    """What changes when a file is written again, even with the same bytes; None where there is none."""
    try:
        return cast(Version, version_of(path.stat()))
    except OSError:
        return None


def checksum(row: Sequence[Any]) -> str:
    """What a row's values are checked with when they are read: any other value or type gives another."""
    return hashlib.sha256(repr(tuple(row)).encode()).hexdigest()[:16]


def _is_whole(score: Score) -> bool:
    """Whether there is either a value or a reason."""
    return (score.value is None) != (score.status == OK)


class Store:
    """The `store.sqlite` of a run folder; use it as a context manager.

    With `read_only` the folder is left as it is, and may be one that cannot be written to.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.path = folder / STORE
        if read_only:
            with self._explained():
                self._connection = self._connected(uri_to_read(self.path))
                self._check_format()
            return
        ready_folder(folder)
        with self._explained():
            self._connection = self._connected(self.path.absolute().as_uri())
            self._prepare()

    def _connected(self, uri: str) -> sqlite3.Connection:
        connection = sqlite3.connect(uri, timeout=_PATIENCE, isolation_level=None, uri=True)
        # Damaged text need not be text: what stands in for it does not have the row's checksum.
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        return connection

    def _prepare(self) -> None:
        # SQLite does not wait, but fails at once, where two processes switch to the write-ahead log together.
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = NORMAL")
                self._check_format()
                self._connection.executescript(SCHEMA)
                self._migrate()
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _check_format(self) -> None:
        version = self._version()
        if version not in (0, 1, STORE_FORMAT):
            raise UserError(
                f"{self.path} has format {version}, this srbench reads up to {STORE_FORMAT}; choose another "
                "--out"
            )
        self._has_checksums = version != 1

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _migrate(self) -> None:
        """Gives a store of format 1, whose rows are taken as they are, the checksums of format 2."""
        if self._version() == STORE_FORMAT:
            return
        with self.transaction():
            version = self._version()
            for table, columns in COLUMNS.items() if version == 1 else ():
                self._connection.execute(f"ALTER TABLE {table} ADD COLUMN checksum TEXT")
                for rowid, *row in self.fetch(f"SELECT rowid, {columns} FROM {table}"):
                    self._connection.execute(
                        f"UPDATE {table} SET checksum = ? WHERE rowid = ?", (checksum(row), rowid)
                    )
            self._connection.execute(f"PRAGMA user_version = {STORE_FORMAT}")
        self._has_checksums = True

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
        if not _is_whole(score):
            raise ValueError(f"a score has either a value or a reason, not both or neither: {score!r}")
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
            score = Score(*cells)
            if not _is_whole(score):  # format 1 had no checksums
                raise self.damaged("results", 1)
            yield score

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

    def put_row(self, table: str, row: Sequence[Any]) -> None:
        """Sets a row of a table, in the order of its columns, with its checksum."""
        marks = ", ".join("?" * (len(row) + 1))
        with self._explained():
            self._connection.execute(
                f"INSERT OR REPLACE INTO {table} ({COLUMNS[table]}, checksum) VALUES ({marks})",
                (*row, checksum(row)),
            )

    def rows(
        self, table: str, rest: str, values: tuple[Any, ...] = ()
    ) -> Iterator[tuple[tuple[Any, ...], bool]]:
        """Rows of a table, and whether each is as it was written."""
        check = "checksum" if self._has_checksums else "NULL"
        query = f"SELECT {COLUMNS[table]}, {check} FROM {table} {rest}"
        with self._explained():
            for *row, found in self._connection.execute(query, values):
                yield tuple(row), not self._has_checksums or found == checksum(row)

    def good_rows(self, table: str, rest: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a table; at their end a `UserError` where one is not as it was written."""
        damaged = 0
        for row, good in self.rows(table, rest, values):
            damaged += not good
            if good:
                yield row
        if damaged:
            raise self.damaged(table, damaged)

    def damaged(self, table: str, rows: int) -> UserError:
        """The line for damaged rows."""
        return UserError(
            f"{self.path} is damaged: {rows} rows of its {table} are not what was written; repair it with: "
            f"srbench doctor --run {self.path.parent}"
        )

    def change(self, command: str, values: tuple[Any, ...] = ()) -> None:
        """Runs a command that gives no rows."""
        with self._explained():
            self._connection.execute(command, values)

    def fetch(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """The rows that a query gives."""
        with self._explained():
            return self._connection.execute(query, values).fetchall()

"""The file behind a store: its tables, format, checksums and transactions."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from srbench.core.records import UserError

STORE = "store.sqlite"
STORE_FORMAT = 2  # 1 had no checksums
_PATIENCE = 60  # seconds to wait for other processes

_SCHEMA = """
CREATE TABLE IF NOT EXISTS outputs (
    key TEXT PRIMARY KEY, pixels TEXT NOT NULL, png TEXT NOT NULL, seconds REAL NOT NULL, checksum TEXT);
CREATE TABLE IF NOT EXISTS scores (
    key TEXT PRIMARY KEY, value REAL NOT NULL, seconds REAL NOT NULL, checksum TEXT);
CREATE TABLE IF NOT EXISTS results (
    method TEXT, dataset TEXT, scale INTEGER, protocol TEXT, image TEXT, metric TEXT,
    value REAL, status TEXT NOT NULL, seconds REAL NOT NULL, output TEXT NOT NULL, checksum TEXT,
    PRIMARY KEY (method, dataset, scale, protocol, image, metric));
CREATE TABLE IF NOT EXISTS facts (
    kind TEXT, name TEXT, fact TEXT NOT NULL, checksum TEXT, PRIMARY KEY (kind, name));
CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, run TEXT NOT NULL);
"""
_RESULT_COLUMNS = "method, dataset, scale, protocol, image, metric, value, status, seconds"
# What each checksum is of.
_COLUMNS = {
    "outputs": "key, pixels, png, seconds",
    "scores": "key, value, seconds",
    "results": f"{_RESULT_COLUMNS}, output",
    "facts": "kind, name, fact",
}


def checksum(row: Sequence[Any]) -> str:
    """What a row's values are checked with when they are read: any other value or type gives another."""
    return hashlib.sha256(repr(tuple(row)).encode()).hexdigest()[:16]


def _uri_to_read(path: Path) -> str:
    # Even to read, SQLite makes files beside a store, unless it is told that nobody writes to it.
    busy = path.with_name(f"{path.name}-wal").exists()
    mode = "mode=ro" if busy and os.access(path.parent, os.W_OK) else "mode=ro&immutable=1"
    return f"{path.absolute().as_uri()}?{mode}"


class StoreFile:
    """The `store.sqlite` of a folder; use it as a context manager.

    With `read_only` the folder is left as it is, and may be one that cannot be written to.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.path = folder / STORE
        if read_only:
            with self._explained():
                self._connection = self._connected(_uri_to_read(self.path))
                self._check_format()
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{folder} cannot be made ({error.strerror}); choose another --out") from None
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
                self._connection.executescript(_SCHEMA)
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
            for table, columns in _COLUMNS.items() if version == 1 else ():
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

    def repair(self) -> dict[str, int]:
        """Drops the rows that are not as they were written; how many by table. What they said is computed
        again by the next run into the folder."""
        dropped = {}
        with self.transaction():
            for table, columns in _COLUMNS.items():
                rows = self.fetch(f"SELECT rowid, {columns}, checksum FROM {table}")
                bad = [rowid for rowid, *row, check in rows if check != checksum(row)]
                for rowid in bad:
                    self._connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (rowid,))
                dropped[table] = len(bad)
        return dropped

    def take(self, other: Path) -> None:
        """Adds all rows of another store file of this format; rows that are here already stay."""
        with self._explained():
            self._connection.execute("ATTACH DATABASE ? AS other", (_uri_to_read(other),))
            try:
                with self.transaction():
                    for table, columns in _COLUMNS.items():
                        self._connection.execute(
                            f"INSERT OR IGNORE INTO {table} ({columns}, checksum) "
                            f"SELECT {columns}, checksum FROM other.{table}"
                        )
            finally:
                self._connection.execute("DETACH DATABASE other")

    def put_row(self, table: str, row: Sequence[Any]) -> None:
        """Sets a row of a table, in the order of its columns, with its checksum."""
        marks = ", ".join("?" * (len(row) + 1))
        with self._explained():
            self._connection.execute(
                f"INSERT OR REPLACE INTO {table} ({_COLUMNS[table]}, checksum) VALUES ({marks})",
                (*row, checksum(row)),
            )

    def rows(
        self, table: str, rest: str, values: tuple[Any, ...] = ()
    ) -> Iterator[tuple[tuple[Any, ...], bool]]:
        """Rows of a table, and whether each is as it was written."""
        check = "checksum" if self._has_checksums else "NULL"
        query = f"SELECT {_COLUMNS[table]}, {check} FROM {table} {rest}"
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

    def change(self, command: str, values: tuple[Any, ...]) -> None:
        """Runs a command that gives no rows."""
        with self._explained():
            self._connection.execute(command, values)

    def fetch(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """The rows that a query gives."""
        with self._explained():
            return self._connection.execute(query, values).fetchall()

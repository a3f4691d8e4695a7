"""What is done to a whole store: damaged rows dropped, the rows of another one taken over."""

from __future__ import annotations

from pathlib import Path

from srbench.runs.store import Store, checksum
from srbench.runs.store_schema import COLUMNS, uri_to_read


def repair(store: Store) -> dict[str, int]:
    """Drops the rows that are not as they were written; how many by table. What they said is computed
    again by the next run into the folder."""
    dropped = {}
    with store.transaction():
        for table, columns in COLUMNS.items():
            rows = store.fetch(f"SELECT rowid, {columns}, checksum FROM {table}")
            bad = [rowid for rowid, *row, check in rows if check != checksum(row)]
            for rowid in bad:
                store.change(f"DELETE FROM {table} WHERE rowid = ?", (rowid,))
            dropped[table] = len(bad)
    return dropped


def take(store: Store, other: Path) -> None:
    """Adds all rows of another store file of this format; rows that are here already stay."""
    store.change("ATTACH DATABASE ? AS other", (uri_to_read(other),))
    try:
        with store.transaction():
            for table, columns in COLUMNS.items():
                store.change(
                    f"INSERT OR IGNORE INTO {table} ({columns}, checksum) "
                    f"SELECT {columns}, checksum FROM other.{table}"
                )
    finally:
        store.change("DETACH DATABASE other")

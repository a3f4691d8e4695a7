"""The tables of a store's file, the version of their format, and how SQLite is asked for it."""

from __future__ import annotations

import os
from pathlib import Path

STORE = "store.sqlite"
STORE_FORMAT = 2  # 1 had no checksums

SCHEMA = """
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
COLUMNS = {
    "outputs": "key, pixels, png, seconds",
    "scores": "key, value, seconds",
    "results": f"{_RESULT_COLUMNS}, output",
    "facts": "kind, name, fact",
}


def uri_to_read(path: Path) -> str:
    """How SQLite is asked to read a store, and to leave its folder as it is."""
    # Even to read, SQLite makes files beside a store, unless it is told that nobody writes to it.
    busy = path.with_name(f"{path.name}-wal").exists()
    mode = "mode=ro" if busy and os.access(path.parent, os.W_OK) else "mode=ro&immutable=1"
    return f"{path.absolute().as_uri()}?{mode}"

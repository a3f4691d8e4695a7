"""The tables of a store's file, and the version of their format."""

from __future__ import annotations

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

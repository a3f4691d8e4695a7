"""The store on a full disk, over foreign and damaged files, and its repair."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from srbench.core.records import UserError
from srbench.runs.store import Store, StoredOutput
from srbench.runs.store_care import repair
from tests.runs.rows import score


def test_a_full_disk_is_one_reason_and_keeps_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(tmp_path) as store:
        store.put_result(score("before"), "")
    connect = sqlite3.connect

    def without_room(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr(sqlite3, "connect", without_room)
    full = pytest.raises(UserError, match=r"disk is full.*what was stored before is kept")
    with Store(tmp_path) as store, full:
        fill(store)
    with Store(tmp_path) as store:
        assert [row.image for row in store.results()] == ["before"]


def fill(store: Store) -> None:
    with store.transaction():
        for index in range(1000):
            store.put_result(score(f"{index} {'x' * 500}"), "")


def test_a_foreign_or_damaged_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"this is not a database" * 100)
    before = path.read_bytes()
    with pytest.raises(UserError, match="is damaged"):
        Store(tmp_path)
    assert path.read_bytes() == before


def test_another_format_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "store.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(UserError, match="has format 99"):
        Store(tmp_path)


def test_the_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(UserError, match="choose another --out"):
            Store(folder)


def edit(folder: Path, statement: str) -> None:
    """Changes a store behind its back."""
    connection = sqlite3.connect(folder / "store.sqlite")
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE results SET value = 89.86",
        "UPDATE results SET value = x'00112233'",
        "UPDATE results SET metric = 'ssim_y'",
        "UPDATE results SET status = 'fine'",
        "UPDATE facts SET fact = '{'",
    ],
)
def test_damage_is_found_and_repaired(tmp_path: Path, change: str) -> None:
    with Store(tmp_path) as store:
        store.put_result(score(value=26.46), "pixels")
        store.put_fact("method", "bicubic", {"kind": "interpolation"})
    edit(tmp_path, change)
    with Store(tmp_path) as store:
        with pytest.raises(UserError, match="srbench doctor --run"):
            store.results(), store.facts("method")
        assert sum(repair(store).values()) == 1
        store.results(), store.facts("method")


@pytest.mark.parametrize(
    "change",
    ["UPDATE scores SET value = 89.86", "UPDATE scores SET key = 'other'", "UPDATE outputs SET png = ''"],
)
def test_what_is_computed_again_anyway_counts_as_absent_when_damaged(tmp_path: Path, change: str) -> None:
    with Store(tmp_path) as store:
        store.put_score("key", 26.46, 0.1)
        store.put_output("key", StoredOutput("pixels", "png", 0.1))
    edit(tmp_path, change)
    with Store(tmp_path) as store:
        found = [
            store.score("key") == (26.46, 0.1),
            store.output("key") == StoredOutput("pixels", "png", 0.1),
        ]
        assert sorted(found) == [False, True]
        assert store.score("other") is None


def test_damage_that_is_no_text_is_a_damaged_row(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.put_fact("method", "bicubic", {"kind": "interpolation"})
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        connection.execute("UPDATE facts SET fact = CAST(X'7b80' AS TEXT)")
    with Store(tmp_path) as store:
        with pytest.raises(UserError, match="1 rows of its facts are not what was written"):
            store.facts("method")
        assert repair(store)["facts"] == 1
        assert store.facts("method") == {}

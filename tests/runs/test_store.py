"""The store: rows, transactions, content keys, several writers, older formats."""

from __future__ import annotations

import dataclasses
import math
import sqlite3
import threading
from pathlib import Path

import pytest

from srbench.core.records import OK, UserError
from srbench.runs.store import Store, StoredOutput, content_key
from tests.runs.rows import score


@pytest.mark.parametrize(("value", "status"), [(None, OK), (1.0, "a reason")])
def test_a_score_has_a_value_or_a_reason(tmp_path: Path, value: float | None, status: str) -> None:
    row = score(value=value, status=status)
    with Store(tmp_path) as store:
        for put in (lambda: store.put_result(row, "pixels"), lambda: store.put_refusal(row)):
            with pytest.raises(ValueError, match="either a value or a reason"):
                put()
        assert store.results() == []


@pytest.mark.parametrize("value", [30.125, math.inf, 0.1 + 0.2, 5e-324, None])
def test_values_come_back_to_the_last_bit(tmp_path: Path, value: float | None) -> None:
    row = score(value=value)
    with Store(tmp_path) as store:
        store.put_result(row, "pixels")
    with Store(tmp_path) as store:
        assert store.results() == [row]


def test_scores_and_outputs_by_key(tmp_path: Path) -> None:
    output = StoredOutput("pixels", "png", 0.25)
    with Store(tmp_path) as store:
        assert store.output("k") is None
        assert store.score("k") is None
        store.put_output("k", output)
        store.put_score("k", math.inf, 0.5)
        assert store.output("k") == output
        assert store.score("k") == (math.inf, 0.5)


def test_rows_have_one_stable_order(tmp_path: Path) -> None:
    rows = [
        score(image, metric, method=method, dataset=dataset)
        for dataset in ("bsd100", "set5")
        for method in ("bicubic", "nearest")
        for image in ("a", "b")
        for metric in ("psnr_y", "ssim_y")
    ]
    with Store(tmp_path) as store:
        for row in reversed(rows):
            store.put_result(row, "")
        assert store.results() == rows


def test_rows_of_another_output_are_dropped(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.put_result(score(metric="psnr_y"), "old")
        store.put_result(score(metric="ssim_y"), "old")
        store.put_result(score("b"), "old")
        store.put_result(score(protocol="srgan"), "old")
        store.put_result(score(metric="psnr_y", value=31.0), "new")
        kept = {(row.image, row.metric, row.protocol): row.value for row in store.results()}
    assert kept == {
        ("a", "psnr_y", "srbench"): 31.0,
        ("b", "psnr_y", "srbench"): 30.0,
        ("a", "psnr_y", "srgan"): 30.0,
    }


def test_a_refusal_does_not_replace_a_score(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.put_result(score(), "pixels")
        assert not store.put_refusal(score(value=None))
        assert store.put_refusal(score("b", value=None))
        assert store.put_refusal(score("b", value=None))
        assert [row.value for row in store.results()] == [30.0, None]


def test_images_that_are_gone_lose_their_rows(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        for row in (score("a"), score("b"), score("b", scale=2), score("b", dataset="set14")):
            store.put_result(row, "")
        store.keep_images("set5", 4, ["a", "quote ' in a name"])
        kept = {(row.dataset, row.scale, row.image) for row in store.results()}
    assert kept == {("set5", 4, "a"), ("set5", 2, "b"), ("set14", 4, "b")}


def test_names_of_every_kind_are_data_and_not_sql(tmp_path: Path) -> None:
    name = "x'; DROP TABLE results; --\"é|<b>\n/.."
    row = score(name, name, method=name, dataset=name)
    with Store(tmp_path) as store:
        store.put_result(row, name)
        store.keep_images(name, 4, [name])
        assert store.results() == [row]


def interrupted(store: Store) -> None:
    with store.transaction():
        store.put_result(score("a"), "")
        raise KeyboardInterrupt


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        with pytest.raises(KeyboardInterrupt):
            interrupted(store)
        assert store.results() == []
        with store.transaction():
            store.put_result(score("b"), "")
    with Store(tmp_path) as store:
        assert store.results() == [score("b")]


def test_facts_and_runs(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.put_fact("method", "b", {"version": 1})
        store.put_fact("method", "b", {"version": 2})
        store.put_fact("method", "a", {"é": [1, None]})
        store.put_fact("metric", "a", {})
        store.put_run({"command": "one"})
        store.put_run({"command": "two"})
    with Store(tmp_path) as store:
        assert store.facts("method") == {"a": {"é": [1, None]}, "b": {"version": 2}}
        assert list(store.facts("method")) == ["a", "b"]
        assert [run["command"] for run in store.runs()] == ["one", "two"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("1",), (1,)),
        ((None,), ("None",)),
        ((["a", "b"],), ("a", "b")),
        (("a", None), ("a",)),
    ],
)
def test_different_parts_have_different_keys(one: tuple[object, ...], other: tuple[object, ...]) -> None:
    assert content_key(*one) != content_key(*other)


def test_the_order_of_a_mapping_does_not_change_the_key() -> None:
    assert content_key({"a": 1, "b": 2}) == content_key({"b": 2, "a": 1})


def write_ten(folder: Path, number: int, start: threading.Barrier, failures: list[BaseException]) -> None:
    try:
        start.wait()
        with Store(folder) as store:
            for index in range(10):
                with store.transaction():
                    store.put_result(score(f"{number}-{index}"), "")
    except BaseException as error:
        failures.append(error)


@pytest.mark.parametrize("attempt", range(2))
def test_many_writers_lose_nothing(tmp_path: Path, attempt: int) -> None:
    """All open a folder that has no store yet at the same moment."""
    failures: list[BaseException] = []
    start = threading.Barrier(8)
    threads = [
        threading.Thread(target=write_ten, args=(tmp_path, number, start, failures)) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with Store(tmp_path) as store:
        assert len(store.results()) == 80


def test_score_rows_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        score().value = 1.0  # type: ignore[misc]


FIRST_FORMAT = """
CREATE TABLE outputs (key TEXT PRIMARY KEY, pixels TEXT NOT NULL, png TEXT NOT NULL, seconds REAL NOT NULL);
CREATE TABLE scores (key TEXT PRIMARY KEY, value REAL NOT NULL, seconds REAL NOT NULL);
CREATE TABLE results (
    method TEXT, dataset TEXT, scale INTEGER, protocol TEXT, image TEXT, metric TEXT,
    value REAL, status TEXT NOT NULL, seconds REAL NOT NULL, output TEXT NOT NULL,
    PRIMARY KEY (method, dataset, scale, protocol, image, metric));
CREATE TABLE facts (kind TEXT, name TEXT, fact TEXT NOT NULL, PRIMARY KEY (kind, name));
CREATE TABLE runs (id INTEGER PRIMARY KEY, run TEXT NOT NULL);
PRAGMA user_version = 1;
INSERT INTO results VALUES ('bicubic', 'set5', 4, 'srbench', 'a', 'psnr_y', 30.5, 'ok', 0.1, 'pixels');
INSERT INTO scores VALUES ('key', 30.5, 0.1);
INSERT INTO facts VALUES ('method', 'bicubic', '{"kind": "interpolation"}');
"""


@pytest.mark.parametrize("read_only", [True, False])
def test_a_store_of_the_first_format_is_read(tmp_path: Path, read_only: bool) -> None:
    connection = sqlite3.connect(tmp_path / "store.sqlite")
    connection.executescript(FIRST_FORMAT)
    connection.close()
    for _ in range(2):
        with Store(tmp_path, read_only=read_only) as store:
            assert [(row.image, row.value) for row in store.results()] == [("a", 30.5)]
            assert store.score("key") == (30.5, 0.1)
            assert store.facts("method") == {"bicubic": {"kind": "interpolation"}}


@pytest.mark.parametrize("change", ["value = NULL", "status = 'a reason'"])
def test_a_row_of_the_first_format_with_a_value_and_a_reason_is_damaged(tmp_path: Path, change: str) -> None:
    connection = sqlite3.connect(tmp_path / "store.sqlite")
    connection.executescript(FIRST_FORMAT)
    connection.execute(f"UPDATE results SET {change}")
    connection.commit()
    connection.close()
    with Store(tmp_path, read_only=True) as store, pytest.raises(UserError, match="is damaged"):
        store.results()


def test_reading_leaves_the_folder_as_it_is(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.put_result(score(), "")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with Store(tmp_path, read_only=True) as store:
        assert len(store.results()) == 1
        with pytest.raises(UserError, match="readonly"):
            store.put_result(score("b"), "")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before

"""Merging runs into leaderboards: what is refused, what is marked, what stands below."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest

from srbench.core.files import file_name
from srbench.report.leaderboards import leaderboard_rows
from srbench.runs.merging import agree
from srbench.runs.reader import read_run
from srbench.statistics.intervals import mean_interval
from srbench.tables.boards import MetricInfo, boards
from srbench.tables.ranked import rank
from tests.helpers import command, references, rows, values
from tests.tables.test_boards import scores
from tests.working import run


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return references(tmp_path / "set", count=8, size=(40, 44))


@pytest.fixture
def first(images: Path, tmp_path: Path) -> Path:
    run(images, tmp_path / "first", methods="hr,nearest,bicubic")
    return tmp_path / "first"


def _build(*runs: Path, out: Path, more: tuple[str, ...] = ()):  # type: ignore[no-untyped-def]
    return command("leaderboard", "build", *runs, "--out", out, *more)


def _edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def _copied(source: Path, to: Path) -> Path:
    """A run as people pass it on: its table and its description, without the store."""
    to.mkdir()
    for name in ("scores.csv", "run.json"):
        shutil.copy(source / name, to / name)
    return to


def test_a_leaderboard_has_values_intervals_ranks_and_provenance(first: Path, tmp_path: Path):
    result = _build(first, out=tmp_path / "boards")
    assert result.code == 0, result.err
    table = rows(tmp_path / "boards" / "set_x4.csv")
    assert [row["method"] for row in table] == ["hr", "bicubic", "nearest"]
    scores = values(first / "scores.csv")
    psnr = [float(scores["bicubic", image, "psnr_y"]) for image in "abcdefgh"]
    interval = mean_interval(psnr)
    assert interval is not None
    bicubic = table[1]
    assert float(bicubic["psnr_y"]) == pytest.approx(sum(psnr) / 8, abs=1e-6)
    assert (float(bicubic["psnr_y_low"]), float(bicubic["psnr_y_high"])) == pytest.approx(
        (interval.low, interval.high), abs=1e-6
    )
    assert bicubic["psnr_y_p_best"] == ""
    assert float(table[2]["psnr_y_p_best"]) == pytest.approx(2 / 2**8, abs=1e-6)
    text = (tmp_path / "boards" / "set_x4.md").read_text()
    assert "protocol srbench, version 1" in text
    assert "Student's t (below 20 images" in text
    assert f"**{sum(psnr) / 8:.2f}**" in text


def test_two_runs_become_one_table_whatever_their_order(images: Path, first: Path, tmp_path: Path):
    run(images, tmp_path / "second", methods="lanczos,bicubic")
    for name, order in (("a", (first, tmp_path / "second")), ("b", (tmp_path / "second", first))):
        assert _build(*order, out=tmp_path / name).code == 0
    assert len(rows(tmp_path / "a" / "set_x4.csv")) == 4
    assert "Friedman" in (tmp_path / "a" / "set_x4.md").read_text()
    for name in ("set_x4.csv", "set_x4.md"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_copy_without_the_store_gives_the_same_files(first: Path, tmp_path: Path):
    copied = _copied(first, tmp_path / "copied")
    assert _build(first, out=tmp_path / "a").code == _build(copied, out=tmp_path / "b").code == 0
    for name in ("set_x4.csv", "set_x4.md"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_fewer_images_are_marked_and_their_reason_is_said(first: Path, tmp_path: Path):
    copied = _copied(first, tmp_path / "copied")
    row = next(
        line
        for line in (copied / "scores.csv").read_text().splitlines()
        if line.startswith("bicubic,set,4,srbench,c,psnr_y")
    )
    cells = row.split(",")
    cells[6:8] = ["", "c.png: damaged"]
    _edit(copied / "scores.csv", row, ",".join(cells))
    assert _build(copied, out=tmp_path / "boards").code == 0
    text = (tmp_path / "boards" / "set_x4.md").read_text()
    assert "(7 of 8)" in text
    assert "Missing: psnr\\_y of bicubic: 1 of 8 images (c.png: damaged)" in text
    bicubic = next(row for row in rows(tmp_path / "boards" / "set_x4.csv") if row["method"] == "bicubic")
    assert (bicubic["psnr_y_n"], bicubic["psnr_y_missing"]) == ("7", "c.png: damaged")


def test_five_images_get_a_power_warning_and_no_marks(tmp_path: Path):
    run(references(tmp_path / "five", count=5), tmp_path / "run", methods="nearest,bicubic,lanczos")
    assert _build(tmp_path / "run", out=tmp_path / "boards").code == 0
    text = (tmp_path / "boards" / "five_x4.md").read_text()
    assert "5 images are too few" in text
    assert "≈" not in text


def test_runs_that_disagree_are_refused(first: Path, tmp_path: Path):
    copied = _copied(first, tmp_path / "copied")
    value = values(first / "scores.csv")["bicubic", "c", "psnr_y"]
    _edit(copied / "scores.csv", value, "12.5")
    result = _build(first, copied, out=tmp_path / "boards")
    assert result.code == 1
    assert "the runs first and copied disagree: psnr_y of bicubic on set x4 image c" in result.message
    assert not list((tmp_path / "boards").glob("*")) if (tmp_path / "boards").exists() else True


def test_other_weights_under_one_name_are_refused(first: Path, tmp_path: Path):
    copied = _copied(first, tmp_path / "copied")
    description = json.loads((copied / "run.json").read_text())
    description["methods"]["bicubic"]["weights"] = {"bicubic": "ab" * 32}
    (copied / "run.json").write_text(json.dumps(description))
    result = _build(first, copied, out=tmp_path / "boards")
    assert result.code == 1
    assert "mean different things by the method bicubic: weights is" in result.message


def test_other_references_are_refused(first: Path, tmp_path: Path):
    copied = _copied(first, tmp_path / "copied")
    description = json.loads((copied / "run.json").read_text())
    description["datasets"]["set x4"]["images"]["b"]["reference"] = "cd" * 32
    (copied / "run.json").write_text(json.dumps(description))
    result = _build(first, copied, out=tmp_path / "boards")
    assert "different references for the image b of set" in result.message


def test_protocols_are_not_mixed(images: Path, first: Path, tmp_path: Path):
    run(images, tmp_path / "other", "--protocol", "basicsr", methods="bicubic")
    mixed = _build(first, tmp_path / "other", out=tmp_path / "boards")
    assert mixed.code == 1
    assert "different protocols (basicsr, srbench)" in mixed.message
    chosen = _build(first, tmp_path / "other", out=tmp_path / "boards", more=("--protocol", "basicsr"))
    assert chosen.code == 0
    assert [row["protocol"] for row in rows(tmp_path / "boards" / "set_x4.csv")] == ["basicsr"]
    unknown = _build(first, out=tmp_path / "boards", more=("--protocol", "srgan"))
    assert "no run was measured under the protocol srgan; there are: srbench" in unknown.message


def test_a_table_edited_beside_its_store_is_noticed(first: Path, tmp_path: Path):
    value = values(first / "scores.csv")["bicubic", "c", "psnr_y"]
    _edit(first / "scores.csv", value, "12.5")
    result = _build(first, out=tmp_path / "boards")
    assert result.code == 1
    assert "edited by hand or out of date" in result.message
    assert command("table", first).code == 0
    assert _build(first, out=tmp_path / "boards").code == 0


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (",ok\n", ",\n", "either a value and the status ok, or a reason"),
        ("bicubic,set,4,", "bicubic,set,four,", "line 2: invalid literal"),
        ("method,dataset", "method,data", "no column dataset"),
        (",srbench,a,psnr_y,", ",srbench,b,psnr_y,", "two rows for psnr_y of bicubic on set x4 image b"),
        (",psnr_y,", ",psnr_y,nan", "line 2"),
    ],
)
def test_tables_edited_by_hand_are_one_line(
    before: str, after: str, message: str, first: Path, tmp_path: Path
):
    copied = _copied(first, tmp_path / "copied")
    _edit(copied / "scores.csv", before, after)
    result = _build(copied, out=tmp_path / "boards")
    assert result.code == 1
    assert message in result.message


def test_incomplete_and_older_runs_are_one_line(first: Path, tmp_path: Path):
    missing = _build(tmp_path / "nowhere", out=tmp_path / "boards")
    assert (missing.code, "no such folder" in missing.message) == (1, True)
    copied = _copied(first, tmp_path / "copied")
    _edit(copied / "run.json", '"format": 1', '"format": 0')
    assert "has format 0" in _build(copied, out=tmp_path / "boards").message
    (copied / "run.json").write_text("{")
    assert "damaged" in _build(copied, out=tmp_path / "boards").message
    (copied / "run.json").write_text('{"format": 1}')
    assert "has no protocols" in _build(copied, out=tmp_path / "boards").message
    (copied / "run.json").unlink()
    assert "it has no run.json" in _build(copied, out=tmp_path / "boards").message


def test_names_are_plain_text_in_files_and_tables(tmp_path: Path):
    name = "<b>é '|\"_"
    folder = references(tmp_path / "a set", count=6)
    shutil.copytree(folder, tmp_path / "results" / name)
    run(folder, tmp_path / "run", methods=f"nearest,outputs:{tmp_path / 'results' / name}")
    assert _build(tmp_path / "run", out=tmp_path / "boards").code == 0
    assert [path.name for path in sorted((tmp_path / "boards").iterdir())] == ["a set_x4.csv", "a set_x4.md"]
    text = (tmp_path / "boards" / "a set_x4.md").read_text()
    assert "&lt;b&gt;é '\\|\"\\_" in text
    assert "<b>" not in text


def test_file_names_stay_apart():
    assert file_name("set5_x4") == "set5_x4"
    assert file_name("a/b") != file_name("a?b")
    assert file_name("../x").count("/") == 0
    assert not file_name("..").startswith(".")


def test_reading_a_run_keeps_every_score(first: Path):
    assert len(read_run(first).scores) == 3 * 8 * 2


def test_tiny_distances_keep_all_their_digits():
    info = MetricInfo("gram-vgg", "Gram distance (VGG-16)", "", False, "mean")
    made = scores({"a": [1.23456789e-7] * 3, "b": [0.0] * 3}, info.name)
    (board,) = boards(made, {info.name: info}, method_order=[], references=set(), remarks={})
    _, table = leaderboard_rows(rank(board, made))
    assert {row["method"]: row[info.name] for row in table} == {"a": 1.23456789e-7, "b": 0.0}


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (30.0, 30.0000001, True),
        (30.0, 30.001, False),
        (7.0e-8, 8.5e-8, False),  # Gram distances of two methods
        (7.0e-8, 7.00001e-8, True),
        (0.0, 0.0, True),
        (0.0, 7.0e-8, False),
        (math.inf, math.inf, True),
    ],
)
def test_runs_agree_up_to_the_rounding_of_machines(first: float, second: float, same: bool) -> None:
    assert agree(first, second) == same

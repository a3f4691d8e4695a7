"""Bars of agreement: from 50 to the value, in groups, with the people's level and what is missing said."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from srbench.core.figures import style
from srbench.studies.bapps.figures import agreement_bars
from tests.helpers import command, rows

COLUMNS = ("metric", "group", "value", "low", "high", "n", "expected", "subsets", "of_subsets", "reported")
TABLE = (
    ("human", "distortions", 82.6, 82.0, 83.0, 9, 9, 2, 2, 82.6),
    ("gram-alex", "distortions", 78.3, 77.0, 79.5, 9, 9, 2, 2, 78.3),
    ("bad", "distortions", 41.0, "", "", 9, 9, 2, 2, ""),
    ("human", "all", 73.9, 73.0, 74.0, 9, 9, 5, 6, ""),
    ("gram-alex", "all", 69.7, 69.0, 70.5, 9, 9, 5, 6, ""),
    ("bad", "all", 45.0, "", "", 9, 9, 5, 6, ""),
    ("gram-alex", "cnn", 83.0, 82.0, 84.0, 9, 9, 1, 1, 83.0),
)


def _folder(folder: Path) -> Path:
    folder.mkdir()
    with (folder / "2afc.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([COLUMNS, *TABLE])
    return folder


def test_bars_begin_at_chance(tmp_path: Path) -> None:
    with style():
        drawn = agreement_bars(_folder(tmp_path / "b"), ())
        drawn.figure.canvas.draw()
    first, second = drawn.figure.axes
    assert (first.get_title(), second.get_title()) == ("All distortions", "All *")
    bars = {(round(bar.get_x(), 6), round(bar.get_width(), 6)) for bar in first.patches}
    assert bars == {(50.0, 28.3), (50.0, -9.0)}
    low, high = first.get_xlim()
    assert low < 41
    assert high > 83
    assert "bars begin at 50%" in drawn.caption
    assert "*: subsets or items are missing" in drawn.caption
    assert [label.get_text() for label in first.get_yticklabels()] == ["gram-alex", "bad"]


def test_the_command_writes_what_it_shows(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "b")
    made = command("figure", "2afc", folder, "--groups", "cnn", "--out", tmp_path / "cnn")
    assert made.code == 0, made.err
    (row,) = rows(tmp_path / "cnn.csv")
    assert (row["metric"], row["value"], row["low"], row["reported"]) == ("gram-alex", "83.0", "82.0", "83.0")
    wrong = command("figure", "2afc", folder, "--groups", "jpeg").message
    assert "has no group 'jpeg'; it has: distortions, all, cnn" in wrong


@pytest.mark.parametrize("text", ["metric,value\na,x\n", ""])
def test_other_folders_are_one_line(text: str, tmp_path: Path) -> None:
    assert "holds no 2afc.csv" in command("figure", "2afc", tmp_path).message
    (tmp_path / "2afc.csv").write_text(text)
    assert command("figure", "2afc", tmp_path).code == 1

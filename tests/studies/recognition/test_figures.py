"""Bars of recognition: the values, intervals and reported numbers of the folder, lower errors on top."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from srbench.core.figures import style
from srbench.studies.recognition.export import write_files
from srbench.studies.recognition.figures import recognition_bars
from srbench.studies.recognition.measure import Looks
from srbench.studies.recognition.results import make_rows
from tests.helpers import command, rows

RIGHT = {"bicubic": 50, "enet-pat": 60, "baseline": 74}


def _folder(folder: Path, n: int = 100) -> Path:
    looks = {}
    for method, right in RIGHT.items():
        ranks = np.where(np.arange(n) < right, 0, 7)
        looks[method, "resnet50"] = Looks(ranks, np.full(n, 0.5))
    write_files(folder, 4, make_rows(looks), [], [], {}, {}, {})
    return folder


def test_bars_are_what_the_folder_says(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "r")
    made = command("figure", "recognition", folder)
    assert made.code == 0, made.err
    table = {
        (row["method"], row["measure"]): row for row in rows(folder / "figures" / "recognition_error.csv")
    }
    for method, right in RIGHT.items():
        row = table[method, "top1_error"]
        assert float(row["value"]) == pytest.approx(1 - right / 100)
        wilson = stats.binomtest(100 - right, 100).proportion_ci(method="wilson")
        assert (float(row["low"]), float(row["high"])) == pytest.approx((wilson.low, wilson.high), abs=1e-9)
        assert row["n"] == "100"
    # EnhanceNet's poster: 0.506 and 0.399.
    assert table["bicubic", "top1_error"]["reported"] == "0.506"
    assert table["enet-pat", "top1_error"]["reported"] == "0.399"


def test_the_best_stands_on_top_and_the_originals_last(tmp_path: Path) -> None:
    with style():
        drawn = recognition_bars(_folder(tmp_path / "r"), "error")
        drawn.figure.canvas.draw()
    (axes,) = drawn.figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["enet-pat", "bicubic", "baseline"]
    widths = sorted(round(bar.get_width(), 6) for bar in axes.patches)
    assert widths == [0.26, 0.26, 0.4, 0.4, 0.5, 0.5]  # top-5 is as top-1: wrong guesses have rank 7
    assert "error ↓" in axes.get_xlabel()
    assert (
        "100 images; lower is better; whiskers: 95% Wilson intervals; diamonds: as reported" in drawn.caption
    )
    with style():
        assert "accuracy ↑" in recognition_bars(tmp_path / "r", "accuracy").figure.axes[0].get_xlabel()


def test_other_folders_are_one_line(tmp_path: Path) -> None:
    assert "holds no recognition.csv" in command("figure", "recognition", tmp_path).message
    (tmp_path / "recognition.csv").write_text("measure,value\ntop1_error,x\n")
    assert "is damaged or was edited by hand" in command("figure", "recognition", tmp_path).message

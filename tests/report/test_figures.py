"""Figures of runs: planes with families and regions, runtimes, brightness."""

from __future__ import annotations

import csv
import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from srbench.core.figures import style
from srbench.core.records import OK, Score, UserError
from srbench.report.brightness import levels
from srbench.report.planes import families, plane
from srbench.report.runtimes import Timing, read_timings, runtimes
from srbench.tables.boards import Board, MetricInfo, boards
from srbench.tables.ranked import rank
from tests.helpers import command, picture, references, rows, save
from tests.working import run

RMSE = MetricInfo("rmse_y", "RMSE", "", higher_is_better=False, aggregate="mean")
PI = MetricInfo("pi", "PI", "", higher_is_better=False, aggregate="mean")


@pytest.mark.parametrize("count", [1, 9, 20])
def test_names_on_the_plane_do_not_lie_on_one_another(count: int):
    names = [f"method-{index}" for index in range(count)] + ["hr"]
    infos = {
        name: MetricInfo(name, name, "", higher_is_better=higher, aggregate="mean")
        for name, higher in (("psnr_y", True), ("niqe", False))
    }
    values = {
        "psnr_y": lambda index: 28 + (index * 7 % 11) / 4,
        "niqe": lambda index: 5 + (index * 5 % 7) / 3,
    }
    scores = [
        Score(name, "set", 4, "srbench", image, metric, value(index) + number, OK, 0.0)
        for index, name in enumerate(names)
        for metric, value in values.items()
        for number, image in enumerate("ab")
    ]
    (board,) = boards(scores, infos, method_order=names, references={"hr"}, remarks={})
    with style():
        figure = plane(rank(board, scores), infos["psnr_y"], infos["niqe"]).figure
        figure.canvas.draw()
        (axes,) = figure.axes
        boxes = [text.get_window_extent() for text in axes.texts if text.get_text().startswith("method-")]
        marks = [line for line in axes.lines if line.get_marker() != "None"]
        spots = [mark.get_window_extent() for mark in marks]
    assert len(boxes) == len({(mark.get_marker(), mark.get_color()) for mark in marks}) == count
    assert not [
        1 for a, b in itertools.combinations(boxes, 2) if a.shrunk(0.97, 0.9).overlaps(b.shrunk(0.97, 0.9))
    ]
    assert not [1 for a in boxes for b in spots if a.shrunk(0.97, 0.8).overlaps(b.shrunk(0.7, 0.7))]


def test_methods_of_a_family_make_a_curve():
    points = {"a@0.5": (2.0, 2.0), "a@0": (1.0, 1.0), "a@1": (3.0, 1.0), "b@0.5": (0.0, 0.0), "c": (4.0, 4.0)}
    assert families(points) == {"a": ["a@0", "a@0.5", "a@1"]}


def _board(places: dict[str, tuple[float, float]], protocol: str) -> tuple[Board, list[Score]]:
    """A board of one image with an RMSE and a PI for each method."""
    scores = [
        Score(name, "set", 4, protocol, "a", metric, value, OK, 0.0)
        for name, place in places.items()
        for metric, value in zip(("rmse_y", "pi"), place, strict=True)
    ]
    infos = {"rmse_y": RMSE, "pi": PI}
    (board,) = boards(scores, infos, method_order=list(places), references=set(), remarks={})
    return board, scores


def test_a_family_is_a_curve_of_one_colour_and_regions_are_the_challenges() -> None:
    places = {f"esrgan@{alpha:g}": (10 + 6 * alpha, 4 - 2 * alpha) for alpha in (0, 0.2, 0.4, 0.6, 0.8, 1)}
    board, scores = _board({**places, "edsr": (10.5, 5.0)}, "pirm")
    with style():
        drawn = plane(rank(board, scores), RMSE, PI)
        drawn.figure.canvas.draw()
    (axes,) = drawn.figure.axes
    marks = [line for line in axes.lines if line.get_marker() != "None"]
    assert (len(marks), len({line.get_color() for line in marks})) == (7, 2)
    (curve,) = [line for line in axes.lines if len(line.get_xdata()) == 6]
    assert np.array_equal(curve.get_xydata(), list(places.values()))
    names = {text.get_text() for text in axes.texts}
    assert {"edsr", "esrgan@0", "esrgan@1", "region 1", "2", "3"} == names  # inner members have no name
    table = {row["method"]: row for row in drawn.rows}
    # Blau et al., ECCVW 2018, section 2: bounds at an RMSE of 11.5, 12.5 and 16, which belong to the region.
    assert {name: row["region"] for name, row in table.items()} == {
        "esrgan@0": 1, "esrgan@0.2": 1, "esrgan@0.4": 2, "esrgan@0.6": 3, "esrgan@0.8": 3, "esrgan@1": 3,
        "edsr": 1,
    }  # fmt: skip
    assert {row["family"] for name, row in table.items() if name != "edsr"} == {"esrgan"}
    assert "lower RMSE is better and lower PI is better" in drawn.caption


def test_no_regions_without_the_challenges_protocol() -> None:
    board, scores = _board({"a": (11.0, 3.0), "b": (12.0, 2.0)}, "srbench")
    with style():
        drawn = plane(rank(board, scores), RMSE, PI)
    assert "region 1" not in {text.get_text() for text in drawn.figure.axes[0].texts}
    assert "region" not in drawn.rows[0]


def test_the_plane_of_a_run_names_its_metrics(tmp_path: Path) -> None:
    run(
        references(tmp_path / "set", size=(64, 64)), tmp_path / "run", "--metrics", "psnr_y,ssim_y",
        methods="nearest,bicubic",
    )  # fmt: skip
    made = command(
        "figure", "plane", tmp_path / "run", "--x", "psnr", "--y", "ssim_y", "--out", tmp_path / "p"
    )
    assert made.code == 0, made.err
    board = {row["method"]: row for row in rows(tmp_path / "run" / "leaderboard.csv")}
    for row in rows(tmp_path / "p.csv"):
        assert row["psnr_y"] == board[row["method"]]["psnr_y"]
        assert row["psnr_y_low"] == board[row["method"]]["psnr_y_low"]
    assert "no metric of perception" in command("figure", "plane", tmp_path / "run").message
    assert "has no metric 'niqe'" in command("figure", "plane", tmp_path / "run", "--y", "niqe").message
    assert "no such table" in command("figure", "plane", tmp_path / "run", "--scale", "3").message


def test_methods_that_nobody_beats_are_joined() -> None:
    board, _ = _board({"a": (9.0, 1.0), "b": (8.0, 1.0), "c": (8.5, 1.0), "d": (7.0, 1.0)}, "srbench")
    times = {"a": 1.0, "b": 10.0, "c": 20.0, "d": 100.0, "elsewhere": 1.0}
    timings = {name: Timing(ms, "cpu", "120x80", 4, 3) for name, ms in times.items()}
    with style():
        drawn = runtimes(board, RMSE, timings)
    # c is slower and worse than b.
    assert {row["method"] for row in drawn.rows if row["unbeaten"]} == {"a", "b", "d"}
    assert "median of 3 runs of an input of 120x80 on cpu" in drawn.caption


@pytest.mark.parametrize("figure", ["plane", "runtimes"])
def test_what_is_infinite_or_of_fewer_images_is_said_and_never_drawn(figure: str) -> None:
    board, scores = _board({"a": (9.0, 1.0), "b": (8.0, 1.0), "c": (math.inf, 1.0)}, "srbench")
    cells = dict(board.cells)
    cells["b", "rmse_y"] = replace(cells["b", "rmse_y"], n=1, expected=2)
    board = replace(board, cells=cells)
    with style():
        if figure == "plane":
            drawn = plane(replace(rank(board, scores), board=board), RMSE, PI)
        else:
            drawn = runtimes(board, RMSE, dict.fromkeys("abc", Timing(1.0, "cpu", "120x80", 4, 3)))
    assert {row["method"] for row in drawn.rows} == {"a", "b"}
    assert "Not drawn, without finite values: c." in drawn.caption
    assert "b over 1 of 2 images only." in drawn.caption
    assert np.isfinite(drawn.figure.axes[0].dataLim.get_points()).all()


@pytest.mark.parametrize("milliseconds", ["0", "-3", "nan", "inf"])
def test_a_time_that_is_none_is_refused(tmp_path: Path, milliseconds: str) -> None:
    path = tmp_path / "bench.csv"
    path.write_text(f"method,milliseconds,device,width,height,scale,repeats\na,{milliseconds},cpu,8,8,4,3\n")
    with pytest.raises(UserError, match="is no file of srbench methods bench"):
        read_timings(path)


def test_runtimes_come_from_methods_bench(tmp_path: Path) -> None:
    run(references(tmp_path / "set", size=(64, 64)), tmp_path / "run", methods="nearest,bicubic")
    bench = ("methods", "bench", "--methods", "bicubic,nearest", "--size", "16x16", "--repeats", "1")
    assert command(*bench, "--out", tmp_path / "bench.csv").code == 0
    figure = ("figure", "runtimes", tmp_path / "run", "--out", tmp_path / "r", "--bench")
    made = command(*figure, tmp_path / "bench.csv")
    assert made.code == 0, made.err
    timed = {row["method"]: row["milliseconds"] for row in rows(tmp_path / "bench.csv")}
    assert {row["method"]: row["milliseconds"] for row in rows(tmp_path / "r.csv")} == timed
    assert "no such file" in command(*figure, tmp_path / "none.csv").message
    assert "is no file of srbench methods bench" in command(*figure, tmp_path / "run" / "scores.csv").message


def test_brightness_is_the_gray_level_after_the_filter() -> None:
    flat = np.full((20, 24, 3), 77, np.uint8)
    assert np.array_equal(levels(flat, 3.0), flat[..., 0])
    one = picture(30, 34, seed=3)
    # By hand: weights of MATLAB's rgb2gray, rounded.
    by_hand = np.floor(one @ np.array([0.298936021293775, 0.587043074451121, 0.114020904255103]) + 0.5)
    assert np.array_equal(levels(one, 0), by_hand)
    x = np.arange(-12, 13)
    kernel = np.exp(-(x**2) / (2 * 3.0**2))
    kernel /= kernel.sum()
    padded = np.pad(by_hand, 12, mode="edge")
    columns = np.apply_along_axis(lambda v: np.convolve(v, kernel, "valid"), 0, padded)
    smooth = np.apply_along_axis(lambda v: np.convolve(v, kernel, "valid"), 1, columns)
    assert np.array_equal(levels(one, 3.0), np.floor(smooth + 0.5))


def test_an_output_that_is_brighter_by_nine_levels_says_so(tmp_path: Path) -> None:
    images, outputs = tmp_path / "set", tmp_path / "brighter"
    for number, name in enumerate("abc"):
        image = np.clip(picture(48, 48, seed=number), 30, 220)
        save(images / f"{name}.png", image)
        save(outputs / f"{name}.png", image + np.uint8(9))
    run(images, tmp_path / "run", methods=f"bicubic,outputs:{outputs}")
    made = command("figure", "brightness", tmp_path / "run", "--sigma", "0", "--out", tmp_path / "b")
    assert made.code == 0, made.err
    table = rows(tmp_path / "b.csv")
    found = {row["method"]: row for row in table if row["quantity"] == "mean level minus the reference's"}
    assert float(found["brighter"]["value"]) == pytest.approx(9)
    assert float(found["brighter"]["low"]) == pytest.approx(9)
    assert (found["brighter"]["n"], found["reference"]["value"]) == ("3", "0.0")
    for method in ("reference", "bicubic", "brighter"):
        shares = [
            float(r["value"]) for r in table if (r["method"], r["quantity"]) == (method, "share of pixels")
        ]
        assert (len(shares), sum(shares)) == (256, pytest.approx(1))
    again = ("figure", "brightness", tmp_path / "run", "--image", "x")
    assert "the run has no image 'x'; it has: a, b, c" in command(*again).message


def test_numbers_of_a_page_stand_beside_its_plots(tmp_path: Path) -> None:
    run(references(tmp_path / "set", count=5), tmp_path / "run", methods="nearest,bicubic,lanczos")
    assert command("report", tmp_path / "run", "--figures", "--no-images").code == 0
    figures = tmp_path / "run" / "report" / "figures"
    assert {path.stem for path in figures.glob("*.csv")} == {path.stem for path in figures.glob("*.svg")}
    with (figures / "set_x4_srbench_ranks_psnr_y.csv").open(newline="") as stream:
        ranks = {row["method"]: float(row["mean_rank"]) for row in csv.DictReader(stream)}
    assert sum(ranks.values()) == pytest.approx(1 + 2 + 3)

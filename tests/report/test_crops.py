"""Crops: the reference first, boxes in colours, rows of scales and boxes, several runs, wrong use."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from srbench.report.crop_layout import BOX_COLOURS, Cell, Row, compose, grid
from tests.helpers import command, references, rows
from tests.report.runs import made_run
from tests.working import run


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_run(tmp_path_factory.mktemp("crops"))


def test_crops_show_the_box_of_every_method(finished: Path, tmp_path: Path):
    result = command(
        "figure", "crops", finished, "--image", "a", "--box", "10,20,32,24",
        "--methods", "hr,bicubic,nearest",
        "--out", tmp_path / "crops",
    )  # fmt: skip
    assert result.code == 0, result.err
    svg = (tmp_path / "crops.svg").read_text(encoding="utf-8")
    assert (tmp_path / "crops.png").stat().st_size > 5000
    assert svg.count("<image") == 4
    assert "reference" in svg
    assert "∞" not in svg  # the reference is no competitor
    assert (tmp_path / "crops.pdf").read_bytes().startswith(b"%PDF")


def test_crops_find_the_reference_of_the_run(tmp_path: Path):
    references(tmp_path / "mine", count=1, size=(64, 64))
    run(tmp_path / "mine", tmp_path / "run")
    box = ("--image", "a", "--box", "8,8,16,16")
    for name, images in (("with.pdf", 4), ("without.svg", 3)):
        made = command("figure", "crops", tmp_path / "run", *box, "--out", tmp_path / name)
        assert made.code == 0, made.err
        stem = name.partition(".")[0]
        assert {path.name for path in tmp_path.glob(f"{stem}.*")} == {
            f"{stem}.{kind}" for kind in ("svg", "pdf", "png", "csv")
        }
        assert (tmp_path / f"{stem}.svg").read_text(encoding="utf-8").count("<image") == images
        assert ("was not found" in made.err) == (images == 3)
        shutil.rmtree(tmp_path / "mine", ignore_errors=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--image", "a", "--box", "1,2,3"), "give x,y,w,h"),
        (("--image", "a", "--box", "1,2,0,3"), "must be at least 1"),
        (("--image", "a", "--box", "100,2,64,8"), "reaches beyond the image of 128x112"),
        (("--image", "zz", "--box", "1,2,8,8"), "the run has no image 'zz'; it has: a, b"),
        (("--image", "a", "--box", "1,2,8,8", "--methods", "vdsr"), "the run has no method 'vdsr'"),
        (("--image", "a", "--box", "1,2,8,8", "--metrics", "pi"), "the run has no metric 'pi'"),
    ],
)
def test_wrong_crops_are_one_line(finished: Path, options: tuple[str, ...], message: str, tmp_path: Path):
    result = command("figure", "crops", finished, *options, "--out", tmp_path / "crops")
    assert result.code == 2
    assert message in result.message


def test_an_output_that_is_not_there_is_one_line(finished: Path, tmp_path: Path):
    result = command("figure", "crops", finished, "--image", "c", "--box", "1,2,8,8", "--out", tmp_path / "x")
    assert result.code == 1
    assert "there is no output of" in result.message


def test_scales_and_boxes_make_rows_and_two_runs_one_figure(tmp_path: Path) -> None:
    images = references(tmp_path / "set", count=2, size=(64, 64))
    scales = ("--scale", "2,4", "--metrics", "psnr_y,ssim_y")
    run(images, tmp_path / "one", *scales, methods="bicubic")
    run(images, tmp_path / "two", *scales, methods="nearest")
    boxes = ("--box", "8,8,16,12", "--box", "30,30,20,20")
    made = command(
        "figure",
        "crops",
        tmp_path / "one",
        tmp_path / "two",
        "--image",
        "a",
        *boxes,
        "--out",
        tmp_path / "x.pdf",
    )
    assert made.code == 0, made.err
    svg = (tmp_path / "x.svg").read_text(encoding="utf-8")
    assert svg.count("<image") == 1 + 2 * 2 * 3  # the whole; scales, boxes, reference and two methods
    assert "×2" in svg
    assert all(colour in svg for colour in BOX_COLOURS[:2])
    scored = {(row["scale"], row["method"]): row for row in rows(tmp_path / "x.csv")}
    assert set(scored) == {(scale, method) for scale in "24" for method in ("bicubic", "nearest")}
    source = {
        (row["scale"], row["method"]): row["value"]
        for name in ("one", "two")
        for row in rows(tmp_path / name / "scores.csv")
        if (row["image"], row["metric"]) == ("a", "psnr_y")
    }
    assert {place: row["psnr_y"] for place, row in scored.items()} == source
    only = ("figure", "crops", tmp_path / "one", "--image", "a", boxes[0], boxes[1], "--out", tmp_path / "y")
    assert command(*only, "--scale", "4").code == 0
    assert {row["scale"] for row in rows(tmp_path / "y.csv")} == {"4"}
    assert "has 'a' at x2, x4, not at x3" in command(*only, "--scale", "3").message
    assert "give scales separated by commas" in command(*only, "--scale", "two").message


def test_crops_are_the_pixels_of_the_box() -> None:
    whole = np.arange(40 * 50 * 3, dtype=np.uint8).reshape(40, 50, 3)
    figure = compose(
        whole, [(5, 7, 10, 8)], [Row("", 0, (Cell(whole, "a"), Cell(None, ""), Cell(whole, "b")))], "", 1
    )
    shown = [axes.images[0].get_array() for axes in figure.axes]
    assert len(shown) == 3
    assert np.array_equal(shown[0], whole)
    assert all(np.array_equal(crop, whole[7:15, 5:15]) for crop in shown[1:])


@pytest.mark.parametrize(("count", "rows_wanted", "shape"), [(6, 0, (2, 3)), (7, 2, (2, 4)), (1, 0, (1, 1))])
def test_crops_fill_their_grid(count: int, rows_wanted: int, shape: tuple[int, int]) -> None:
    assert grid(count, rows_wanted) == shape

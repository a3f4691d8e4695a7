"""The files of a run: exactly those of the design, with its columns and order."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from srbench.core.files import file_hash
from srbench.images.codec import read_image
from srbench.images.resize import imresize
from srbench.metrics.catalogue import METRICS
from srbench.metrics.contract import View
from srbench.protocols import PROTOCOLS
from tests.helpers import references, rows, values
from tests.working import FILES, run


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return references(tmp_path / "mine")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_a_run_folder_has_exactly_the_files_of_the_design(images: Path, out: Path) -> None:
    run(images, out, methods="hr,nearest,bicubic")
    made = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    pngs = [f"images/{m}/mine/x4/{i}.png" for m in ("bicubic", "hr", "nearest") for i in "abc"]
    assert [name for name in made if not name.startswith("store.sqlite-")] == sorted(pngs + FILES)


def test_columns_rows_and_order_of_scores(images: Path, out: Path) -> None:
    run(images, out)
    text = (out / "scores.csv").read_text()
    assert text.splitlines()[0] == "method,dataset,scale,protocol,image,metric,value,status"
    found = rows(out / "scores.csv")
    assert len(found) == 2 * 3 * 2  # methods, images, metrics
    assert [(row["method"], row["image"], row["metric"]) for row in found] == [
        (m, i, k) for m in ("bicubic", "nearest") for i in "abc" for k in ("psnr_y", "ssim_y")
    ]
    assert {(row["dataset"], row["scale"], row["protocol"], row["status"]) for row in found} == {
        ("mine", "4", "srbench", "ok")
    }
    assert "\r" not in text


def test_values_are_those_of_the_metrics_in_full_precision(images: Path, out: Path) -> None:
    run(images, out)
    for (name, image, metric), value in values(out / "scores.csv").items():
        output = read_image(out / "images" / name / "mine" / "x4" / f"{image}.png")
        reference = read_image(images / f"{image}.png")
        made = imresize(imresize(reference, 1 / 4), 4, kernel={"nearest": "box"}.get(name, "cubic"))
        assert np.array_equal(output, made)
        view = [View(pixels, PROTOCOLS.get("srbench"), 4) for pixels in (output, reference)]
        assert float(value) == METRICS.get(metric).score(*view)


def test_leaderboard_csv(images: Path, out: Path) -> None:
    run(images, out)
    board = rows(out / "leaderboard.csv")
    assert list(board[0]) == [
        "dataset", "scale", "protocol", "method", "n",
        "psnr_y", "psnr_y_low", "psnr_y_high", "psnr_y_interval", "psnr_y_n",
        "ssim_y", "ssim_y_low", "ssim_y_high", "ssim_y_interval", "ssim_y_n", "origin",
    ]  # fmt: skip
    assert [row["method"] for row in board] == ["bicubic", "nearest"]  # best first
    scores = values(out / "scores.csv")
    for row in board:
        mean = math.fsum(float(scores[row["method"], image, "psnr_y"]) for image in "abc") / 3
        assert float(row["psnr_y"]) == pytest.approx(mean, rel=1e-15)
        assert (row["n"], row["psnr_y_n"]) == ("3", "3")
        assert float(row["psnr_y_low"]) < mean < float(row["psnr_y_high"])
        assert row["psnr_y_interval"] == "t"


def test_significance_csv(images: Path, out: Path) -> None:
    run(images, out)
    tests = rows(out / "significance.csv")
    wanted = "dataset,metric,method_a,method_b,n,median_difference,statistic,p_value,p_holm,significant"
    assert ",".join(tests[0]).startswith(wanted)
    assert [(row["metric"], row["method_a"], row["method_b"]) for row in tests] == [
        ("psnr_y", "bicubic", "nearest"),
        ("ssim_y", "bicubic", "nearest"),
    ]
    scores = values(out / "scores.csv")
    gaps = [float(scores["bicubic", i, "psnr_y"]) - float(scores["nearest", i, "psnr_y"]) for i in "abc"]
    assert float(tests[0]["median_difference"]) == pytest.approx(sorted(gaps)[1])
    assert tests[0]["n"] == "3"
    assert tests[0]["significant"] == "false"


def test_run_json_says_what_was_done_on_what(images: Path, out: Path) -> None:
    run(images, out)
    run(images, out, "--metrics", "rmse_y")
    told = json.loads((out / "run.json").read_text())
    assert told["protocols"]["srbench"]["luma"] == "bt601-rounded"
    hashed = told["datasets"]["mine x4"]["images"]["a"]["reference"]
    assert hashed == file_hash(images / "a.png")
    assert set(told["methods"]) == {"nearest", "bicubic"}
    assert set(told["metrics"]) == {"psnr_y", "ssim_y", "rmse_y"}
    assert len(told["runs"]) == 2
    assert "--metrics rmse_y" in told["runs"][1]["command"]
    assert {"srbench", "python", "numpy"} <= set(told["runs"][0]["versions"])
    assert told["runs"][0]["seconds"] == round(told["runs"][0]["seconds"], 3)
    assert told["runs"][0]["machine"]["cores"] >= 1

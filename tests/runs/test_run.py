"""`srbench run` with bad input: one clear line, the right exit code, the rest done, nothing lost."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srbench.core.weights import WeightFile
from srbench.images.codec import read_image
from srbench.methods.catalogue import METHODS
from srbench.metrics.catalogue import METRICS
from tests.helpers import Result, command, picture, references, rows, save, values
from tests.working import Work, method


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return references(tmp_path / "mine")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def start(images: Path, out: Path, methods: str = "bicubic", *more: str) -> Result:
    return command(
        "run", "--methods", methods, "--datasets", f"folder:{images}", "--out", out, "--workers", "1",
        "--device", "cpu", *more,
    )  # fmt: skip


def statuses(out: Path, image: str) -> set[str]:
    return {row["status"] for row in rows(out / "scores.csv") if row["image"] == image}


def results_of(images: Path, folder: Path) -> Path:
    for path in images.iterdir():
        save(folder / path.name, np.roll(read_image(path), 1, axis=0))
    return folder


@pytest.mark.parametrize(
    "kind", ["truncated", "text", "empty", "sixteen", "cmyk", "transparent", "small", "tiny"]
)
def test_a_reference_that_cannot_be_scored_is_a_reason_and_the_rest_is_done(
    images: Path, out: Path, kind: str
) -> None:
    path = images / "b.png"
    if kind == "truncated":
        path.write_bytes(path.read_bytes()[:300])
        said = "b.png: damaged or unreadable"
    elif kind == "text":
        path.write_text("hello")
        said = "b.png: not an image that can be read"
    elif kind == "empty":
        path.write_bytes(b"")
        said = "b.png: not an image that can be read"
    elif kind == "sixteen":
        Image.fromarray(np.full((32, 32), 1000, np.uint16)).save(path)
        said = "b.png: more than 8 bits per channel"
    elif kind == "cmyk":
        path.unlink()
        Image.new("CMYK", (32, 32)).save(images / "b.jpg")
        said = "b.jpg: CMYK colours"
    elif kind == "transparent":
        save(path, np.zeros((32, 32, 4), np.uint8))
        said = "b.png: has transparent pixels"
    elif kind == "small":
        save(path, picture(8, 40))
        said = "40x8 pixels leave nothing after a 4-pixel border crop"
    else:
        save(path, picture(3, 40))
        said = "b.png is smaller than the scale 4"
    ended = start(images, out)
    assert ended.code == 0
    assert ended.message == "bicubic failed on 1 of 3 images; " + f"{out / 'scores.csv'} says why"
    assert len(statuses(out, "b")) == 1
    assert said in statuses(out, "b").pop()
    assert statuses(out, "a") == statuses(out, "c") == {"ok"}
    assert said in ended.out
    assert "(2 of 3)" in ended.out
    assert "(2 of 3)" in (out / "leaderboard.md").read_text()
    assert [row["psnr_y_n"] for row in rows(out / "leaderboard.csv")] == ["2"]
    strict = start(images, out, "bicubic", "--strict")
    assert strict.code == 1
    assert "2 scores are missing, and --strict is set; see" in strict.err.splitlines()[-1]


def test_smaller_than_the_window_costs_ssim_only(images: Path, out: Path) -> None:
    save(images / "b.png", picture(16, 40))
    start(images, out)
    found = values(out / "scores.csv")
    assert math.isfinite(float(found["bicubic", "b", "psnr_y"]))
    assert found["bicubic", "b", "ssim_y"] == ""
    assert "32x8 pixels are smaller than the 11x11 window" in " ".join(statuses(out, "b"))


def test_outputs_of_another_size_missing_or_damaged(images: Path, out: Path, tmp_path: Path) -> None:
    folder = results_of(images, tmp_path / "theirs")
    save(folder / "a.png", picture(32, 36))
    (folder / "b.png").unlink()
    ended = start(images, out, f"outputs:{folder},bicubic")
    assert ended.code == 0
    reasons = {row["image"]: row["status"] for row in rows(out / "scores.csv") if row["method"] == "theirs"}
    assert "36x32" in reasons["a"]
    assert "40x32" in reasons["a"]
    assert reasons["b"].startswith("no file for the image b in")
    assert reasons["c"] == "ok"
    assert sum(bool(v) for k, v in values(out / "scores.csv").items() if k[0] == "bicubic") == 6


def test_nothing_scored_at_all_is_a_failed_run(images: Path, out: Path, tmp_path: Path) -> None:
    save(tmp_path / "theirs" / "zzz.png", picture(8, 8))
    ended = start(images, out, f"outputs:{tmp_path / 'theirs'}")
    assert ended.code == 1
    assert "no score could be computed: no file for the image a" in ended.message


def test_a_failing_method_and_metric_leave_reasons_and_the_rest_is_done(
    images: Path, out: Path, work: Work
) -> None:
    def explode(sample):  # type: ignore[no-untyped-def]
        raise MemoryError("no memory\nfor this")

    def divide(output, reference):  # type: ignore[no-untyped-def]
        return 1 / 0

    work.add(method("exploding", explode))
    work.add_metric(dataclasses.replace(METRICS.get("rmse_y"), compute=divide))
    ended = start(images, out, "exploding,bicubic", "--metrics", "psnr_y,rmse_y")
    assert ended.code == 1
    assert "failed on every image: exploding;" in ended.message
    found = {(r["method"], r["metric"]): r["status"] for r in rows(out / "scores.csv")}
    assert found == {
        ("exploding", "psnr_y"): "failed: MemoryError: no memory for this",
        ("exploding", "rmse_y"): "failed: MemoryError: no memory for this",
        ("bicubic", "psnr_y"): "ok",
        ("bicubic", "rmse_y"): "failed: ZeroDivisionError: division by zero",
    }


@pytest.mark.parametrize(
    "wrong",
    [
        lambda reference: reference[:-1],
        lambda reference: reference.astype(np.float64),
        lambda reference: reference[..., :2],
        lambda reference: reference[..., :1],
        lambda reference: np.dstack([reference, reference[..., :1]]),
        lambda reference: reference[None],
        lambda _: None,
        lambda reference: reference.tolist(),
    ],
    ids=["rows", "float", "two", "one", "four", "batch", "none", "list"],
)
def test_a_method_that_breaks_its_contract_is_a_reason(images: Path, out: Path, work: Work, wrong) -> None:  # type: ignore[no-untyped-def]
    work.add(method("wrong", lambda sample: wrong(sample.reference)))
    ended = start(images, out, "wrong,bicubic")
    assert ended.code == 1
    assert "failed on every image: wrong;" in ended.message
    found = values(out / "scores.csv")
    assert not any(value for key, value in found.items() if key[0] == "wrong")
    assert all(value for key, value in found.items() if key[0] == "bicubic")
    assert not (out / "images" / "wrong").exists()


def test_a_method_that_cannot_be_opened_is_a_reason(images: Path, out: Path, work: Work) -> None:
    broken = dataclasses.replace(method("closed", lambda sample: sample), open=lambda _: 1 / 0)  # type: ignore[arg-type]
    work.add(broken)
    assert "failed on every image: closed;" in start(images, out, "closed,bicubic").message
    assert {r["status"] for r in rows(out / "scores.csv") if r["method"] == "closed"} == {
        "failed: ZeroDivisionError: division by zero"
    }


def test_what_cannot_run_is_a_reason_when_named_and_listed_when_not(images: Path, out: Path) -> None:
    ended = start(images, out, "bicubic,enet-pat")
    assert ended.code == 0
    missing = METHODS.get("enet-pat").unavailable()
    assert missing
    assert missing.startswith("weights enet-pat are not here: srbench methods pull enet-pat")
    assert {r["status"] for r in rows(out / "scores.csv") if r["method"] == "enet-pat"} == {missing}
    everything = start(images, out / "all", "all")
    assert everything.code == 0
    assert f"left out: enet-pat: {missing}" in everything.err
    assert "enet-pat" not in {row["method"] for row in rows(out / "all" / "scores.csv")}
    assert {"hr", "nearest", "bicubic", "lanczos"} <= {r["method"] for r in rows(out / "all" / "scores.csv")}


def test_only_what_cannot_run_is_a_failed_run(images: Path, out: Path) -> None:
    ended = start(images, out, "enet-pat")
    assert ended.code == 1
    assert "no method can run: enet-pat: weights enet-pat are not here" in ended.message
    assert start(images, out, "enet-pat", "--scale", "3").code == 1


def test_weights_that_went_away_leave_the_scores(images: Path, out: Path, work: Work) -> None:
    file = WeightFile(name="w", sha256=("0" * 64,), homepage="", license="", citation="")
    file.cached.parent.mkdir(parents=True)
    file.cached.write_bytes(b"weights")
    work.add(method("weighted", lambda sample: 255 - sample.reference, weights=(file,)))
    start(images, out, "weighted")
    before = values(out / "scores.csv")
    file.cached.unlink()
    start(images, out, "weighted,nearest")
    after = values(out / "scores.csv")
    assert {key: after[key] for key in before} == before


def test_identical_outputs_are_infinite_everywhere(images: Path, out: Path, tmp_path: Path) -> None:
    folder = results_of(images, tmp_path / "theirs")
    save(folder / "b.png", picture(32, 40, 1))
    ended = start(images, out, f"hr,outputs:{folder}", "--metrics", "psnr_y,rmse_y,ssim_y")
    assert (ended.code, ended.err) == (0, "")
    found = values(out / "scores.csv")
    assert [found["hr", i, "psnr_y"] for i in "abc"] == ["inf"] * 3
    assert [found["hr", i, "rmse_y"] for i in "abc"] == ["0.0"] * 3
    assert found["theirs", "b", "psnr_y"] == "inf"
    board = {row["method"]: row for row in rows(out / "leaderboard.csv")}
    for name in ("hr", "theirs"):  # one infinite image makes the mean infinite
        assert (board[name]["psnr_y"], board[name]["psnr_y_low"]) == ("inf", "")
    text = (out / "leaderboard.md").read_text()
    assert text.count("∞") == 2
    assert "∞" in ended.out
    assert rows(out / "significance.csv") == []  # the reference itself is not ranked


HOSTILE = ["a, b", 'say "x"', "<img src=x>", "a|b", "naïve 中", "[red]x", "=1+1", "..hidden", "a;b&c", "%s"]


def test_hostile_names_of_images_and_methods(tmp_path: Path, out: Path) -> None:
    for index, name in enumerate(HOSTILE):
        save(tmp_path / "mine" / f"i {name}.png", picture(32, 32, index))
    folder = results_of(tmp_path / "mine", tmp_path / "theirs")
    name = 'x <b>"|é'
    ended = start(tmp_path / "mine", out, f"outputs:{folder}:{name}", "--strict")
    assert (ended.code, ended.err) == (0, "")
    found = rows(out / "scores.csv")
    assert {row["image"] for row in found} == {f"i {name}" for name in HOSTILE}
    assert {row["method"] for row in found} == {name}
    text = (out / "leaderboard.md").read_text()
    assert "<b>" not in text
    assert len(list((out / "images").rglob("*.png"))) == len(HOSTILE)
    assert name in ended.out


def test_a_name_of_an_image_that_is_a_path_stays_inside(images: Path, out: Path, tmp_path: Path) -> None:
    save(images / "a\\..\\b.png", picture(32, 40))
    save(images / "c:d.png", picture(32, 40))
    assert start(images, out, "bicubic", "--strict").code == 0
    assert len(list((out / "images" / "bicubic" / "mine" / "x4").iterdir())) == 5


@pytest.mark.parametrize("place", ["missing", "file", "empty"])
def test_a_data_set_folder_that_is_not_one(tmp_path: Path, out: Path, place: str) -> None:
    folder = tmp_path / "mine"
    said = {"missing": "no such folder", "file": "is a file", "empty": "holds no image files"}[place]
    if place == "file":
        folder.write_text("")
    elif place == "empty":
        folder.mkdir()
    ended = start(folder, out)
    assert ended.code == 1
    assert said in ended.message


def test_an_out_that_is_a_file(images: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    ended = start(images, tmp_path / "taken")
    assert ended.code == 1
    assert "choose another --out" in ended.message
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_damaged_store_is_one_line(images: Path, out: Path) -> None:
    out.mkdir()
    (out / "store.sqlite").write_bytes(b"garbage" * 1000)
    ended = start(images, out)
    assert ended.code == 1
    assert "is damaged" in ended.message

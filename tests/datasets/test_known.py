"""Names of data sets stand for certain pictures; a folder with others says so in its name."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srbench.core.records import Pair
from srbench.datasets.catalogue import DATASETS, resolve
from srbench.datasets.download import published_files
from srbench.datasets.folders import find_pairs
from srbench.datasets.known import marked, unmarked
from tests.helpers import command, picture, rows, save

SET5 = DATASETS.get("set5")


def name_of(root: Path, scale: int = 4, dataset: str = "set5") -> str:
    found = resolve(dataset)
    return marked(found, scale, find_pairs(found, scale, [root])).name


def some(shared: Path, folder: Path, images: slice, dataset: str = "Set5", scale: int = 4) -> list[Path]:
    """Some references of a data set, under names of their own, decoded and encoded again."""
    files = sorted((shared / "data" / dataset / f"image_SRF_{scale}").glob("*_HR.png"))[images]
    return [save(folder / f"{path.name[:7]}.png", np.asarray(Image.open(path))) for path in files]


@pytest.mark.parametrize(
    ("name", "scale"), [("set5", 2), ("set5", 3), ("set5", 4), ("set14", 4), ("bsd100", 4)]
)
def test_the_published_images_have_the_bare_name(shared: Path, name: str, scale: int) -> None:
    assert name_of(shared / "data", scale, name) == name


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
def test_the_same_pixels_in_other_files_have_the_bare_name(shared: Path, tmp_path: Path, scale: int) -> None:
    some(shared, tmp_path / "Set5", slice(None), scale=min(scale, 4))
    assert name_of(tmp_path, scale) == "set5"
    assert name_of(tmp_path, scale, f"folder:{tmp_path / 'Set5'}") == "Set5"


def test_a_gray_image_that_became_three_channels_is_the_same_picture(shared: Path, tmp_path: Path) -> None:
    for path in some(shared, tmp_path / "Set14", slice(None), "Set14"):
        save(path, np.asarray(Image.open(path).convert("RGB")))
    assert name_of(tmp_path, 4, "set14") == "set14"


def test_fewer_images_are_counted(shared: Path, tmp_path: Path) -> None:
    some(shared, tmp_path / "Set5", slice(1))
    assert name_of(tmp_path) == "set5 (1 of 5 images)"
    assert name_of(tmp_path, 4, f"folder:{tmp_path / 'Set5'}") == "Set5 (1 of 5 images)"


def test_other_images_are_said(shared: Path, tmp_path: Path) -> None:
    some(shared, tmp_path / "two" / "Set5", slice(3))
    save(tmp_path / "two" / "Set5" / "x.png", picture(40, 48))
    save(tmp_path / "two" / "Set5" / "y.png", picture(40, 48, seed=1))
    assert name_of(tmp_path / "two") == "set5 (2 other images)"
    save(tmp_path / "one" / "Set5" / "photograph.png", picture(40, 48))
    assert name_of(tmp_path / "one") == "set5 (other images)"


def test_one_changed_pixel_is_another_image(shared: Path, tmp_path: Path) -> None:
    first = some(shared, tmp_path / "Set5", slice(None))[0]
    pixels = np.array(Image.open(first))
    pixels[100, 100, 1] ^= 1
    save(first, pixels)
    assert name_of(tmp_path) == "set5 (1 other image)"


def test_references_cut_to_multiples_of_12_are_the_same_pictures_of_other_sizes(
    shared: Path, tmp_path: Path
) -> None:
    for path in some(shared, tmp_path / "Set5" / "GTmod12", slice(None)):
        pixels = np.asarray(Image.open(path))
        height, width = (length - length % 12 for length in pixels.shape[:2])
        save(path, pixels[:height, :width])
    assert name_of(tmp_path) == "set5 (cut to other sizes)"


def test_sets_without_known_pixels_are_counted(tmp_path: Path) -> None:
    for index in range(3):
        save(tmp_path / "DIV2K_valid_HR" / f"080{index}.png", picture(16, 16))
    assert name_of(tmp_path, 4, "div2k-val") == "div2k-val (3 of 100 images)"


def test_urban100_at_x2_tells_half_size_references_from_full_ones() -> None:
    """The files of x2 in the authors' repository are half as large as those of x4."""
    urban = DATASETS.get("urban100")
    published = [file for file in published_files(urban, 2) if file.path.endswith("_HR.png")]
    assert len(published) == 100
    assert urban.variants == {2: "half-size references"}
    assert "26.66" in urban.remarks[2]


def test_a_published_file_is_known_by_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from srbench.datasets import known

    path = tmp_path / "a.png"
    path.write_bytes(b"not even an image")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    files = [replace(file, sha256=digest) for file in published_files(SET5, 4)]
    monkeypatch.setattr(known, "published_files", lambda _: files)
    pair = Pair("set5", "a", 4, path, None)
    assert marked(SET5, 4, [pair] * 5).name == "set5"


def test_names_without_marks() -> None:
    assert unmarked("set5 (1 of 5 images)") == "set5"
    assert unmarked("my images (2)") == "my images (2)"
    assert unmarked("set5") == "set5"


def test_the_mark_stands_wherever_the_name_does(tmp_path: Path) -> None:
    save(tmp_path / "Set5" / "photograph.png", picture(40, 48))
    out = tmp_path / "out"
    ended = command(
        "run", "--methods", "nearest,bicubic", "--datasets", "set5", "--data-root", tmp_path, "--out", out,
        "--workers", "1", "--device", "cpu",
    )  # fmt: skip
    assert ended.code == 0
    assert "set5 (other images) ×4" in ended.out
    for file in ("scores.csv", "leaderboard.csv", "significance.csv"):
        assert {row["dataset"] for row in rows(out / file)} == {"set5 (other images)"}
    assert "## set5 (other images) ×4" in (out / "leaderboard.md").read_text()
    assert '"title": "Set5 (other images)"' in (out / "run.json").read_text()
    report = command("report", out, "--data-root", tmp_path, "--out", tmp_path / "page")
    assert report.code == 0, report.err
    assert "Set5 (other images) ×4" in (tmp_path / "page" / "index.html").read_text()

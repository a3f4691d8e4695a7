"""Leaks that the tests make themselves are found, other photographs are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srbench.datasets.catalogue import DATASETS
from srbench.train.leaks import THRESHOLD, check
from srbench.train.overlap import overlaps
from tests.steps import Steps

_PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")


def _photograph(name: str) -> Image.Image:
    folder = DATASETS.get("demo").folder
    assert folder is not None
    return Image.open(folder / name).convert("RGB")


def _folder(folder: Path, images: dict[str, Image.Image]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in images.items():
        image.save(folder / name, quality=60)
    return sorted(folder / name for name in images)


def _crop(image: Image.Image) -> Image.Image:
    width, height = image.size
    return image.crop((width // 5, height // 6, width // 5 + width // 2, height // 6 + 2 * height // 3))


_LEAKS = {
    "the same": lambda image: image,
    "a crop": _crop,
    "reduced": lambda image: image.resize((image.width * 5 // 7, image.height * 5 // 7)),
    "reduced to a thumbnail": lambda image: image.resize((image.width // 5, image.height // 5)),
    "a crop, enlarged": lambda image: _crop(image).resize((image.width * 2 // 3, image.height * 8 // 9)),
    "a crop, flipped": lambda image: _crop(image).transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "a crop, turned": lambda image: _crop(image).transpose(Image.Transpose.ROTATE_90),
    "brighter": lambda image: image.point(lambda level: min(255, level + 30)),
}


@pytest.mark.parametrize("change", _LEAKS)
@pytest.mark.parametrize("smaller", ["test", "training"])
def test_a_photograph_is_found_however_it_was_changed(tmp_path: Path, change: str, smaller: str) -> None:
    whole = {name: _photograph(name) for name in _PHOTOGRAPHS}
    changed = {"leak.jpg": _LEAKS[change](whole["coffee.png"])}
    many, one = _folder(tmp_path / "many", whole), _folder(tmp_path / "one", changed)
    coffee = [path.name for path in many].index("coffee.png")
    first, second = (many, one) if smaller == "test" else (one, many)
    (match,) = overlaps(first, second, THRESHOLD)
    assert (match.first, match.second) == ((coffee, 0) if smaller == "test" else (0, coffee))


def test_other_photographs_and_flat_and_unreadable_images_are_no_leak(tmp_path: Path) -> None:
    images = {name: _photograph(name) for name in _PHOTOGRAPHS}
    first = _folder(tmp_path / "first", {name: images[name] for name in _PHOTOGRAPHS[:2]})
    second = _folder(tmp_path / "second", {name: images[name] for name in _PHOTOGRAPHS[2:]})
    flat = _folder(tmp_path / "flat", {"grey.png": Image.new("RGB", (200, 150), (90, 90, 90))})
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG")
    assert overlaps([*first, *flat, broken], [*second, *flat, broken], THRESHOLD) == []


def test_the_check_names_the_leak_and_remembers_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRBENCH_CACHE", str(tmp_path / "cache"))
    cat = _photograph("chelsea.png")
    files = _folder(tmp_path / "data", {"cat.jpg": _crop(cat), "cup.jpg": _photograph("coffee.png")})
    _folder(tmp_path / "roots" / "Set5", {"img_001.png": cat})
    steps = Steps()
    first, again = (check(files, [tmp_path / "roots"], progress=steps) for _ in range(2))
    assert steps.begun == 1
    assert steps.done == steps.total == len(files) + sum(count for _, count in first.sets)
    assert first == again
    assert ("set5", 1) in first.sets
    found = {(leak.training, leak.dataset, leak.test) for leak in first.leaks}
    assert ("cat.jpg", "set5", "img_001") in found or ("cat.jpg", "demo", "chelsea") in found
    assert "cup.jpg" in {leak.training for leak in first.leaks}  # of the demo images
    assert "left out 2" in str(first)


def test_set5_woman_in_a_larger_photograph(shared: Path, tmp_path: Path) -> None:
    """What BSDS500's 302003 is to Set5: here its picture stands, larger, in another photograph."""
    woman = Image.open(shared / "data/Set5/image_SRF_4/img_005_SRF_4_HR.png")
    scene = Image.fromarray(np.random.default_rng(0).integers(0, 255, (600, 520, 3), np.uint8))
    scene.paste(woman.resize((woman.width * 7 // 5, woman.height * 7 // 5)), (90, 60))
    files = _folder(tmp_path / "data", {"302003.jpg": scene, "cup.jpg": _photograph("coffee.png")})
    tests = sorted((shared / "data/Set5/image_SRF_4").glob("*_HR.png"))
    (match,) = overlaps(files, tests, THRESHOLD)
    assert (files[match.first].name, tests[match.second].name) == ("302003.jpg", "img_005_SRF_4_HR.png")

"""Writing inputs in the layouts that people use: they read back as the very pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srbench.datasets.catalogue import resolve
from srbench.datasets.folders import find_pairs
from srbench.images.codec import read_image
from tests.helpers import command, references


@pytest.mark.parametrize("layout", ["selfexsr", "edsr", "basicsr"])
def test_what_is_written_is_read_as_matlabs_inputs(tmp_path: Path, layout: str) -> None:
    source = references(tmp_path / "mine", count=2, size=(50, 38))
    out = tmp_path / "made"
    ended = command("datasets", "make", f"folder:{source}", "--out", out, "--scale", "3", "--layout", layout)
    assert (ended.code, ended.err) == (0, "")
    pairs = find_pairs(resolve(f"folder:{out}"), 3, [])
    assert [pair.image for pair in pairs] == ["a", "b"]
    for pair in pairs:
        assert pair.input_kind == "matlab-bicubic"
        assert pair.low_resolution is not None
        height, width = read_image(pair.reference).shape[:2]
        expected = {"selfexsr": (48, 36), "edsr": (50, 38), "basicsr": (48, 36)}[layout]
        assert (height, width) == expected
        assert read_image(pair.low_resolution).shape[:2] == (height // 3, width // 3)


def test_the_published_inputs_come_out_bit_for_bit(shared: Path, tmp_path: Path) -> None:
    out = tmp_path / "Set5"
    ended = command("datasets", "make", "set5", "--out", out, "--data-root", shared / "data")
    assert ended.code == 0
    published = sorted((shared / "data" / "Set5" / "image_SRF_4").glob("*.png"))
    assert len(published) == 10
    for path in published:
        assert np.array_equal(read_image(out / "image_SRF_4" / path.name), read_image(path))


def test_a_folder_with_files_is_not_written_into(tmp_path: Path) -> None:
    source = references(tmp_path / "mine", count=1)
    ended = command("datasets", "make", f"folder:{source}", "--out", source)
    assert ended.code == 2
    assert "is not empty; give another --out" in ended.message


def test_basicsrs_layout_has_no_scale_8(tmp_path: Path) -> None:
    source = references(tmp_path / "mine", count=1)
    options = ("--out", tmp_path / "made", "--scale", "8", "--layout", "basicsr")
    ended = command("datasets", "make", f"folder:{source}", *options)
    assert ended.code == 2
    assert "x8 does not fit" in ended.message

"""File names and identifiers, as people really name their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from srbench.core.records import UserError
from srbench.images.names import existing_folder, image_files, image_identifier, match_files
from tests.helpers import picture, save


@pytest.mark.parametrize(
    ("stem", "identifier"),
    [
        ("img_001_SRF_4_HR", "img_001"),
        ("img_001_SRF_4_LR", "img_001"),
        ("baby_HR_x4", "baby"),
        ("baby_LRBI_x2", "baby"),
        ("baby_GT", "baby"),
        ("0801x4", "0801"),
        ("baby_mod12", "baby"),
        ("baby", "baby"),
        ("img_001", "img_001"),
        ("HR", "HR"),
        ("_HR", "_HR"),
        ("x4", "x4"),
        ("", ""),
        ("box4", "box4"),
        ("matrix2", "matrix2"),
        ("a b, c's \"é|<b>", "a b, c's \"é|<b>"),
        ("PaPeR_hr", "PaPeR"),
    ],
)
def test_identifier(stem: str, identifier: str) -> None:
    assert image_identifier(stem) == identifier


@pytest.mark.parametrize(
    "name",
    [
        "img_001_SRF_4_SRCNN.png", "img_001_RCAN_x4.png", "img_001x4.png", "img_001.out.png",
        "img_001-mine.png", "img_001_SRF_4_HR.png", "img_001.jpg",
    ],
)  # fmt: skip
def test_result_files_are_found_by_their_stem(name: str) -> None:
    matches = match_files(["img_001", "img_002", "img_0010"], [Path(name)])
    assert matches == {"img_001": [Path(name)], "img_002": [], "img_0010": []}


@pytest.mark.parametrize(
    "name", ["img_0011.png", "other.png", "simg_001.png", "img_001b.png", "img_001xyz.png"]
)
def test_other_files_are_not_taken(name: str) -> None:
    assert match_files(["img_001"], [Path(name)]) == {"img_001": []}


def test_longest_identifier_owns_the_file() -> None:
    files = [Path("a.png"), Path("a_b.png"), Path("a_b_c.png")]
    assert match_files(["a", "a_b"], files) == {"a": [files[0]], "a_b": [files[1]]}


def test_exact_name_wins_over_longer_ones() -> None:
    files = [Path("baby_x4.png"), Path("baby_old.png"), Path("baby_older.png")]
    assert match_files(["baby"], files)["baby"] == [files[0]]
    assert match_files(["baby"], files[1:])["baby"] == files[1:]


def test_a_scale_without_separator_is_exact_too() -> None:
    files = [Path("babyx4.png"), Path("baby_bad.png")]
    assert match_files(["baby"], files)["baby"] == files[:1]


def test_regular_expression_characters_are_plain_text() -> None:
    assert match_files(["a.*", "b"], [Path("axx.png"), Path("a.*_x4.png")])["a.*"] == [Path("a.*_x4.png")]


def test_image_files_by_name_without_hidden_files_and_folders(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpeg", "c.bmp"):
        save(tmp_path / name, picture(4, 4))
    (tmp_path / ".hidden.png").write_bytes(b"")
    (tmp_path / "._a.png").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "folder.png").mkdir()
    assert [path.name for path in image_files(tmp_path)] == ["a.jpeg", "b.PNG", "c.bmp"]


def test_existing_folder(tmp_path: Path) -> None:
    assert existing_folder(tmp_path) == tmp_path
    with pytest.raises(UserError, match="no such folder"):
        existing_folder(tmp_path / "no")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is a file; a folder of images is needed"):
        existing_folder(tmp_path / "file")

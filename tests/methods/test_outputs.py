"""Somebody's result folder as a method."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from srbench.core.records import Pair, Sample, Unscorable, UsageError, UserError
from srbench.methods.catalogue import resolve
from srbench.methods.contract import Runtime
from tests.helpers import picture, save


def pair(image: str, *, aliases: tuple[str, ...] = (), siblings: tuple[str, ...] = ()) -> Pair:
    return Pair(
        dataset="set5", image=image, scale=4, reference=Path("r.png"), low_resolution=None, aliases=aliases,
        siblings=frozenset({image, *siblings}),
    )  # fmt: skip


def read(folder: Path, wanted: Pair) -> np.ndarray:
    empty = np.zeros((4, 4, 3), np.uint8)
    upscale = resolve(f"outputs:{folder}").open(Runtime())
    return upscale(Sample(pair=wanted, reference=empty, low_resolution=empty))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(tmp_path / "RCAN" / "baby_RCAN_x4.png", picture(8, 8, 1))
    save(tmp_path / "RCAN" / "bird_RCAN_x4.png", picture(8, 8, 2))
    return tmp_path / "RCAN"


def test_files_are_found_by_stem_and_alias(folder: Path) -> None:
    assert np.array_equal(read(folder, pair("baby")), picture(8, 8, 1))
    assert np.array_equal(read(folder, pair("img_002", aliases=("bird",))), picture(8, 8, 2))


def test_a_missing_file_is_a_reason(folder: Path) -> None:
    with pytest.raises(Unscorable, match=r"no file for the image head in .*RCAN"):
        read(folder, pair("head"))


def test_several_files_are_a_reason(folder: Path) -> None:
    save(folder / "baby_other.png", picture(8, 8))
    with pytest.raises(
        Unscorable, match=r"2 files in .* fit the image baby: baby_RCAN_x4\.png, baby_other\.png"
    ):
        read(folder, pair("baby"))
    save(folder / "baby.png", picture(8, 8, 3))
    assert np.array_equal(read(folder, pair("baby")), picture(8, 8, 3))


def test_the_file_of_a_longer_identifier_is_not_taken(tmp_path: Path) -> None:
    save(tmp_path / "o" / "a_b.png", picture(8, 8))
    with pytest.raises(Unscorable, match="no file for the image a"):
        read(tmp_path / "o", pair("a", siblings=("a_b",)))
    assert read(tmp_path / "o", pair("a", siblings=("b",))).shape == (8, 8, 3)


def test_a_file_that_came_later_is_seen(folder: Path) -> None:
    with pytest.raises(Unscorable):
        read(folder, pair("head"))
    save(folder / "head.png", picture(8, 8, 5))
    assert np.array_equal(read(folder, pair("head")), picture(8, 8, 5))


def test_the_fingerprint_is_that_of_the_file(folder: Path) -> None:
    fingerprint = resolve(f"outputs:{folder}").fingerprint
    assert fingerprint is not None
    before = fingerprint(pair("baby")), fingerprint(pair("bird"))
    assert before[0] != before[1]
    save(folder / "baby_RCAN_x4.png", picture(8, 8, 9))
    assert fingerprint(pair("baby")) != before[0]
    assert fingerprint(pair("bird")) == before[1]


@pytest.mark.parametrize("name", ["mine", "with space", "a, b", 'say "x"', "<b>", "a|b", "naïve 中", "x@0.8"])
def test_names(folder: Path, name: str) -> None:
    assert resolve(f"outputs:{folder}").name == "RCAN"
    assert resolve(f"outputs:{folder}:{name}").name == name


def test_folders_with_a_colon_and_a_trailing_slash(tmp_path: Path) -> None:
    save(tmp_path / "a:b" / "baby.png", picture(8, 8))
    assert resolve(f"outputs:{tmp_path / 'a:b'}").name == "a:b"
    assert resolve(f"outputs:{tmp_path / 'a:b'}/").name == "a:b"
    assert resolve(f"outputs:{tmp_path / 'a:b'}:mine").name == "mine"


@pytest.mark.parametrize("name", ["a/b", "../up", "..", "."])
def test_names_that_are_paths_are_wrong_usage(folder: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"write outputs:DIR:NAME"):
        resolve(f"outputs:{folder}:{name}")


def test_folders_that_are_not_there_or_empty(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no: no such folder"):
        resolve(f"outputs:{tmp_path / 'no'}")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="empty holds no image files"):
        resolve(f"outputs:{tmp_path / 'empty'}")
    (tmp_path / "file.png").write_bytes(b"")
    with pytest.raises(UserError, match="is a file"):
        resolve(f"outputs:{tmp_path / 'file.png'}")


def test_a_folder_for_each_data_set(tmp_path: Path) -> None:
    expected = {}
    for place, dataset, scale in (
        ("Set5", "set5", 4),
        ("BSD100/X2", "bsd100", 2),
        ("BSD100/x4", "bsd100", 4),
    ):
        expected[dataset, scale] = picture(8, 8, len(expected))
        save(tmp_path / "root" / place / "baby.png", expected[dataset, scale])
    for (dataset, scale), pixels in expected.items():
        wanted = replace(pair("baby"), dataset=dataset, scale=scale)
        assert np.array_equal(read(tmp_path / "root", wanted), pixels)
    with pytest.raises(Unscorable, match=r"no folder for set14 x4 \(it has BSD100, Set5\)"):
        read(tmp_path / "root", replace(pair("baby"), dataset="set14"))


def test_without_a_folder_it_is_wrong_usage() -> None:
    with pytest.raises(UsageError):
        resolve("outputs:")

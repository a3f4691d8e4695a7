"""What a killed process leaves, and what tables keep of names."""

from __future__ import annotations

import csv
import os
import signal
import sys
from pathlib import Path

import pytest

from srbench.core.files import (
    atomic_file,
    cell_text,
    csv_text,
    file_hash,
    ready_file,
    ready_folder,
    remembered_hash,
    sweep,
    write_csv,
)
from srbench.core.records import UserError
from tests.helpers import python


def test_abandoned_parts_are_swept_and_those_in_the_making_stay(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    old = tmp_path / "images" / ".abc.part"
    old.write_bytes(b"half")
    os.utime(old, (0, 0))
    kept = tmp_path / "whole.part"
    kept.write_bytes(b"the user's own")
    os.utime(kept, (0, 0))
    with atomic_file(tmp_path / "images" / "a.png") as temporary:
        temporary.write_bytes(b"whole")
        sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*.p*")) == ["a.png", "whole.part"]


def test_a_place_that_cannot_be_written_to_is_said_at_once(tmp_path: Path) -> None:
    """/proc takes no files, whoever asks."""
    (tmp_path / "taken").write_bytes(b"mine")
    with pytest.raises(UserError, match="taken is a file, not a folder; choose another --out"):
        ready_folder(tmp_path / "taken")
    for folder in (Path("/proc"), Path("/proc/run")):
        with pytest.raises(UserError, match=rf"{folder} cannot be written to \(.*\); choose another --site"):
            ready_folder(folder, "--site")
    with pytest.raises(UserError, match=r"/proc cannot be written to .* choose another --csv"):
        ready_file(Path("/proc/scores.csv"), "--csv")
    assert ready_folder(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_file_that_cannot_be_written_is_called_by_its_own_name() -> None:
    """Not by that of the part that would have become it."""
    with pytest.raises(OSError, match=r"scores\.csv") as caught:
        write_csv(Path("/proc/scores.csv"), ["a"], [])
    assert caught.value.filename == "/proc/scores.csv"


def test_other_files_are_swept_by_their_pattern(tmp_path: Path) -> None:
    for name in ("tmpabcdefgh", "model.pth"):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (0, 0))
    sweep(tmp_path, "tmp????????")
    assert [path.name for path in tmp_path.iterdir()] == ["model.pth"]


@pytest.mark.skipif(sys.platform == "win32", reason="processes are told by their ids")
def test_a_part_goes_as_soon_as_its_process_is_no_more(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, pathlib\n"
        "from srbench.core.files import atomic_file\n"
        "with atomic_file(pathlib.Path(sys.argv[1]) / 'a.png'): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    child = python(code, tmp_path)
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 1
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


FORMULAS = ["=1+1", "+cmd", "-cmd|x", "@SUM(A1)", "\tx", "'=quoted", "''=twice"]
HARMLESS = ["bicubic", "-0.5", "+1e-3", "-inf", "-", "'quoted'", "a=b", ""]


def test_text_that_spreadsheets_would_run_is_text_and_comes_back(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "t.csv", ["a"], ({"a": text} for text in [*FORMULAS, *HARMLESS]))
    with path.open(newline="", encoding="utf-8") as stream:
        cells = [row["a"] for row in csv.DictReader(stream)]
    assert all(cell[0] == "'" for cell in cells[: len(FORMULAS)])
    assert cells[len(FORMULAS) :] == HARMLESS
    assert [cell_text(cell) for cell in cells] == [*FORMULAS, *HARMLESS]


def test_numbers_are_never_quoted() -> None:
    assert csv_text(["a"], [{"a": -0.5}, {"a": -3}]) == "a\n-0.5\n-3\n"


@pytest.mark.parametrize("replaced", [True, False])
def test_files_of_one_size_and_time_are_told_apart(tmp_path: Path, replaced: bool) -> None:
    """Archives that can be made again give all their files the same time."""
    path, other = tmp_path / "a", tmp_path / "b"
    for place, text in ((path, "one"), (other, "two")):
        place.write_text(text)
        os.utime(place, (1e9, 1e9))
    assert remembered_hash(path) == file_hash(path)
    if replaced:
        other.replace(path)
    else:
        path.write_text("two")
        os.utime(path, (1e9, 1e9))
    assert path.read_text() == "two"
    assert remembered_hash(path) == file_hash(path)

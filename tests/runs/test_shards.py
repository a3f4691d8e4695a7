"""Parts of a run: together they are the run, byte for byte; parts that do not fit together are refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from srbench.core.records import UsageError
from srbench.runs.shards import Shard, parse_shard
from tests.helpers import command, references, rows, values
from tests.working import run

TABLES = ["scores.csv", "leaderboard.csv", "leaderboard.md", "significance.csv"]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return references(tmp_path / "mine", count=5)


def merge(out: Path, *parts: Path) -> str:
    ended = command("merge", *parts, "--out", out)
    assert ended.code == 0, ended.err
    return ended.out


def test_every_image_is_in_one_part() -> None:
    items = list(range(10))
    parts = [Shard(number, 3).part(items) for number in (1, 2, 3)]
    assert sorted(item for part in parts for item in part) == items
    assert [len(part) for part in parts] == [4, 3, 3]


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "a/b", "-1/2", "1/2/3"])
def test_what_is_no_shard_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="write the number of this part"):
        parse_shard(text)


def test_merged_parts_are_one_run_byte_for_byte(images: Path, tmp_path: Path) -> None:
    run(images, tmp_path / "whole")
    parts = [tmp_path / f"part{number}" for number in (1, 2, 3)]
    for number, part in enumerate(parts, start=1):
        run(images, part, "--shard", f"{number}/3")
    merge(tmp_path / "merged", *reversed(parts))
    for name in TABLES:
        assert (tmp_path / "merged" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    for path in (tmp_path / "whole" / "images").rglob("*.png"):
        twin = tmp_path / "merged" / path.relative_to(tmp_path / "whole")
        assert twin.read_bytes() == path.read_bytes()
    for part in parts:
        shutil.rmtree(part)
    assert "nothing to compute" in run(images, tmp_path / "merged")


def test_a_part_says_that_it_is_one(images: Path, tmp_path: Path) -> None:
    said = run(images, tmp_path / "part", "--shard", "2/5")
    assert "only shard 2 of 5: these are not the data set's values" in said
    assert {row["image"] for row in rows(tmp_path / "part" / "scores.csv")} == {"b"}
    assert "only shard 2 of 5" in (tmp_path / "part" / "leaderboard.md").read_text()


def test_a_folder_of_parts_is_completed(images: Path, tmp_path: Path) -> None:
    run(images, tmp_path / "whole")
    assert "only shard 1 of 2" in run(images, tmp_path / "out", "--shard", "1/2")
    assert "only shard" not in run(images, tmp_path / "out", "--shard", "2/2")
    for name in TABLES:
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_parts_of_other_numbers_do_not_mix(images: Path, tmp_path: Path) -> None:
    run(images, tmp_path / "out", "--shard", "1/2")
    ended = command(
        "run", "--methods", "bicubic", "--datasets", f"folder:{images}", "--out", tmp_path / "out",
        "--shard", "1/3", "--device", "cpu",
    )  # fmt: skip
    assert ended.code == 1
    assert "holds parts of mine x4 in 2, not 3" in ended.message


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (["--shard", "1/2"], "shard 2 of 2 is not among the runs"),
        (["--shard", "2/3"], "parts of 2 and of 3 do not fit together"),
        (["--shard", "2/2", "--metrics", "psnr_y"], "has no ssim_y of bicubic on mine x4"),
        (
            ["--shard", "2/2", "--methods", "nearest"],
            "run all parts with the same methods",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(
    images: Path, tmp_path: Path, changed: list[str], said: str
) -> None:
    run(images, tmp_path / "one", "--shard", "1/2", "--metrics", "psnr_y,ssim_y")
    run(images, tmp_path / "other", "--metrics", "psnr_y,ssim_y", *changed)
    ended = command("merge", tmp_path / "one", tmp_path / "other", "--out", tmp_path / "merged")
    assert ended.code == 1
    assert said in ended.message
    assert not (tmp_path / "merged").exists()


def test_parts_of_other_files_are_refused(images: Path, tmp_path: Path) -> None:
    run(images, tmp_path / "one", "--shard", "1/2")
    references(tmp_path / "new" / "mine", count=5, size=(32, 44))
    run(tmp_path / "new" / "mine", tmp_path / "other", "--shard", "2/2")
    ended = command("merge", tmp_path / "one", tmp_path / "other", "--out", tmp_path / "merged")
    assert ended.code == 1
    assert "differ: other files of mine x4" in ended.message


def test_a_merge_into_a_run_is_refused(images: Path, tmp_path: Path) -> None:
    run(images, tmp_path / "one")
    before = values(tmp_path / "one" / "scores.csv")
    ended = command("merge", tmp_path / "one", "--out", tmp_path / "one")
    assert "holds a run already" in ended.message
    assert values(tmp_path / "one" / "scores.csv") == before

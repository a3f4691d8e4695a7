"""Runs that are cut off, run twice at once, fail half way or meet a full disk lose nothing."""

from __future__ import annotations

import dataclasses
import errno
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import srbench.core.files
import srbench.images.codec
import srbench.runs.run
import srbench.runs.work
from srbench.core.records import Unscorable
from srbench.metrics.catalogue import METRICS
from srbench.runs.data import RunData
from srbench.runs.folder import write_files
from srbench.runs.store import Store
from srbench.tables.boards import Board
from tests.helpers import Result, command, python, references, rows, save, values
from tests.working import Work, method, run

# A process whose bicubic waits before the third image until a file appears, and tells that it waits.
STOPPING = """
import sys, time, pathlib
import srbench.methods.interpolation as interpolation
import srbench.images.resize as resize
original, seen = resize.imresize, []
flag = pathlib.Path(sys.argv.pop())
def waiting(image, scale, **options):
    if scale == 4:
        seen.append(1)
        if len(seen) == 3:
            flag.write_text("")
            while True: time.sleep(0.02)
    return original(image, scale, **options)
resize.imresize = waiting
from srbench.cli import main
main()
"""


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return references(tmp_path / "mine", count=5)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def arguments(images: Path, out: Path, *more: str) -> list[str]:
    return [
        "run", "--methods", "bicubic", "--datasets", f"folder:{images}", "--out", str(out),
        "--workers", "1", "--device", "cpu", *more,
    ]  # fmt: skip


def cut_off(images: Path, out: Path, how: signal.Signals) -> Result:
    flag = out.parent / "waiting"
    child = python(STOPPING, *arguments(images, out), flag)
    try:
        for _ in range(3000):
            if flag.exists() or child.poll() is not None:
                break
            time.sleep(0.02)
        child.send_signal(how)
        out_text, err = child.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        child.kill()
        raise
    return Result(child.returncode, out_text, err)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill", "Ctrl-C"])
def test_a_run_that_was_cut_off_goes_on_with_the_rest(
    images: Path, out: Path, work: Work, tmp_path: Path, how: signal.Signals
) -> None:
    ended = cut_off(images, out, how)
    if how == signal.SIGINT:
        assert ended.code == 130
        assert "interrupted; what was done is kept" in ended.message
        assert {row["image"] for row in rows(out / "scores.csv")} >= {"a"}
    else:
        assert ended.code == -signal.SIGKILL
    with Store(out) as store:
        done = {score.image for score in store.results()}
    assert {"a"} <= done <= {"a", "b"}  # the last finished image may still have been on its way to the disk
    run(images, out, methods="bicubic")
    assert [image for _, image in work.since_last()[0]] == [i for i in "abcde" if i not in done]
    run(images, tmp_path / "whole", methods="bicubic")
    assert values(out / "scores.csv") == values(tmp_path / "whole" / "scores.csv")


def test_an_interruption_of_the_writing_leaves_whole_tables(
    images: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal may come when all images are done."""
    written = []

    def interrupted(run: RunData, folder: Path) -> list[Board]:
        written.append(folder)
        if len(written) == 1:
            raise KeyboardInterrupt
        return write_files(run, folder)

    monkeypatch.setattr(srbench.runs.run, "write_files", interrupted)
    assert command(*arguments(images, out)).code == 130
    assert written == [out, out]
    assert {row["image"] for row in rows(out / "scores.csv")} == set("abcde")
    assert (out / "run.json").is_file()


def test_an_interruption_inside_this_process_keeps_what_was_done(images: Path, out: Path, work: Work) -> None:
    def upscale(sample):  # type: ignore[no-untyped-def]
        if sample.pair.image == "d" and not work.measured.count("stop"):
            work.measured.append("stop")
            raise KeyboardInterrupt
        return sample.reference

    work.add(method("slow", upscale))
    first = command(*arguments(images, out, "--methods", "slow"))
    assert first.code == 130
    assert {row["image"] for row in rows(out / "scores.csv")} >= {"a", "b"}
    assert command(*arguments(images, out, "--methods", "slow")).code == 0
    assert {row["image"] for row in rows(out / "scores.csv")} == set("abcde")


def test_two_runs_at_the_same_time_lose_nothing(images: Path, out: Path) -> None:
    code = "from srbench.cli import main; main()"
    children = [
        python(code, *arguments(images, out, "--methods", methods, "--metrics", metrics))
        for methods, metrics in (("bicubic,nearest", "psnr_y,ssim_y"), ("nearest,lanczos", "psnr_y,rmse_y"))
    ]
    for child in children:
        _, err = child.communicate(timeout=100)
        assert (child.returncode, err) == (0, "")
    metrics = {"bicubic": "ps", "nearest": "psr", "lanczos": "pr"}
    found = values(out / "scores.csv")
    assert {key: bool(value) for key, value in found.items()} == {
        (name, image, f"{letter}"): True
        for name, letters in metrics.items()
        for image in "abcde"
        for letter in [{"p": "psnr_y", "s": "ssim_y", "r": "rmse_y"}[letter] for letter in letters]
    }


def failing(code: int) -> OSError:
    return OSError(code, os.strerror(code))


def test_a_full_disk_is_one_line_and_keeps_what_was_scored(
    images: Path, out: Path, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = srbench.runs.work.write_in_bits

    def write(path: Path, image: np.ndarray) -> str:
        if path.stem >= "c":
            raise failing(errno.ENOSPC)
        return original(path, image)

    monkeypatch.setattr(srbench.runs.work, "write_in_bits", write)
    ended = command(*arguments(images, out))
    assert ended.code == 1
    assert "cannot be written (the disk is full); what was scored before is kept" in ended.message
    assert {row["image"] for row in rows(out / "scores.csv") if row["value"]} >= {"a"}
    monkeypatch.setattr(srbench.runs.work, "write_in_bits", original)
    work.since_last()
    assert command(*arguments(images, out)).code == 0
    assert ("bicubic", "a") not in work.since_last()[0]
    assert all(row["value"] for row in rows(out / "scores.csv"))


def test_a_disk_that_is_full_for_the_tables_too_is_one_line(
    images: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(images, out, methods="bicubic")
    before = (out / "scores.csv").read_bytes()

    class Full(srbench.core.files.atomic_file):
        def __init__(self, _: Path) -> None:
            raise failing(errno.ENOSPC)

    monkeypatch.setattr(srbench.core.files, "atomic_file", Full)
    monkeypatch.setattr(srbench.images.codec, "atomic_file", Full)
    ended = command(*arguments(images, out, "--methods", "bicubic,nearest"))
    assert ended.code == 1
    assert "No space left on device" in ended.message or "disk is full" in ended.message
    assert (out / "scores.csv").read_bytes() == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_really_full_disk(small_disk: Path, tmp_path: Path) -> None:
    images = references(tmp_path / "mine", count=6, size=(256, 256))
    out = small_disk / "out"
    options = arguments(images, out, "--methods", "bicubic,nearest,lanczos", "--metrics", "psnr_y")
    ended = command(*options)
    assert ended.code == 1
    assert "full" in ended.message or "No space left" in ended.message
    for path in (out / "images").rglob("*.png"):
        assert srbench.images.codec.read_image(path).shape == (256, 256, 3)
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    ended = command(*options)
    assert ended.code == 0, ended.err
    assert len([row for row in rows(out / "scores.csv") if row["value"]]) == 18


def test_earlier_scores_survive_a_rerun_that_fails(images: Path, out: Path, work: Work) -> None:
    state = {"broken": False}

    def upscale(sample):  # type: ignore[no-untyped-def]
        if state["broken"]:
            raise RuntimeError("out of memory")
        return 255 - sample.reference

    work.add(method("fragile", upscale))
    run(images, out, methods="fragile")
    before = values(out / "scores.csv")
    (out / "images" / "fragile" / "mine" / "x4" / "b.png").unlink()
    state["broken"] = True
    run(images, out, "--metrics", "psnr_y", methods="fragile")
    assert values(out / "scores.csv") == before


def test_a_failing_metric_does_not_take_the_others_along(images: Path, out: Path, work: Work) -> None:
    run(images, out, "--metrics", "psnr_y", methods="bicubic")
    before = values(out / "scores.csv")

    def compute(output, reference):  # type: ignore[no-untyped-def]
        raise Unscorable("no luck")

    work.add_metric(dataclasses.replace(METRICS.get("ssim_y"), compute=compute))
    run(images, out, "--metrics", "psnr_y,ssim_y", methods="bicubic")
    found = rows(out / "scores.csv")
    assert {key: value for key, value in values(out / "scores.csv").items() if value} == before
    assert {row["status"] for row in found if row["metric"] == "ssim_y"} == {"no luck"}


def test_a_result_file_that_vanished_is_a_reason_and_its_return_costs_nothing(
    images: Path, out: Path, tmp_path: Path, work: Work
) -> None:
    results = tmp_path / "results"
    for path in images.iterdir():
        save(results / path.name, 255 - srbench.images.codec.read_image(path))
    method_name = f"outputs:{results}"
    run(images, out, methods=method_name)
    before = values(out / "scores.csv")
    (results / "b.png").rename(tmp_path / "kept.png")
    run(images, out, methods=method_name)
    missing = [row for row in rows(out / "scores.csv") if not row["value"]]
    assert {(row["image"], row["metric"]) for row in missing} == {("b", "psnr_y"), ("b", "ssim_y")}
    assert all("no file for the image b" in row["status"] for row in missing)
    (tmp_path / "kept.png").rename(results / "b.png")
    work.since_last()
    run(images, out, methods=method_name)
    assert values(out / "scores.csv") == before
    assert work.since_last()[1] == []

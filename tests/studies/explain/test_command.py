"""The command `srbench explain`: claims, files, what it refuses."""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from srbench.core.records import UsageError
from srbench.metrics.luma.filters import gaussian_taps
from srbench.metrics.luma.structural_similarity import ssim_wang
from srbench.studies.explain.claim import read_claim
from srbench.studies.explain.windows import similarity_map
from tests.helpers import command, picture, save


@pytest.mark.parametrize(
    ("text", "psnr", "ssim", "agrees"),
    [
        ("28.42/0.8101", 28.4151, 0.81014, True),
        ("28.42/0.8101", 28.4149, 0.81014, False),
        ("28.42/0.8101", 28.4151, 0.81016, False),
        ("28.42/.8101", 28.42, 0.8101, True),
        ("28.42", 28.4249, None, True),
        ("28.4", 28.449, 0.5, True),
        ("/0.81", 10.0, 0.8149, True),
        ("26.10", 26.1, None, True),
        ("26.10", 26.107, None, False),
    ],
)
def test_a_claim_is_what_its_digits_say(text: str, psnr: float, ssim: float | None, agrees: bool) -> None:
    assert read_claim(text).agrees(psnr, ssim) is agrees


@pytest.mark.parametrize("text", ["abc", "28.42/", "28.42/81.01", "/", "0.81", "28,42/0.81"])
def test_a_claim_that_cannot_be_meant_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match=f"--claimed {text}"):
        read_claim(text)


def test_the_map_of_similarities_has_the_mean_of_wangs() -> None:
    x, y = picture(40, 33, channels=1), picture(40, 33, seed=1, channels=1)
    found = similarity_map(x, y, gaussian_taps(11, 1.5), sample=0, peak=255)
    assert found.shape == (30, 23)
    assert found.mean() == pytest.approx(ssim_wang(x, y), abs=1e-12)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    reference = picture(48, 56)
    noise = np.random.default_rng(3).integers(-15, 16, reference.shape)
    output = np.clip(reference + noise, 0, 255).astype(np.uint8)
    return save(tmp_path / "sr.png", output), save(tmp_path / "hr.png", reference)


def test_the_files_hold_every_convention_and_a_protocol(pair: tuple[Path, Path], tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("e.json", "e.csv", "found.toml")}
    first = command("explain", pair[0], "--reference", pair[1], "--json", files["e.json"])
    assert first.code == 0, first.err
    assert "EDSR, RCAN, ESRGAN, BasicSR" in first.out
    rows = json.loads(files["e.json"].read_text())
    wanted = {"luma": "bt601", "rounded": False, "border": 4, "ssim_kind": "wang", "average": "images"}
    (row,) = (row for row in rows if row.items() >= wanted.items())
    assert not any(row["matches"] for row in rows)
    claimed = f"{row['psnr']:.4f}/{row['ssim']:.5f}"
    second = command(
        "explain", pair[0], "--reference", pair[1], "--claimed", claimed, "--csv", files["e.csv"],
        "--write-protocol", files["found.toml"],
    )  # fmt: skip
    assert second.code == 0, second.err
    with files["e.csv"].open(newline="") as stream:
        best = next(csv.DictReader(stream))
    assert (best["luma"], best["rounded"], best["border"], best["matches"]) == ("bt601", "false", "4", "true")
    protocol = tomllib.loads(files["found.toml"].read_text())
    assert (protocol["luma"], protocol["border"], protocol["metrics"]) == ("bt601", 4, ["psnr_y", "ssim_y"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give images with --reference, or --method with --dataset"),
        (("{sr}",), "give --reference"),
        (("{sr}", "--reference", "{hr}", "--method", "bicubic"), "give images with --reference, or --method"),
        (("{sr}", "--reference", "{hr}", "--claimed", "x"), "x is no number"),
        (("{sr}", "--reference", "{hr}", "--json", "no/such/e.json"), "does not exist"),
    ],
)
def test_wrong_usage_is_one_line(pair: tuple[Path, Path], arguments: tuple[str, ...], said: str) -> None:
    ended = command("explain", *(text.format(sr=pair[0], hr=pair[1]) for text in arguments))
    assert ended.code == 2
    assert said in ended.message


def test_sizes_that_do_not_fit_are_one_line(pair: tuple[Path, Path], tmp_path: Path) -> None:
    other = save(tmp_path / "other.png", picture(30, 30))
    ended = command("explain", pair[0], "--reference", other)
    assert ended.code == 1
    assert "sr.png is 56x48, its reference cut to a multiple of 4 28x28" in ended.message

"""Simulated raters with known qualities and biases: what they were made with is found again."""

from __future__ import annotations

import csv
import itertools
import time
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import command, process, rows

pytest.importorskip("krippendorff", reason="no analysis: pip install 'srbench[study]'")
QUALITY = {"nearest": 1.6, "srcnn": 2.4, "bicubic": 2.0, "enet-pat": 3.6, "srgan": 3.2, "hr": 4.2}


def _table(path: Path, columns: tuple[str, ...], lines: list[tuple[object, ...]]) -> Path:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(lines)
    return path


def _ratings(path: Path, raters: int, sets: dict[str, int], quality: dict[str, float]) -> Path:
    """Raters are severe or mild, use the scale widely or not; images are easy or hard."""
    rng = np.random.default_rng(11)
    severity, use = rng.normal(0, 0.4, raters), rng.uniform(0.8, 1.2, raters)
    lines: list[tuple[object, ...]] = []
    for dataset, count in sets.items():
        hard = rng.normal(0, 0.3, count)
        for rater, image, method in itertools.product(range(raters), range(count), quality):
            felt = 3 + use[rater] * (quality[method] - 3) + severity[rater] + hard[image] + rng.normal(0, 0.6)
            lines.append((rater, dataset, 4, f"i{image}", method, int(np.clip(round(felt), 1, 5)), "test"))
    return _table(path, ("rater", "dataset", "scale", "image", "method", "rating", "kind"), lines)


def test_opinion_scores_recover_the_order_of_qualities(tmp_path: Path):
    table = _ratings(tmp_path / "r.csv", 26, {"set14": 14}, QUALITY)
    assert command("study", "import", table, "--out", tmp_path / "s").code == 0
    assert command("study", "analyze", tmp_path / "s").code == 0
    found = {row["method"]: row for row in rows(tmp_path / "s" / "results" / "mos.csv")}
    assert sorted(found, key=lambda name: float(found[name]["mos"])) == sorted(
        QUALITY, key=QUALITY.__getitem__
    )
    tests = [row for row in rows(tmp_path / "s" / "results" / "tests.csv") if row["unit"] == "rating"]
    assert all(row["significant"] == "true" for row in tests), "gaps of 0.4 and more over 364 ratings each"
    assert float(found["enet-pat"]["low"]) < QUALITY["enet-pat"] < float(found["enet-pat"]["high"])


def test_choices_recover_the_order_of_qualities(tmp_path: Path):
    rng = np.random.default_rng(12)
    lines = []
    for rater, image in itertools.product(range(20), range(10)):
        for left, right in itertools.combinations(QUALITY, 2):
            chance = 1 / (1 + np.exp(QUALITY[right] - QUALITY[left] + rng.normal(0, 0.3)))
            lines.append((rater, image, left, right, left if rng.random() < chance else right))
    table = _table(tmp_path / "v.csv", ("rater", "image", "left", "right", "preferred"), lines)
    assert command("study", "import", table, "--out", tmp_path / "s").code == 0
    assert command("study", "analyze", tmp_path / "s").code == 0
    found = {row["method"]: row for row in rows(tmp_path / "s" / "results" / "scores.csv")}
    centre = np.mean(list(QUALITY.values()))
    for method, quality in QUALITY.items():
        assert float(found[method]["low"]) < quality - centre < float(found[method]["high"])
    assert sorted(found, key=lambda name: float(found[name]["score"])) == sorted(
        QUALITY, key=QUALITY.__getitem__
    )


@pytest.mark.slow
def test_a_study_of_the_size_of_srgans(tmp_path: Path):
    """26 raters, twelve methods on Set5, Set14 and 81 images of BSD100: 1,200 ratings each."""
    quality = {f"m{index:02d}": 1.5 + 0.25 * index for index in range(12)}
    table = _ratings(tmp_path / "r.csv", 26, {"set5": 5, "set14": 14, "bsd100": 81}, quality)
    assert command("study", "import", table, "--out", tmp_path / "s").code == 0
    start = time.perf_counter()
    result = process("study", "analyze", tmp_path / "s")
    print(f"analysed in {time.perf_counter() - start:.2f} s, the start of the program included")
    assert result.code == 0, result.err
    for dataset in ("set5", "set14", "bsd100"):
        found = {
            row["method"]: float(row["mos"])
            for row in rows(tmp_path / "s" / "results" / "mos.csv")
            if row["dataset"] == dataset
        }
        order = sorted(found, key=found.__getitem__)
        assert order == sorted(quality), dataset

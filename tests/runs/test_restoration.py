"""Scale 1: denoising and deblurring, where output, input and reference have one size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio

from tests.helpers import command, picture, rows, save, values


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """References, noisy inputs and somebody's results of them."""
    random = np.random.default_rng(1)
    for name in "ab":
        clean = picture(36, 44, seed=ord(name))
        save(tmp_path / "data" / "clean" / f"{name}.png", clean)
        for folder, sigma in (("data/noisy", 20), ("results", 6)):
            noise = random.normal(0, sigma, clean.shape)
            image = np.clip(np.rint(clean + noise), 0, 255).astype(np.uint8)
            save(tmp_path / folder / f"{name}.png", image)
    return tmp_path


def _psnr(data: Path, folder: str, image: str) -> float:
    pair = (np.asarray(Image.open(data / part / f"{image}.png")) for part in ("data/clean", folder))
    return float(peak_signal_noise_ratio(*pair, data_range=255))


def test_a_run_compares_results_and_the_input_itself_with_the_references(data: Path):
    result = command(
        "run", "--scale", "1", "--methods", f"nearest,bicubic,outputs:{data / 'results'}",
        "--protocol", "restoration", "--datasets", f"folder:{data / 'data'}", "--out", data / "run",
    )  # fmt: skip
    assert result.code == 0, result.err
    found = values(data / "run" / "scores.csv")
    for image in "ab":
        for method, folder in (("nearest", "data/noisy"), ("bicubic", "data/noisy"), ("results", "results")):
            measured = float(found[method, image, "psnr_rgb"])
            assert measured == pytest.approx(_psnr(data, folder, image), rel=1e-12)
    assert "inputs: given (noisy)" in (data / "run" / "leaderboard.md").read_text(encoding="utf-8")


def test_without_inputs_methods_have_a_reason_and_results_have_scores(data: Path):
    result = command(
        "run", "--scale", "1", "--methods", f"hr,bicubic,outputs:{data / 'results'}", "--datasets",
        f"folder:{data / 'data' / 'clean'}", "--out", data / "run", "--device", "cpu",
    )  # fmt: skip
    assert result.code == 1
    assert "failed on every image: bicubic" in result.message
    by_method = {(row["method"], row["metric"]): row for row in rows(data / "run" / "scores.csv")}
    assert by_method["bicubic", "psnr_y"]["value"] == ""
    assert "none is made from the reference" in by_method["bicubic", "psnr_y"]["status"]
    assert by_method["hr", "psnr_y"]["value"] == "inf"
    assert float(by_method["results", "psnr_y"]["value"]) > 20


def test_score_takes_images_of_one_size(data: Path):
    result = command(
        "score", data / "results", "--reference", data / "data" / "clean", "--scale", "1", "--protocol",
        "restoration", "--csv", data / "scores.csv",
    )  # fmt: skip
    assert result.code == 0, result.err
    found = {(row["image"], row["metric"]): float(row["value"]) for row in rows(data / "scores.csv")}
    assert found["a", "psnr_rgb"] == pytest.approx(_psnr(data, "results", "a"), rel=1e-12)

"""Protocols that know Y alone: how colour and gray files of one picture are measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio

from tests.helpers import command, picture, rows, save, values


def test_under_a_protocol_of_luma_colour_and_gray_files_of_one_picture_are_equal(tmp_path: Path):
    clean = picture(36, 44, 1)
    noisy = np.clip(clean + np.random.default_rng(1).normal(0, 5, clean.shape), 0, 255).astype(np.uint8)
    plane = np.floor(rgb2ycbcr(noisy)[..., 0] + 0.5).astype(np.uint8)
    save(tmp_path / "references" / "colour.png", clean)
    save(tmp_path / "references" / "gray.png", clean[..., 0])
    for folder, colour, gray in (
        ("alike", noisy, noisy[..., 0]),
        ("other", plane, np.repeat(noisy[..., :1], 3, axis=2)),
    ):
        save(tmp_path / folder / "colour.png", colour)
        save(tmp_path / folder / "gray.png", gray)
    reference = np.floor(rgb2ycbcr(clean)[2:-2, 2:-2, 0] + 0.5)
    wanted = {
        "colour": peak_signal_noise_ratio(reference, plane[2:-2, 2:-2].astype(float), data_range=255),
        "gray": peak_signal_noise_ratio(clean[2:-2, 2:-2, 0], noisy[2:-2, 2:-2, 0], data_range=255),
    }
    options = ("--protocol", "srcnn", "--scale", "2")
    data = ("--datasets", f"folder:{tmp_path / 'references'}", "--metrics", "psnr_y")
    outputs = f"outputs:{tmp_path / 'alike'},outputs:{tmp_path / 'other'}"
    assert command("run", *options, *data, "--methods", outputs, "--out", tmp_path / "run").code == 0
    in_run = values(tmp_path / "run" / "scores.csv")
    for folder in ("alike", "other"):
        table = tmp_path / f"{folder}.csv"
        given = (tmp_path / folder, "--reference", tmp_path / "references", "--metrics", "psnr_y")
        assert command("score", *given, *options, "--csv", table).code == 0
        scored = {row["image"]: float(row["value"]) for row in rows(table)}
        for image, value in wanted.items():
            assert scored[image] == pytest.approx(value, rel=1e-9)
            assert float(in_run[folder, image, "psnr_y"]) == pytest.approx(value, rel=1e-9)

"""Runs and Python in 16 bits: numbers against scikit-image, keys apart from those of 8 bits."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

import srbench
from srbench.images.resize import imresize
from tests.helpers import command, picture, rows, save, values, write_sixteen

pytest.importorskip("cv2")
DEEP = ("--bits", "16", "--protocol", "restoration", "--metrics", "psnr_rgb")


def _pictures(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """References of 16 bits (`deep`) and 8 bits (`flat`) with outputs of 16 bits; by image, as uint16."""
    made = {}
    for seed, name in enumerate(("deep", "flat")):
        whole = picture(32, 40, seed=seed).astype(np.uint16) * 257
        noise = np.random.default_rng(seed).integers(-40, 41, whole.shape)  # below a step of 8 bits
        fine = np.clip(whole + 3 * noise, 0, 65535).astype(np.uint16)
        reference = fine if name == "deep" else whole
        output = np.clip(reference.astype(int) + noise, 0, 65535).astype(np.uint16)
        for place, image in (("HR", reference), ("mine", output)):
            (folder / place).mkdir(parents=True, exist_ok=True)
            write_sixteen(folder / place / f"{name}.png", image)
        made[name] = reference, output
    save(folder / "HR" / "flat.png", picture(32, 40, seed=1))
    return made


def _run(folder: Path, methods: str, out: Path, *options: str) -> None:
    asked = ("--methods", methods, "--datasets", f"folder:{folder / 'HR'}", "--out", out)
    done = command("run", *asked, *(options or DEEP))
    assert done.code == 0, done.err


def test_outputs_of_16_bits_are_measured_in_16_bits(tmp_path: Path):
    made = _pictures(tmp_path)
    _run(tmp_path, f"hr,bicubic,outputs:{tmp_path / 'mine'}", tmp_path / "run")
    found = values(tmp_path / "run" / "scores.csv")
    assert {row["protocol"] for row in rows(tmp_path / "run" / "scores.csv")} == {"restoration-16bit"}
    for image, (reference, output) in made.items():
        wanted = peak_signal_noise_ratio(reference, output, data_range=65535)
        assert float(found["mine", image, "psnr_rgb"]) == pytest.approx(wanted, rel=1e-12)
        assert found["hr", image, "psnr_rgb"] == "inf"
        larger = imresize(imresize(reference, Fraction(1, 4)), 4)
        wanted = peak_signal_noise_ratio(reference, larger, data_range=65535)
        assert float(found["bicubic", image, "psnr_rgb"]) == pytest.approx(wanted, rel=1e-12)
    scored = ("score", tmp_path / "mine", "--reference", tmp_path / "HR", "--csv", tmp_path / "s.csv", *DEEP)
    assert command(*scored).code == 0
    for row in rows(tmp_path / "s.csv"):
        assert row["value"] == found["mine", row["image"], "psnr_rgb"]


def test_what_is_stored_is_not_computed_again_and_is_not_shared_with_8_bits(tmp_path: Path):
    _pictures(tmp_path)
    asked = ("run", "--methods", "hr", "--datasets", f"folder:{tmp_path / 'HR'}", "--out", tmp_path / "run")
    assert "2 images computed" in command(*asked, *DEEP).out
    assert "nothing to compute" in command(*asked, *DEEP).out
    refused = command(*asked, "--protocol", "restoration", "--metrics", "psnr_rgb")
    assert refused.code == 2
    assert "holds a run in 16 bits" in refused.message
    eight = command(*asked[:-1], tmp_path / "eight", "--protocol", "restoration", "--metrics", "psnr_rgb")
    assert eight.code == 0
    found = {row["image"]: row for row in rows(tmp_path / "eight" / "scores.csv")}
    assert "more than 8 bits" in found["deep"]["status"]
    assert found["flat"]["value"] == "inf"
    assert command(*asked[:-1], tmp_path / "eight", *DEEP).code == 2


def test_a_run_in_16_bits_is_repeated_certified_and_shown(tmp_path: Path):
    _pictures(tmp_path)
    _run(tmp_path, f"outputs:{tmp_path / 'mine'}", tmp_path / "run")
    again = command("run", tmp_path / "run" / "run.toml", "--out", tmp_path / "again")
    assert again.code == 0, again.err
    assert values(tmp_path / "again" / "scores.csv") == values(tmp_path / "run" / "scores.csv")
    assert command("certify", tmp_path / "run", "--out", tmp_path / "c.json").code == 0
    asked = ("--outputs", tmp_path / "run", "--data-root", tmp_path)
    verified = command("verify", tmp_path / "c.json", *asked)
    assert (verified.code, "2 of 2" in verified.out) == (0, True), verified.out
    changed = tmp_path / "run" / "images" / "mine" / "HR" / "x4" / "deep.png"
    pixels = np.full((32, 40, 3), 77, np.uint16)
    write_sixteen(changed, pixels)
    differs = command("verify", tmp_path / "c.json", *asked)
    assert differs.code == 1
    assert "other pixels" in differs.out
    shown = command("report", tmp_path / "run", "--out", tmp_path / "page", "--data-root", tmp_path)
    assert shown.code == 0, shown.err
    assert list((tmp_path / "page").rglob("flat.*"))


def test_what_makes_8_bits_is_refused_with_a_reason(tmp_path: Path):
    _pictures(tmp_path)
    asked = ("--datasets", f"folder:{tmp_path / 'HR'}", "--out", tmp_path / "run")
    done = command("run", "--methods", "hr,srcnn-srbench,bicubic+bp", *asked, *DEEP)
    reasons = {row["status"] for row in rows(tmp_path / "run" / "scores.csv") if row["method"] != "hr"}
    assert done.code == 0
    reason = "makes 8-bit images; give 16-bit results of it as outputs:DIR"
    assert reasons == {f"{name} {reason}" for name in ("srcnn-srbench", "bicubic+bp")}
    assert command("run", "--methods", "hr", *asked, "--bits", "12").code == 2


def test_never_quantised_inputs_become_16_bits(tmp_path: Path):
    reference = _pictures(tmp_path)["deep"][0]
    _run(tmp_path, "bicubic", tmp_path / "run", "--protocol", "lapsrn-16bit", "--metrics", "psnr_rgb")
    from srbench.images.resize import imresize_double

    larger = imresize_double(imresize_double(reference, Fraction(1, 4)), 4)
    inside = [
        image[4:-4, 4:-4]
        for image in (reference, np.clip(np.floor(larger + 0.5), 0, 65535).astype(np.uint16))
    ]
    wanted = peak_signal_noise_ratio(*inside, data_range=65535)
    found = values(tmp_path / "run" / "scores.csv")
    assert float(found["bicubic", "deep", "psnr_rgb"]) == pytest.approx(wanted, rel=1e-12)


def test_python_scores_files_arrays_and_floats_in_16_bits(tmp_path: Path):
    reference, output = _pictures(tmp_path)["deep"]
    wanted = peak_signal_noise_ratio(reference, output, data_range=65535)
    files = tmp_path / "mine" / "deep.png", tmp_path / "HR" / "deep.png"
    floats = [np.moveaxis(image / 65535, -1, 0) for image in (output, reference)]
    for pair in (files, (output, reference), floats):
        scores = srbench.score(*pair, protocol="restoration-16bit", metrics=["psnr_rgb"])
        assert scores["psnr_rgb"] == pytest.approx(wanted, rel=1e-12)
    exact = srbench.metrics.measure("psnr_rgb", *files, protocol="restoration-16bit")
    assert exact == pytest.approx(wanted, rel=1e-12)
    refused = srbench.score(*files, protocol="restoration", metrics=["psnr_rgb"])
    assert refused["psnr_rgb"] is None
    assert "protocol='srbench-16bit'" in refused.reasons["psnr_rgb"]
    bytes_ = picture(32, 40), picture(32, 40, seed=3)
    eight = srbench.metrics.psnr(*bytes_, protocol="lapsrn", scale=4)
    assert srbench.metrics.psnr(*bytes_, protocol="lapsrn-16bit", scale=4) == eight
    run = srbench.run(
        [f"outputs:{tmp_path / 'mine'}"], [f"folder:{tmp_path / 'HR'}"], out=tmp_path / "run",
        protocol="restoration-16bit", metrics=["psnr_rgb"],
    )  # fmt: skip
    value = run.scores.set_index("image").loc["deep", "value"]
    assert value == pytest.approx(wanted, rel=1e-12)

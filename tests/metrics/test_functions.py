"""The metrics as functions: the numbers that others published, one float, or a reason."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import srbench.metrics
from srbench.core.records import Unscorable, UsageError
from srbench.metrics import Accumulated, measure, psnr, rmse, ssim
from srbench.metrics.catalogue import METRICS
from srbench.metrics.contract import View
from srbench.protocols import PROTOCOLS
from tests.helpers import picture, python, save

OUTPUT, REFERENCE = picture(40, 52, 1), picture(40, 52, 2)


def test_rcans_own_outputs_have_the_values_that_its_authors_published(shared: Path) -> None:
    published = {
        row["image"]: row
        for row in csv.DictReader((shared / "reported" / "rcan_per_image.csv").open(encoding="utf-8"))
        if (row["method"], row["scale"]) == ("rcan", "4")
    }
    for reference in sorted((shared / "data" / "rcan_set5_hr" / "x4").iterdir()):
        name = reference.stem.split("_")[0]
        output = next((shared / "data" / "rcan_outputs_set5_x4" / "RCAN").glob(f"{name}*"))
        pixels = np.asarray(Image.open(output))
        value = psnr(pixels, Image.open(reference), protocol="basicsr", scale=4)
        assert value == pytest.approx(float(published[name]["psnr_y"]), abs=1e-6)
        similarity = ssim(
            pixels / 255 if pixels.ndim == 2 else pixels, reference, protocol="basicsr", scale=4
        )
        assert similarity == pytest.approx(float(published[name]["ssim_y"]), abs=1e-6)


def test_forms_of_an_image_give_the_same_float(tmp_path: Path) -> None:
    value = psnr(OUTPUT, REFERENCE)
    tensor = torch.from_numpy(OUTPUT.copy()).permute(2, 0, 1) / 255
    assert psnr(save(tmp_path / "o.png", OUTPUT), str(save(tmp_path / "r.png", REFERENCE))) == value
    assert psnr(tensor, Image.fromarray(REFERENCE)) == value
    assert psnr(tensor[None], REFERENCE) == value
    assert isinstance(value, float)


def test_a_batch_is_the_mean_over_its_images_and_of_rmse_the_root_of_the_mean_square() -> None:
    outputs, references = (
        np.stack([picture(30, 30, seed + each).transpose(2, 0, 1) / 255 for each in range(3)])
        for seed in (0, 9)
    )
    singly = [psnr(output, reference) for output, reference in zip(outputs, references, strict=True)]
    assert psnr(outputs, references) == pytest.approx(math.fsum(singly) / 3, abs=1e-12)
    errors = [rmse(output, reference) for output, reference in zip(outputs, references, strict=True)]
    assert rmse(outputs, references) == pytest.approx(
        math.sqrt(math.fsum(e * e for e in errors) / 3), abs=1e-12
    )


def test_the_scale_is_asked_for_where_the_border_depends_on_it() -> None:
    with pytest.raises(UsageError, match="psnr_y: the border of the protocol basicsr depends on the scale"):
        psnr(OUTPUT, REFERENCE, protocol="basicsr")
    assert psnr(OUTPUT, REFERENCE, protocol="basicsr", scale=2) != psnr(
        OUTPUT, REFERENCE, protocol="basicsr", scale=4
    )
    assert psnr(OUTPUT, REFERENCE) == psnr(OUTPUT, REFERENCE, scale=2)


@pytest.mark.parametrize("scale", [0, -4, True, 2.0, "4"])
def test_a_scale_is_a_positive_whole_number(scale: object) -> None:
    with pytest.raises(UsageError, match="a positive whole number is needed"):
        psnr(OUTPUT, REFERENCE, scale=scale)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", PROTOCOLS.names())
def test_a_word_means_the_same_under_every_protocol_and_on_the_command_line(name: str) -> None:
    """`--metrics psnr` is `psnr_y`: the word never changes its meaning with the protocol."""
    for word, function in (("psnr", psnr), ("ssim", ssim), ("rmse", rmse)):
        assert METRICS.get(word).name == f"{word}_y"
        views = [View(image, PROTOCOLS.get(name), 4) for image in (OUTPUT, REFERENCE)]
        value = function(OUTPUT, REFERENCE, protocol=name, scale=4)
        assert value == METRICS.get(f"{word}_y").score(*views)


def test_no_value_is_a_reason() -> None:
    with pytest.raises(Unscorable, match="the output is 52x40, the reference 30x30"):
        psnr(OUTPUT, picture(30, 30))
    with pytest.raises(Unscorable, match="weights niqe are not here: srbench metrics pull niqe"):
        srbench.metrics.niqe(OUTPUT)
    with pytest.raises(Unscorable, match="psnr_y needs a reference"):
        measure("psnr_y", OUTPUT)
    with pytest.raises(UsageError, match="unknown metric 'psnr_z'"):
        measure("psnr_z", OUTPUT, REFERENCE)


def test_niqe_of_a_calibration_image_is_the_official_value(
    shared: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SRBENCH_CACHE", str(tmp_path))
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "niqe.mat").write_bytes(
        (shared / "weights" / "niqe_modelparameters.mat").read_bytes()
    )
    image = next((shared / "data" / "iqa_calibration" / "dist_dir").glob("I04*"))
    # The official NIQE release in MATLAB (chaofengc/IQA-PyTorch, ResultsCalibra): 3.65492152353770.
    assert srbench.metrics.niqe(image, protocol="niqe-release") == pytest.approx(3.65492152353770, abs=1e-9)


def test_accumulated_over_batches_equals_all_at_once_and_resets() -> None:
    loop = Accumulated("psnr_y", protocol="basicsr", scale=2)
    pairs = [(picture(30, 30, seed), picture(30, 30, seed + 50)) for seed in range(4)]
    for output, reference in pairs:
        loop.update(output, reference)
    expected = math.fsum(psnr(*pair, protocol="basicsr", scale=2) for pair in pairs) / 4
    assert loop.compute() == pytest.approx(expected, abs=1e-12)
    assert len(loop.values) == 4
    loop.reset()
    with pytest.raises(Unscorable, match="psnr_y: no image was given"):
        loop.compute()
    loop.update(*(np.stack([pair[side].transpose(2, 0, 1) / 255 for pair in pairs]) for side in (0, 1)))
    assert loop.compute() == pytest.approx(expected, abs=1e-12)


def test_accumulated_never_leaves_an_image_out_of_the_mean() -> None:
    loop = Accumulated("ssim_y")
    loop.update(OUTPUT, REFERENCE)
    loop.update(picture(12, 12), picture(12, 12))
    with pytest.raises(
        Unscorable, match="1 of 2 images have no ssim_y; image 1: 4x4 pixels are smaller than"
    ):
        loop.compute()
    assert loop.values == [ssim(OUTPUT, REFERENCE), None]
    with pytest.raises(UsageError, match="2 outputs but 1 references"):
        loop.update(np.zeros((2, 3, 20, 20)), np.zeros((3, 20, 20)))


def test_importing_the_metrics_imports_nothing_heavy() -> None:
    code = """
import sys, srbench.metrics
assert "psnr" in dir(srbench.metrics)
print([name for name in ("torch", "pandas", "scipy", "numba", "PIL") if name in sys.modules])
"""
    out, err = python(code).communicate(timeout=60)
    assert (out.strip(), err) == ("[]", "")


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'psnrr'"):
        _ = srbench.metrics.psnrr

"""The authors' own weights, number for number."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from srbench.core.pulling import sources
from srbench.core.records import UserError
from srbench.core.weights import pull
from srbench.images.codec import read_image
from srbench.images.luma import luma
from srbench.images.pixels import crop_border
from srbench.methods.catalogue import METHODS
from srbench.metrics.luma.distortion import psnr
from tests.methods.models import CPU, sample

SET5 = ["img_001", "img_002", "img_003", "img_004", "img_005"]

# SRCNN (TPAMI 2016), 30.48: 30.474 on quantised inputs. FSRCNN (ECCV 2016), 30.71 and 30.11: 30.694 and
# 30.108. LapSRN (CVPR 2017), 31.54: 31.510. Their scripts hand on inputs that were never quantised.
# Zeyde 29.69, GR 29.34, ANR 29.69: Table 2 of A+ (ACCV 2014), inputs as before.
MEANS = {
    "srcnn-955": 30.48,
    "fsrcnn": 30.71,
    "fsrcnn-s": 30.11,
    "lapsrn": 31.54,
    "zeyde": 29.69,
    "gr": 29.34,
    "anr": 29.69,
}


def scores(shared: Path, name: str, scale: int) -> dict[str, float]:
    """PSNR on rounded Y, border as wide as the scale, per image of Set5."""
    method = METHODS.get(name)
    for file, source in sources(name, method.weights, [shared / "weights" / "authors"]):
        pull(file, source)
    assert method.unavailable() is None
    assert method.origin == "authors' weights"
    upscale = method.open(CPU)
    folder = shared / "data" / "Set5" / f"image_SRF_{scale}"
    values = {}
    for image in SET5:
        reference = read_image(folder / f"{image}_SRF_{scale}_HR.png")
        result = upscale(sample(read_image(folder / f"{image}_SRF_{scale}_LR.png"), scale))
        planes = (
            luma(crop_border(i, scale), "bt601-rounded", gray="full-range") for i in (result, reference)
        )
        values[image] = psnr(*planes)
    return values


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_srcnn_915_is_the_column_of_the_selfexsr_tables(shared: Path, scale: int) -> None:
    """Published per image by the authors of SelfExSR (CVPR 2015), with six decimals."""
    table = "selfexsr_per_image_x4.csv" if scale == 4 else "selfexsr_per_image_set5_x2_x3.csv"
    with (shared / "reported" / table).open(encoding="utf-8") as stream:
        expected = {
            row["image"]: float(row["value"])
            for row in csv.DictReader(stream)
            if (row["dataset"], row["scale"], row["method"], row["metric"])
            == ("set5", str(scale), "srcnn", "psnr_y")
        }
    found = scores(shared, "srcnn-915", scale)
    assert len(expected) == 5
    for image, value in expected.items():
        assert found[image] == pytest.approx(value, abs=2e-4)


@pytest.mark.parametrize("name", MEANS)
def test_means_of_the_papers(shared: Path, name: str) -> None:
    """On the quantised inputs of Set5 x4, up to 0.03 dB from what the papers' scripts make without."""
    assert np.mean(list(scores(shared, name, 4).values())) == pytest.approx(MEANS[name], abs=0.035)


def test_aplus_at_two(shared: Path) -> None:
    """A+ (ACCV 2014), Table 2: 36.55 with 1024 atoms, on inputs that were never quantised."""
    assert np.mean(list(scores(shared, "a+", 2).values())) == pytest.approx(36.55, abs=0.08)


def test_a_folder_without_the_files_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "x4.mat").write_bytes(b"MATLAB 5.0 MAT-file")
    method = METHODS.get("srcnn-915")
    with pytest.raises(UserError, match="none of the published files of srcnn-915"):
        sources("srcnn-915", method.weights, [tmp_path])


def test_a_file_is_known_by_its_hash_whatever_it_is_called(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "some.bin").write_bytes((shared / "weights" / "authors" / "fsrcnn_x3.mat").read_bytes())
    method = METHODS.get("fsrcnn")
    (found,) = sources("fsrcnn", method.weights, [tmp_path / "some.bin"])
    assert found[0].name == "fsrcnn-x3"
    pull(*found)
    assert method.unavailable() is None
    assert method.refuses(3) is None
    assert "fsrcnn-x4 are not here" in str(method.refuses(4))


def test_bare_names_are_the_authors() -> None:
    assert METHODS.get("srcnn").name == "srcnn-955"
    assert METHODS.get("ms-lapsrn").name == "ms-lapsrn-d5r8"
    for name in ("srcnn", "srcnn-915", "fsrcnn", "fsrcnn-s", "vdsr", "lapsrn", "zeyde", "anr", "gr", "a+"):
        assert METHODS.get(name).origin == "authors' weights"
    for name in ("vdsr-twtygqyy", "lapsrn-twtygqyy"):
        assert METHODS.get(name).origin == "a third party's weights"

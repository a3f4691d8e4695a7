"""The authors' own weights, number for number."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from srbench.core.pulling import sources
from srbench.core.records import UserError
from srbench.core.weights import pull
from srbench.datasets.samples import degrade
from srbench.images.codec import read_image
from srbench.images.luma import LumaKind, luma
from srbench.images.pixels import crop_border
from srbench.methods.catalogue import METHODS
from srbench.metrics.luma.distortion import psnr
from srbench.protocols import PROTOCOLS
from tests.methods.models import CPU, sample

SET5 = ["img_001", "img_002", "img_003", "img_004", "img_005"]

# (method, scale, protocol, the paper's mean over Set5): SRCNN, TPAMI 2016; FSRCNN, ECCV 2016; VDSR,
# CVPR 2016; LapSRN, CVPR 2017; Zeyde, ANR and A+: A+, ACCV 2014.
PAPERS = [
    ("srcnn-955", 2, "srcnn", 36.66),
    ("srcnn-955", 4, "srcnn", 30.48),
    ("fsrcnn", 2, "srcnn", 37.00),
    ("fsrcnn", 3, "srcnn", 33.16),
    ("fsrcnn", 4, "srcnn", 30.71),
    ("fsrcnn-s", 3, "srcnn", 32.61),
    ("fsrcnn-s", 4, "srcnn", 30.11),
    pytest.param("vdsr", 4, "srcnn", 31.35, marks=pytest.mark.slow),
    ("lapsrn", 4, "lapsrn", 31.54),
    ("zeyde", 2, "srcnn", 35.78),
    ("anr", 2, "srcnn", 35.83),
    ("a+", 2, "srcnn", 36.55),
    ("zeyde", 4, "srcnn", 29.69),
    ("anr", 4, "srcnn", 29.69),
]


def scores(shared: Path, name: str, scale: int, protocol: str = "") -> dict[str, float]:
    """PSNR per image of Set5, border as wide as the scale, on rounded Y or what `protocol` says."""
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
        low = read_image(folder / f"{image}_SRF_{scale}_LR.png")
        kind: LumaKind = "bt601-rounded"
        if protocol:
            chosen = PROTOCOLS.get(protocol)
            kind = chosen.luma
            low = degrade(reference, scale, chosen.degradation_for(method.inputs), "clamp")
        result = upscale(sample(low, scale))
        planes = (luma(crop_border(i, scale), kind, gray="full-range") for i in (result, reference))
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


@pytest.mark.parametrize(("name", "scale", "protocol", "expected"), PAPERS)
def test_means_of_the_papers(shared: Path, name: str, scale: int, protocol: str, expected: float) -> None:
    """Within 0.016 dB: the scripts compare luma planes, here the outputs are 8-bit colour images."""
    found = np.mean(list(scores(shared, name, scale, protocol).values()))
    assert found == pytest.approx(expected, abs=0.016)


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

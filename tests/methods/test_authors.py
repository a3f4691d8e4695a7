"""The authors' own weights, number for number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srbench.core.pulling import sources
from srbench.core.records import UserError
from srbench.core.weights import pull
from srbench.datasets.catalogue import DATASETS
from srbench.datasets.folders import find_pairs
from srbench.datasets.samples import load_reference, make_sample
from srbench.methods.catalogue import METHODS
from srbench.metrics.contract import View
from srbench.metrics.luma.distortion import psnr
from srbench.protocols import PROTOCOLS
from srbench.studies.reported import per_image
from tests.methods.models import CPU

# (method, scale, protocol, the paper's mean over Set5, how far from it): SRCNN, TPAMI 2016; FSRCNN,
# ECCV 2016; VDSR, CVPR 2016; LapSRN, CVPR 2017; Zeyde, GR, ANR: ANR, ICCV 2013; A+, ACCV 2014. HALF_DIGIT is
# what the printed digits leave open.
HALF_DIGIT = 0.005
PAPERS = [
    ("bicubic", 2, "srcnn", 33.66, HALF_DIGIT),
    ("bicubic", 3, "srcnn", 30.39, HALF_DIGIT),
    ("bicubic", 4, "srcnn", 28.42, HALF_DIGIT),
    ("srcnn-955", 2, "srcnn", 36.66, HALF_DIGIT),
    ("srcnn-955", 3, "srcnn", 32.75, HALF_DIGIT),
    # 30.489: LapSRN's table prints 30.49, VDSR's and its successors' 30.48.
    ("srcnn-955", 4, "srcnn", 30.49, HALF_DIGIT),
    ("fsrcnn", 2, "srcnn", 37.00, HALF_DIGIT),
    ("fsrcnn", 3, "srcnn", 33.16, HALF_DIGIT),
    ("fsrcnn", 4, "srcnn", 30.71, HALF_DIGIT),
    ("fsrcnn-s", 3, "srcnn", 32.61, HALF_DIGIT),
    ("fsrcnn-s", 4, "srcnn", 30.11, HALF_DIGIT),
    pytest.param("vdsr", 4, "srcnn", 31.35, HALF_DIGIT, marks=pytest.mark.slow),
    ("lapsrn", 4, "lapsrn", 31.54, HALF_DIGIT),
    ("zeyde", 2, "srcnn", 35.78, HALF_DIGIT),
    ("zeyde", 3, "srcnn", 31.90, HALF_DIGIT),
    ("zeyde", 4, "srcnn", 29.69, HALF_DIGIT),
    ("gr", 2, "srcnn", 35.13, HALF_DIGIT),
    ("gr", 3, "srcnn", 31.41, HALF_DIGIT),
    ("gr", 4, "srcnn", 29.34, HALF_DIGIT),
    ("anr", 2, "srcnn", 35.83, HALF_DIGIT),
    ("anr", 3, "srcnn", 31.92, HALF_DIGIT),
    ("anr", 4, "srcnn", 29.69, HALF_DIGIT),
    ("a+", 2, "srcnn", 36.55, HALF_DIGIT),
]


def scores(shared: Path, name: str, scale: int, protocol: str, dataset: str = "set5") -> dict[str, float]:
    """PSNR per image as the protocol says."""
    method, chosen = METHODS.get(name), PROTOCOLS.get(protocol)
    if method.weights:
        for file, source in sources(name, method.weights, [shared / "weights" / "authors"]):
            pull(file, source)
        assert method.origin == "authors' weights"
    assert method.unavailable() is None
    upscale = method.open(CPU)
    degradation = chosen.degradation_for(method.inputs)
    values = {}
    for pair in find_pairs(DATASETS.get(dataset), scale, [shared / "data"]):
        reference = load_reference(pair, plane=chosen.plane)
        sample = make_sample(pair, reference, degradation, chosen.edges, plane=chosen.plane)
        views = (View(image, chosen, scale) for image in (upscale(sample), reference))
        values[pair.image] = psnr(*(view.luma for view in views))
    return values


@pytest.mark.parametrize(
    ("dataset", "scale"),
    [("set5", 2), ("set5", 3), ("set5", 4), pytest.param("bsd100", 4, marks=pytest.mark.slow)],
)
def test_srcnn_915_is_the_column_of_the_selfexsr_tables(shared: Path, dataset: str, scale: int) -> None:
    """Published per image by the authors of SelfExSR (CVPR 2015), with six decimals."""
    expected = per_image(scale=scale, dataset=dataset, method="srcnn", metric="psnr_y")
    found = scores(shared, "srcnn-915", scale, "matlab", dataset)
    assert len(expected) in (5, 100)
    np.testing.assert_allclose([found[image] for image in sorted(found)], expected, atol=2e-4)


@pytest.mark.parametrize(("name", "scale", "protocol", "expected", "near"), PAPERS)
def test_means_of_the_papers(
    shared: Path, name: str, scale: int, protocol: str, expected: float, near: float
) -> None:
    """With the protocol of the paper's own scripts."""
    found = np.mean(list(scores(shared, name, scale, protocol).values()))
    assert found == pytest.approx(expected, abs=near)


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

"""Ma's features and score against pyiqa's port, on references, enlarged images and odd sizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srbench.images.codec import read_image
from srbench.images.pixels import matlab_gray
from srbench.images.resize import imresize
from srbench.metrics.natural.ma import MaModel, ma, ma_features
from tests.metrics.natural.ma_model import textured


def pyiqa_features(image: np.ndarray) -> list[np.ndarray]:
    torch = pytest.importorskip("torch")
    port = pytest.importorskip("pyiqa.archs.nrqm_arch")
    tensor = torch.from_numpy(image.astype(np.float64))[None, None]
    scales = port.get_gauss_pyramid(tensor / 255)
    columns = [port.im2col(scale, 5, "distinct") for scale in scales]
    groups = (
        torch.cat([port.block_dct(scale) for scale in scales], dim=1),
        port.global_gsm(tensor),
        torch.cat([torch.linalg.svd(column, full_matrices=False)[1] for column in columns], dim=1),
    )
    return [group[0].numpy() for group in groups]


def assert_features_equal_pyiqas(image: np.ndarray) -> None:
    ours = ma_features(image, compatibility="pyiqa")
    for mine, theirs in zip(ours, pyiqa_features(image), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-12)


def bsd100_image(shared: Path, number: int, role: str) -> np.ndarray:
    path = shared / "data" / "BSD100" / "image_SRF_4" / f"img_{number:03d}_SRF_4_{role}.png"
    image = read_image(path)
    return image if image.ndim == 2 else matlab_gray(image)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, 101))
def test_features_equal_pyiqas_on_references(number: int, shared: Path) -> None:
    assert_features_equal_pyiqas(bsd100_image(shared, number, "HR"))


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 3, 18, 41, 59, 88])
def test_features_equal_pyiqas_on_odd_sizes(number: int, shared: Path) -> None:
    assert_features_equal_pyiqas(bsd100_image(shared, number, "HR")[:-3, :-1])


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, 101))
def test_features_equal_pyiqas_on_bicubic_images(number: int, shared: Path) -> None:
    assert_features_equal_pyiqas(imresize(bsd100_image(shared, number, "LR"), 4))


@pytest.mark.slow
def test_score_equals_pyiqas(shared: Path, model_file: Path, model: MaModel) -> None:
    torch = pytest.importorskip("torch")
    port = pytest.importorskip("pyiqa.archs.nrqm_arch")
    image = textured(120, 150)
    theirs = port.NRQM(pretrained_model_path=str(model_file))
    expected = float(theirs(torch.from_numpy(image.astype(np.float64))[None, None]))
    assert ma(image, model, compatibility="pyiqa") == pytest.approx(expected, rel=1e-6)

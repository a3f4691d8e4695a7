"""The compiled separable filters against scipy.ndimage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import correlate1d

from srbench.metrics.luma.filters import Edges, correlate_separable, gaussian_taps, half_taps

SCIPY_MODES = {"replicate": "nearest", "zero": "constant", "valid": "constant"}


def scipy_filter(image: np.ndarray, taps: np.ndarray, edges: Edges) -> np.ndarray:
    mode = SCIPY_MODES[edges]
    rows = correlate1d(image.astype(np.float64), taps, axis=0, mode=mode)
    both = correlate1d(rows, taps, axis=1, mode=mode)
    lost = taps.size // 2 if edges == "valid" else 0
    return both[lost : both.shape[0] - lost, lost : both.shape[1] - lost]


@pytest.mark.parametrize("edges", ["replicate", "zero", "valid"])
@pytest.mark.parametrize("shape", [(11, 11), (40, 57), (57, 40), (12, 256)])
@pytest.mark.parametrize("size", [1, 3, 7, 11])
def test_equals_scipy(edges: Edges, shape: tuple[int, int], size: int) -> None:
    image = np.random.default_rng(7).uniform(0, 255, shape)
    taps = gaussian_taps(size, 1.5)
    result = correlate_separable(image, taps, edges=edges)
    np.testing.assert_allclose(result, scipy_filter(image, taps, edges), rtol=0, atol=1e-12 * 255)


@pytest.mark.parametrize("edges", ["replicate", "zero"])
def test_window_larger_than_the_image(edges: Edges) -> None:
    image = np.random.default_rng(8).uniform(0, 255, (3, 2))
    taps = gaussian_taps(11, 2.0)
    result = correlate_separable(image, taps, edges=edges)
    np.testing.assert_allclose(result, scipy_filter(image, taps, edges), rtol=0, atol=1e-12 * 255)


def test_bytes_and_strided_input() -> None:
    image = np.random.default_rng(9).integers(0, 256, (30, 40, 3), dtype=np.uint8)[..., 1]
    taps = gaussian_taps(7, 7 / 6)
    result = correlate_separable(image, taps, edges="replicate")
    assert result.dtype == np.float64
    np.testing.assert_allclose(result, scipy_filter(image, taps, "replicate"), rtol=0, atol=1e-12 * 255)


def test_gaussian_taps_are_the_factor_of_fspecial() -> None:
    y, x = np.mgrid[-3:4, -3:4]
    window = np.exp(-(x**2 + y**2) / (2 * (7 / 6) ** 2))
    taps = gaussian_taps(7, 7 / 6)
    np.testing.assert_allclose(np.outer(taps, taps), window / window.sum(), rtol=1e-14)


def test_same_bits_every_time() -> None:
    image = np.random.default_rng(10).uniform(0, 255, (64, 64))
    taps = gaussian_taps(11, 1.5)
    first = correlate_separable(image, taps, edges="valid")
    assert np.array_equal(first, correlate_separable(image, taps, edges="valid"))


def test_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ValueError, match="symmetric"):
        half_taps(np.array([0.2, 0.5, 0.3]))
    with pytest.raises(ValueError, match="odd in number"):
        half_taps(np.array([0.5, 0.5]))
    with pytest.raises(ValueError, match="does not fit"):
        correlate_separable(np.zeros((10, 30)), gaussian_taps(11, 1.5), edges="valid")

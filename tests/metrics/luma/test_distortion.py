"""PSNR and RMSE against their formulas in exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srbench.metrics.luma.distortion import mean_squared_error, psnr, rmse
from tests.helpers import picture


def exact_mse(a: np.ndarray, b: np.ndarray) -> Fraction:
    pairs = zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)
    return sum(((Fraction(x) - Fraction(y)) ** 2 for x, y in pairs), Fraction(0)) / a.size


@given(st.integers(0, 10_000), st.integers(1, 20), st.integers(1, 20))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_bytes_are_summed_exactly(seed: int, height: int, width: int) -> None:
    generator = np.random.default_rng(seed)
    a, b = generator.integers(0, 256, (2, height, width), dtype=np.uint8)
    assert mean_squared_error(a, b) == float(exact_mse(a, b))


def test_no_wrap_around_of_bytes() -> None:
    black, white = np.zeros((3, 3), np.uint8), np.full((3, 3), 255, np.uint8)
    assert mean_squared_error(black, white) == 255**2
    assert psnr(black, white) == 0
    assert rmse(white, black) == 255


@pytest.mark.parametrize("difference", [1, 2, 16, 255])
def test_psnr_of_a_constant_difference(difference: int) -> None:
    a = np.zeros((5, 7), np.uint8)
    assert psnr(a + np.uint8(difference), a) == pytest.approx(20 * math.log10(255 / difference), abs=1e-12)


def test_unrounded_planes() -> None:
    generator = np.random.default_rng(0)
    a, b = generator.uniform(16, 235, (2, 31, 17))
    assert mean_squared_error(a, b) == pytest.approx(float(exact_mse(a, b)), rel=1e-14)


def test_identical_planes_are_infinitely_good() -> None:
    for plane in (picture(6, 6, channels=1), picture(6, 6, channels=1).astype(float)):
        assert psnr(plane, plane.copy()) == math.inf
        assert rmse(plane, plane.copy()) == 0


def test_one_grey_level_in_one_pixel_is_finite() -> None:
    a = np.zeros((1000, 1000), np.uint8)
    b = a.copy()
    b[-1, -1] = 1
    assert psnr(a, b) == pytest.approx(10 * math.log10(255**2 * 1e6), abs=1e-10)


def test_symmetric_and_independent_of_memory_layout() -> None:
    a, b = picture(20, 30, 1)[..., 0], picture(20, 30, 2)[..., 0]
    assert psnr(a, b) == psnr(b, a) == psnr(np.asfortranarray(a), np.ascontiguousarray(b))


@pytest.mark.parametrize("other", [(4, 5), (5, 5, 3), (5, 4)])
def test_planes_of_two_sizes_are_refused(other: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="two planes of one size"):
        psnr(np.zeros((5, 5)), np.zeros(other))

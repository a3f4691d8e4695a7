"""Luma conversions against exact rational arithmetic, and the two rules for grayscale files."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srbench.images.pixels import as_rgb, luma, matlab_gray
from tests.helpers import picture

BT601 = [Fraction(65481, 1000), Fraction(128553, 1000), Fraction(24966, 1000)]


def half_up(value: Fraction) -> int:
    return int((value + Fraction(1, 2)) // 1)


def exact_luma(rgb: tuple[int, int, int], weights: list[Fraction]) -> Fraction:
    return 16 + sum((w * v for w, v in zip(weights, rgb, strict=True)), Fraction(0)) / 255


def one_pixel(rgb: tuple[int, int, int]) -> np.ndarray:
    return np.array([[rgb]], dtype=np.uint8)


byte = st.integers(0, 255)


@given(st.tuples(byte, byte, byte))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_luma_equals_exact_arithmetic(rgb: tuple[int, int, int]) -> None:
    pixel = one_pixel(rgb)
    assert luma(pixel, "bt601-rounded", gray="full-range")[0, 0] == half_up(exact_luma(rgb, BT601))
    assert luma(pixel, "bt601", gray="full-range")[0, 0] == pytest.approx(
        float(exact_luma(rgb, BT601)), abs=1e-12
    )


def halves() -> list[tuple[int, int, int]]:
    """All triples whose rounded BT.601 luma is decided by an exact half."""
    green, blue = np.mgrid[0:256, 0:256]
    found = []
    for red in range(256):
        remainder = (2 * (65481 * red + 128553 * green + 24966 * blue)) % 510_000
        found += [(red, int(g), int(b)) for g, b in np.argwhere(remainder == 255_000)]
    return found


def test_luma_of_exact_halves_rounds_up_where_floating_point_does_not() -> None:
    triples = halves()
    image = np.array([triples], dtype=np.uint8)
    expected = [half_up(exact_luma(rgb, BT601)) for rgb in triples]
    assert luma(image, "bt601-rounded", gray="full-range")[0].tolist() == expected
    matrix = np.array([65.481, 128.553, 24.966]) / 255
    floating = np.floor(image[0].astype(float) @ matrix + 16 + 0.5).astype(int).tolist()
    assert sum(a != b for a, b in zip(floating, expected, strict=True)) > 50


def test_luma_range_is_limited() -> None:
    ends = np.array([[[0, 0, 0], [255, 255, 255]]], dtype=np.uint8)
    for kind in ("bt601-rounded", "bt601"):
        assert luma(ends, kind, gray="full-range").tolist() == [[16, 235]]  # type: ignore[arg-type]
    assert luma(ends, "rgb2gray-rounded", gray="full-range").tolist() == [[0, 255]]


def test_luma_types() -> None:
    image = picture(6, 5)
    assert luma(image, "bt601-rounded", gray="full-range").dtype == np.uint8
    assert luma(image, "daala", gray="replicate").dtype == np.uint8
    assert luma(image, "bt601", gray="full-range").dtype == np.float64


@pytest.mark.parametrize("kind", ["bt601-rounded", "daala", "rgb2gray-rounded", "bt601"])
def test_gray_is_its_own_luma_or_three_equal_channels(kind: str) -> None:
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert luma(gray, kind, gray="full-range").tolist() == gray.tolist()  # type: ignore[arg-type]
    replicated = luma(gray, kind, gray="replicate")  # type: ignore[arg-type]
    assert np.array_equal(replicated, luma(as_rgb(gray), kind, gray="full-range"))  # type: ignore[arg-type]


def test_matlab_gray_leaves_equal_channels_as_they_are() -> None:
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(matlab_gray(as_rgb(gray)), gray)
    assert np.array_equal(matlab_gray(gray), gray)


def test_matlab_gray_of_primaries() -> None:
    # 255 * 0.2989, 255 * 0.5870, 255 * 0.1140: the examples of MATLAB's documentation.
    assert matlab_gray(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)).tolist() == [
        [76, 150, 29]
    ]

"""Resampling against a direct evaluation of the formulas, pixel by pixel in plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from srbench.images.resize import (
    Edges,
    Kernel,
    Scale,
    imresize,
    imresize_double,
    output_size,
    pil_reduce,
    tensorflow1_bicubic,
)
from tests.helpers import picture


def cubic(x: float) -> float:
    x = abs(x)
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x <= 2 else 0.0


def lanczos3(x: float) -> float:
    if abs(x) >= 3:
        return 0.0
    return 1.0 if x == 0 else 3 * math.sin(math.pi * x) * math.sin(math.pi * x / 3) / (math.pi * x) ** 2


def box(x: float) -> float:
    return 1.0 if -0.5 <= x < 0.5 else 0.0


def triangle(x: float) -> float:
    return max(0.0, 1 - abs(x))


KERNELS: dict[Kernel, tuple[Callable[[float], float], int]] = {
    "cubic": (cubic, 2), "lanczos3": (lanczos3, 3), "box": (box, 1), "triangle": (triangle, 1),
}  # fmt: skip


def source(index: int, length: int, edges: Edges) -> int:
    if edges == "clamp":
        return min(max(index, 0), length - 1)
    while not 0 <= index < length:  # mirrored with the border pixel repeated
        index = -1 - index if index < 0 else 2 * length - 1 - index
    return index


def line(values: list[float], scale: Fraction, kernel: Kernel, edges: Edges, antialias: bool) -> list[float]:
    """One dimension of `imresize`: output pixel i lies at (i + 1/2) / scale - 1/2 of the input."""
    function, reach = KERNELS[kernel]
    shrink = min(Fraction(1), scale) if antialias else Fraction(1)
    result = []
    for i in range(math.ceil(len(values) * scale)):
        centre = (i + Fraction(1, 2)) / scale - Fraction(1, 2)
        first = math.floor(centre - reach / shrink) - 1
        last = math.ceil(centre + reach / shrink) + 1
        weights = [(j, function(float(shrink * (centre - j)))) for j in range(first, last + 1)]
        total = math.fsum(weight for _, weight in weights)
        result.append(math.fsum(w * values[source(j, len(values), edges)] for j, w in weights) / total)
    return result


def directly(
    image: np.ndarray,
    scale: Fraction,
    kernel: Kernel,
    edges: Edges,
    *,
    rounded: bool,
    antialias: bool = True,
    top: int = 255,
) -> np.ndarray:
    """`imresize` of an H x W image: columns of pixels first, then rows, each pass rounded half up."""
    plane = image.astype(float)
    for _ in range(2):
        resized = [line(list(column), scale, kernel, edges, antialias) for column in plane.T]
        plane = np.array(resized)
        if rounded:
            plane = np.clip(np.floor(plane + 0.5), 0, top)
    return plane


SCALES = [
    Fraction(1, 2),
    Fraction(1, 3),
    Fraction(1, 4),
    Fraction(1, 8),
    Fraction(2),
    Fraction(3),
    Fraction(4),
]
# Of other ratios, some have exact halves, which floating point may round either way.
RATIONAL = [Fraction(2, 3), Fraction(3, 2), Fraction(5, 6), Fraction(8), Fraction(1)]


@pytest.mark.parametrize("edges", ["clamp", "symmetric"])
@pytest.mark.parametrize("scale", SCALES + RATIONAL, ids=str)
def test_cubic_equals_the_formula_pixel_by_pixel(scale: Fraction, edges: Edges) -> None:
    image = np.random.default_rng(1).integers(0, 256, (9, 13), dtype=np.uint8)
    expected = directly(image, scale, "cubic", edges, rounded=True)
    assert imresize(image, scale, edges=edges).astype(float).tolist() == expected.tolist()


@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_16_bits_are_rounded_to_16_bits_after_each_pass(scale: Fraction) -> None:
    image = np.random.default_rng(1).integers(0, 65536, (9, 13)).astype(np.uint16)
    expected = directly(image, scale, "cubic", "clamp", rounded=True, top=65535)
    found = imresize(image, scale)
    assert found.dtype == np.uint16
    assert found.astype(float).tolist() == expected.tolist()


@pytest.mark.parametrize("kernel", ["lanczos3", "triangle", "box"])
@pytest.mark.parametrize("scale", [*SCALES[:2], Fraction(2, 3), Fraction(2), Fraction(3)], ids=str)
def test_other_kernels_equal_the_formula(scale: Fraction, kernel: Kernel) -> None:
    image = np.random.default_rng(2).integers(0, 256, (11, 8), dtype=np.uint8)
    expected = directly(image, scale, kernel, "clamp", rounded=True)
    assert imresize(image, scale, kernel=kernel).astype(float).tolist() == expected.tolist()


@pytest.mark.parametrize("edges", ["clamp", "symmetric"])
@pytest.mark.parametrize("scale", [Fraction(1, 3), Fraction(3, 4), Fraction(4)], ids=str)
def test_double_form_has_no_rounding(scale: Fraction, edges: Edges) -> None:
    image = np.random.default_rng(3).uniform(-2, 300, (10, 7))
    expected = directly(image, scale, "cubic", edges, rounded=False)
    np.testing.assert_allclose(imresize_double(image, scale, edges=edges), expected, rtol=1e-13, atol=1e-11)


def test_without_antialiasing_the_kernel_keeps_its_width() -> None:
    image = np.random.default_rng(4).integers(0, 256, (12, 9), dtype=np.uint8)
    expected = directly(image, Fraction(1, 3), "cubic", "clamp", rounded=True, antialias=False)
    assert imresize(image, Fraction(1, 3), antialias=False).astype(float).tolist() == expected.tolist()


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
def test_nearest_repeats_pixels(scale: int) -> None:
    image = picture(7, 5)
    expected = image.repeat(scale, axis=0).repeat(scale, axis=1)
    assert np.array_equal(imresize(image, scale, kernel="box"), expected)


def test_channels_are_independent() -> None:
    image = picture(13, 10)
    whole = imresize(image, Fraction(2, 3))
    for channel in range(3):
        assert np.array_equal(whole[..., channel], imresize(image[..., channel].copy(), Fraction(2, 3)))


@pytest.mark.parametrize("scale", [Fraction(1, 4), Fraction(1, 3), Fraction(2)], ids=str)
def test_the_place_in_a_large_image_does_not_matter(scale: Fraction) -> None:
    wide = np.tile(picture(24, 36), (1, 50, 1))
    for image, axis in ((wide, 1), (wide.transpose(1, 0, 2), 0)):
        resized = imresize(image, scale)
        parts = np.split(resized, 50, axis=axis)
        assert all(np.array_equal(part, parts[1]) for part in parts[2:-1])


@pytest.mark.parametrize(
    ("size", "scale", "expected"),
    [
        ((321, 481), Fraction(1, 4), (81, 121)),
        ((9, 9), 1 / 3, (3, 3)),  # ceil(9 * 0.333...) in floating point may give 4
        ((7, 7), Fraction(1, 2), (4, 4)),
        ((5, 3), 1.5, (8, 5)),
        ((1, 1), Fraction(1, 8), (1, 1)),
        ((100, 30), 0.1, (10, 3)),
    ],
)
def test_output_size_is_rounded_up(size: tuple[int, int], scale: Scale, expected: tuple[int, int]) -> None:
    assert output_size(size, scale) == expected
    assert imresize(np.zeros(size, np.uint8), scale).shape == expected


@given(
    height=st.integers(1, 24),
    width=st.integers(1, 24),
    grey=st.integers(0, 255),
    scale=st.fractions(Fraction(1, 9), Fraction(9, 2), max_denominator=9),
    edges=st.sampled_from(["clamp", "symmetric"]),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_flat_images_stay_flat(height: int, width: int, grey: int, scale: Fraction, edges: Edges) -> None:
    resized = imresize(np.full((height, width), grey, np.uint8), scale, edges=edges)
    assert resized.shape == (math.ceil(height * scale), math.ceil(width * scale))
    assert (resized == grey).all()


@pytest.mark.parametrize("scale", [Fraction(1, 4), Fraction(1, 3), Fraction(2), Fraction(3, 2)], ids=str)
def test_mirrored_input_gives_mirrored_output_without_rounding(scale: Fraction) -> None:
    image = np.random.default_rng(5).uniform(0, 255, (12, 24))
    mirrored = imresize_double(image[::-1, ::-1], scale)[::-1, ::-1]
    np.testing.assert_allclose(mirrored, imresize_double(image, scale), atol=1e-10)


def test_the_input_is_not_changed() -> None:
    image = picture(12, 12)
    kept = image.copy()
    imresize(image, 2)
    imresize_double(image, Fraction(1, 2))
    tensorflow1_bicubic(image, 2)
    assert np.array_equal(image, kept)


def test_strided_and_read_only_input() -> None:
    image = picture(20, 24)
    view = image[::2, ::-1]
    view.flags.writeable = False
    assert np.array_equal(
        imresize(view, Fraction(1, 2)), imresize(np.ascontiguousarray(view), Fraction(1, 2))
    )


def test_floats_are_refused_by_the_exact_form() -> None:
    with pytest.raises(TypeError, match="imresize_double"):
        imresize(np.zeros((4, 4)), 2)


@pytest.mark.parametrize("scale", [0, -1, Fraction(-1, 2), 0.0])
def test_scales_that_are_not_positive_are_refused(scale: Scale) -> None:
    with pytest.raises(ValueError, match="positive"):
        imresize(np.zeros((4, 4), np.uint8), scale)


def keys_075(x: float) -> float:
    a, x = -0.75, abs(x)
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_tensorflow1_bicubic_equals_the_formula(scale: int) -> None:
    image = np.random.default_rng(6).uniform(-1, 1, (5, 7))
    result = tensorflow1_bicubic(image, scale)
    assert result.shape == (5 * scale, 7 * scale)
    for i in range(5 * scale):
        for j in range(7 * scale):
            y, x = i / scale, j / scale  # align_corners=False, no half-pixel centres
            total = 0.0
            for m in range(math.floor(y) - 1, math.floor(y) + 3):
                for n in range(math.floor(x) - 1, math.floor(x) + 3):
                    pixel = image[min(max(m, 0), 4), min(max(n, 0), 6)]
                    total += keys_075(y - m) * keys_075(x - n) * pixel
            assert result[i, j] == pytest.approx(total, abs=1e-12)


def test_tensorflow1_bicubic_passes_through_the_input_pixels() -> None:
    image = picture(6, 9).astype(float)
    assert np.array_equal(tensorflow1_bicubic(image, 4)[::4, ::4], image)


@pytest.mark.parametrize("kernel", ["lanczos", "bicubic"])
def test_pil_reduction_is_pils(kernel: str) -> None:
    image = picture(24, 36)
    expected = Image.fromarray(image).resize((9, 6), getattr(Image.Resampling, kernel.upper()))
    assert np.array_equal(pil_reduce(image, 4, kernel=kernel), np.asarray(expected))  # type: ignore[arg-type]


def test_pil_reduction_refuses_other_sizes() -> None:
    with pytest.raises(ValueError, match="25x24 is not a multiple of 4"):
        pil_reduce(picture(24, 25), 4, kernel="lanczos")

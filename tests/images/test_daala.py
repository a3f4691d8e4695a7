"""The luma of daala's `png2y4m`: the compiled tool's planes, and its description in plain Python."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srbench.images.daala import daala_luma
from srbench.images.pixels import luma

PLANES = Path(__file__).parent.parent / "reference" / "daala_planes.csv"
Pixel = tuple[int, int, int]


def pattern(kind: str, height: int, width: int) -> np.ndarray:
    """An image of whole-number formulas: the same on every machine and with every version of NumPy."""
    i, j, c = np.mgrid[0:height, 0:width, 0:3].astype(np.int64)
    if kind == "smooth":
        return ((5 * i + 3 * j + 40 * c) % 256).astype(np.uint8)
    noise = ((7919 * i + 104729 * j + 1299709 * c + 1) * 2654435761 % 2**32) >> 24
    if kind == "gray":
        noise = noise[..., :1].repeat(3, axis=2)
    return (np.where(noise < 128, 0, 255) if kind == "saturated" else noise).astype(np.uint8)


@pytest.mark.parametrize(
    "row", csv.DictReader(PLANES.open()), ids=lambda row: "-".join(list(row.values())[:3])
)
def test_planes_are_those_of_the_compiled_tool(row: dict[str, str]) -> None:
    plane = daala_luma(pattern(row["pattern"], int(row["height"]), int(row["width"])))
    assert hashlib.sha256(plane.tobytes()).hexdigest() == row["sha256"]


def draws() -> Iterator[int]:
    """KISS99 as Marsaglia posted it, with the tool's seed."""
    z, w, s, c = 362436069, 521288629, 123456789, 380116160
    while True:
        z = 36969 * (z % 2**16) + z // 2**16
        w = 18000 * (w % 2**16) + w // 2**16
        s ^= s * 2**17 % 2**32
        s ^= s // 2**13
        s ^= s * 2**5 % 2**32
        c = (69069 * c + 1234567) % 2**32
        yield (((z * 2**16 + w) % 2**32 ^ c) + s) % 2**32


def triangular(numbers: Iterator[int], largest: int) -> int:
    whole = (2**32 - 1) // (largest + 1) * (largest + 1)
    first, second = (next(n for n in numbers if n < whole) % (largest + 1) for _ in range(2))
    return first - second


def nearest(value: Fraction) -> int:
    """Halves away from zero."""
    size = int(abs(value) + Fraction(1, 2))
    return size if value >= 0 else -size


def plain(image: np.ndarray, *, even: bool = True) -> np.ndarray:
    """`png2y4m` as it is described, block by block; `even` says where ties go, else to the lower level."""
    height, width, _ = image.shape
    result = np.zeros((height, width), np.uint8)
    numbers = draws()
    for top in range(0, height, 2):
        for left in range(0, width, 2):
            noise = [
                tuple(triangular(numbers, largest) for largest in (1223320000, 1479548743, 1255654969))
                for _ in range(4)
            ]
            places = [(i, j) for i in (top, top + 1) for j in (left, left + 1)]
            block: dict[tuple[int, int], Pixel] = {}
            for (i, j), (d_y, _, _) in zip(places, noise, strict=True):
                _, d_b, d_r = noise[0]
                red, green, blue = (257 * int(v) for v in image[min(i, height - 1), min(j, width - 1)])
                block[i, j] = (
                    red + nearest(Fraction(2 * d_y + 3 * d_r, 8176000)),
                    green + nearest(Fraction(2384 * d_y + 361 * d_b + 1063 * d_r, 9745792000)),
                    blue + nearest(Fraction(2 * d_y + 3 * d_b, 8176000)),
                )
            for i, j in places:  # beyond an odd edge the neighbour's noisy value, not noise of its own
                block[i, j] = block[min(i, height - 1), min(j, width - 1)]
            red, green, blue = (sum(pixel[c] for pixel in block.values()) for c in range(3))
            u = nearest(Fraction(-29764 * red - 100128 * green + 129892 * blue, 304016865))
            v = nearest(Fraction(110236 * red - 100128 * green - 10108 * blue, 258011295))
            u, v = (min(max(chroma, -128), 127) for chroma in (u, v))
            for i, j in places:
                if i < height and j < width:
                    result[i, j] = 16 + plain_luma(block[i, j], u, v, even=even)
    return result


def plain_luma(pixel: Pixel, u: int, v: int, *, even: bool) -> int:
    parts = (4490222169144 * v, -534117096223 * u - 1334761232047 * v, 5290866304968 * u)
    shifted = [(9745792000 * value - part + 4096) // 2**13 for value, part in zip(pixel, parts, strict=True)]
    y = (1063 * shifted[0] + 3576 * shifted[1] + 361 * shifted[2]) // 1780026171875
    y = min(max(y, -16), 238)

    def error(level: int) -> int:
        total = 0
        for value, part in zip(pixel, parts, strict=True):
            given = nearest(Fraction(2916394880000 * level + part, 9745792000))
            total += (value - min(max(given, 0), 65535)) ** 2
        return (total + 2**31) % 2**32 - 2**31

    return min((y, y + 1), key=lambda level: (error(level), level % 2 if even else level))


@given(st.integers(1, 5), st.integers(1, 5), st.sampled_from(["noise", "ends", "gray"]), st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_equals_the_description_in_plain_python(
    height: int, width: int, kind: str, data: st.DataObject
) -> None:
    level = st.sampled_from([0, 255]) if kind == "ends" else st.integers(0, 255)
    count = height * width * (1 if kind == "gray" else 3)
    values = np.array(data.draw(st.lists(level, min_size=count, max_size=count)), np.uint8)
    image = np.broadcast_to(values.reshape(height, width, -1), (height, width, 3)).copy()
    assert np.array_equal(daala_luma(image), plain(image))


@pytest.mark.parametrize("colour", [(128, 128, 128), (250, 250, 250), (10, 10, 10), (90, 140, 60)])
def test_dither_does_not_move_the_mean_of_a_colour_inside_the_range(colour: Pixel) -> None:
    plane = daala_luma(np.full((200, 200, 3), colour, np.uint8))
    exact = 16 + 219 / 255 * (np.array([0.2126, 0.7152, 0.0722]) @ colour)
    assert plane.mean() == pytest.approx(exact, abs=0.05)
    assert abs(plane - exact).max() < 3


def test_the_mean_of_white_is_above_235_because_its_ties_go_to_even_levels() -> None:
    """With noise above white, 235 and 236 give the same colour back, white: an equal error, so 236, the even
    one. Were ties given to the lower level, the mean would be below 235 by about as much."""
    white = np.full((40, 40, 3), 255, np.uint8)
    ours = daala_luma(white)
    assert np.array_equal(ours, plain(white))
    lower = plain(white, even=False)
    assert ours.mean() > 235.2
    assert lower.mean() < 235
    assert set(zip(ours[ours != lower].tolist(), lower[ours != lower].tolist(), strict=True)) == {(236, 235)}


def test_luma_of_grayscale_is_that_of_three_equal_channels() -> None:
    gray = pattern("gray", 12, 14)
    assert np.array_equal(luma(gray[..., 0], "daala", gray="replicate"), daala_luma(gray))
    assert np.array_equal(luma(gray, "daala", gray="full-range"), daala_luma(gray))


def test_other_memory_layouts_have_the_same_luma() -> None:
    image = pattern("noise", 9, 12)
    assert np.array_equal(daala_luma(np.asfortranarray(image)), daala_luma(image))
    assert np.array_equal(daala_luma(np.pad(image, ((4, 4), (4, 4), (0, 0)))[4:-4, 4:-4]), daala_luma(image))

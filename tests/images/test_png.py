"""PNG files of our own writing, read by Pillow."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from srbench.images.png import encode_png
from tests.helpers import picture

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda size: st.sampled_from([size, (*size, 3)])
)


def decoded(data: bytes) -> np.ndarray:
    Image.open(io.BytesIO(data)).verify()  # the checksums of its chunks
    return np.asarray(Image.open(io.BytesIO(data)))


@settings(deadline=None)  # the first call loads the compiled filter
@given(arrays(np.uint8, SHAPES))
def test_pixels_come_back(image: np.ndarray) -> None:
    read = decoded(encode_png(image))
    assert read.dtype == np.uint8
    assert np.array_equal(read, image)


def test_a_view_that_is_not_contiguous() -> None:
    image = picture(12, 9)
    for view in (image[::-1], image[:, ::2], image[2:7, 1:5], image.transpose(1, 0, 2), image[..., 0]):
        assert np.array_equal(decoded(encode_png(view)), view)


def test_flat_areas_and_blocks_stay_small() -> None:
    blocks = picture(16, 16).repeat(4, axis=0).repeat(4, axis=1)
    pillow = io.BytesIO()
    Image.fromarray(blocks).save(pillow, format="PNG")
    assert len(encode_png(np.full((64, 64, 3), 200, np.uint8))) < 300
    assert len(encode_png(blocks)) < 1.5 * len(pillow.getvalue())


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((2, 2), np.float64), np.zeros((2, 2, 4), np.uint8), np.zeros((0, 3), np.uint8),
        np.zeros(4, np.uint8), np.zeros((2, 2), np.uint16),
    ],
)  # fmt: skip
def test_anything_else_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="no 8-bit image"):
        encode_png(image)

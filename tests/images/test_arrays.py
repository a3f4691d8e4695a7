"""Images as programs hold them: read as stated, rounded as saving a PNG would, or refused in one line."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.utils import save_image

from srbench.core.records import Unscorable, UsageError, UserError
from srbench.images.arrays import as_image, as_images
from srbench.images.codec import read_image
from tests.helpers import picture, save

COLOUR = picture(9, 14)
GRAY = picture(9, 14, channels=1)
FLOATS = COLOUR.transpose(2, 0, 1) / 255


def test_one_image_in_every_form_is_the_same_pixels(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", COLOUR)
    forms: list[Any] = [
        path,
        str(path),
        Image.open(path),
        Image.fromarray(COLOUR),
        COLOUR,
        FLOATS,
        FLOATS.astype(np.float32),
        FLOATS[None],
        torch.from_numpy(FLOATS),
        torch.from_numpy(FLOATS).float().requires_grad_(),
        torch.from_numpy(COLOUR.copy()).permute(2, 0, 1),
    ]
    for form in forms:
        found = as_image(form)
        assert found.dtype == np.uint8
        assert np.array_equal(found, COLOUR)


def test_grayscale_keeps_one_channel(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", GRAY)
    forms: list[Any] = [path, Image.open(path), GRAY, GRAY[..., None], GRAY / 255, GRAY[None] / 255]
    for form in [*forms, torch.from_numpy(GRAY / 255)]:
        assert np.array_equal(as_image(form), GRAY)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_floats_are_rounded_as_torchvision_saves_a_png(tmp_path: Path, dtype: torch.dtype) -> None:
    image = torch.rand(3, 60, 70, generator=torch.Generator().manual_seed(1), dtype=dtype)
    image[:, 0, :6] = torch.tensor([0.0, 0.5 / 255, 1.5 / 255, 2.5 / 255, 254.5 / 255, 1.0], dtype=dtype)
    save_image(image, tmp_path / "a.png")
    assert np.array_equal(as_image(image), read_image(tmp_path / "a.png"))
    assert np.array_equal(as_image(image.numpy()), read_image(tmp_path / "a.png"))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_multiplied_in_single(dtype: torch.dtype) -> None:
    image = torch.rand(3, 20, 20, generator=torch.Generator().manual_seed(2)).to(dtype)
    assert np.array_equal(as_image(image), as_image(image.float()))


def test_a_batch_is_its_images_and_one_of_it_is_that() -> None:
    batch = np.stack([FLOATS, 1 - FLOATS])
    first, second = as_images(batch)
    assert np.array_equal(first, COLOUR)
    assert np.array_equal(second, 255 - COLOUR)
    with pytest.raises(UsageError, match="a batch of 2 images where one is needed"):
        as_image(batch)


def test_the_callers_pixels_cannot_be_changed() -> None:
    mine = COLOUR.copy()
    with pytest.raises(ValueError, match="read-only"):
        as_image(mine)[0, 0] = 0
    mine[0, 0] = 1  # the caller still can


REFUSED: dict[str, tuple[Any, str]] = {
    "above one": (FLOATS + 0.1, r"float images are in \[0, 1\], this one reaches from .* to 1\."),
    "0 to 255 as floats": (FLOATS * 255, "clamp it, or give uint8"),
    "negative": (FLOATS - 0.5, r"float images are in \[0, 1\]"),
    "not a number": (np.full((3, 9, 9), np.nan), r"float images are in \[0, 1\]"),
    "int64": (COLOUR.astype(np.int64), "an array of int64 is ambiguous"),
    "uint16": (COLOUR.astype(np.uint16), "an array of uint16 is measured in 16 bits only"),
    "bool": (GRAY > 9, "an array of bool is ambiguous"),
    "int tensor": (torch.zeros(3, 9, 9, dtype=torch.int32), "an array of int32 is ambiguous"),
    "complex": (np.zeros((3, 9, 9), complex), "an array of complex128 is ambiguous"),
    "opacity": (np.zeros((9, 9, 4), np.uint8), r"not 9x9x4; take the opacity away first"),
    "channels first in uint8": (
        np.zeros((3, 9, 9), np.uint8),
        "uint8 arrays are H x W or H x W x 3, not 3x9x9",
    ),
    "channels last in floats": (COLOUR / 255, "put the channels first"),
    "either": (np.zeros((3, 9, 3)), "3x9x3 may be channels first or last"),
    "two channels": (np.zeros((2, 9, 9)), "with C = 1 or 3, not 2x9x9"),
    "one dimension": (np.zeros(9), "not 9"),
    "no dimension": (np.array(0.5), "not one number"),
    "five dimensions": (np.zeros((1, 1, 3, 9, 9)), "not 1x1x3x9x9"),
    "no pixels": (np.zeros((3, 0, 9)), "an array of 3x0x9 holds no pixels"),
    "an empty batch": (torch.zeros(0, 3, 9, 9), "an array of 0x3x9x9 holds no pixels"),
    "a list": ([1, 2], "a list is no image; give a path"),
    "nothing": (None, "a NoneType is no image"),
    "bytes": (b"abc", "a bytes is no image"),
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_is_ambiguous_is_refused_in_one_line(case: str) -> None:
    thing, message = REFUSED[case]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UsageError, match=message) as caught:
            as_images(thing)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mode", ["CMYK", "I;16", "F", "LAB"])
def test_pil_images_are_refused_as_their_files_are(mode: str) -> None:
    with pytest.raises(Unscorable, match="the PIL image: "):
        as_image(Image.new(mode, (9, 9)))


@pytest.mark.parametrize("tensor", [torch.zeros(9, 9).to_sparse(), torch.zeros(9, 9, device="meta")])
def test_tensors_without_plain_values_are_refused(tensor: torch.Tensor) -> None:
    with pytest.raises(UsageError, match="the tensor holds no plain values"):
        as_image(tensor)


def test_a_damaged_file_opened_by_the_caller_is_a_reason(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", picture(80, 80))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(Unscorable, match="the PIL image: damaged or unreadable"):
        as_image(Image.open(path))
    with pytest.raises(UserError, match=r"b\.png: no such file"):
        as_image(tmp_path / "b.png")

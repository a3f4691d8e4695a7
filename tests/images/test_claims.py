"""Small files that say that they are huge images; flat images, of which a byte stands for many pixels."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srbench.core.records import Unscorable
from srbench.images.codec import read_image
from tests.helpers import picture, save

HUGE = 12_000


def huge_png(data: bytes) -> bytes:
    header = b"IHDR" + struct.pack(">II", HUGE, HUGE) + data[24:29]
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


def huge_bmp(data: bytes) -> bytes:
    return data[:18] + struct.pack("<ii", HUGE, HUGE) + data[26:]


def huge_tiff(data: bytes) -> bytes:
    for tag in (256, 257):  # width and height, which Pillow writes as one 32-bit or 16-bit number
        place = next(
            data.index(struct.pack("<HHI", tag, kind, 1))
            for kind in (4, 3)
            if struct.pack("<HHI", tag, kind, 1) in data
        )
        data = data[:place] + struct.pack("<HHII", tag, 4, 1, HUGE) + data[place + 12 :]
    return data


@pytest.mark.filterwarnings("ignore:Image size")
@pytest.mark.parametrize("make", [huge_png, huge_bmp, huge_tiff], ids=["png", "bmp", "tiff"])
def test_a_small_file_that_says_it_is_huge(tmp_path: Path, make, request) -> None:  # type: ignore[no-untyped-def]
    path = save(tmp_path / f"a.{request.node.callspec.id}", picture(8, 8))
    path.write_bytes(make(path.read_bytes()))
    with Image.open(path) as image:
        assert image.size == (HUGE, HUGE)
    with pytest.raises(Unscorable, match="says that it is 12000x12000, but is small"):
        read_image(path)


@pytest.mark.parametrize("options", [{"format": "PNG"}, {"format": "TIFF", "compression": "tiff_deflate"}])
def test_a_flat_image_is_read(tmp_path: Path, options: dict[str, str]) -> None:
    flat = np.full((3000, 3000, 3), 7, np.uint8)
    Image.fromarray(flat).save(tmp_path / "flat", **options)  # type: ignore[arg-type]
    assert np.array_equal(read_image(tmp_path / "flat"), flat)

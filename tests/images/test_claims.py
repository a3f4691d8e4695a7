"""Small files that say that they are huge images; flat images, of which a byte stands for many pixels."""

from __future__ import annotations

import io
import resource
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
import tifffile
from PIL import Image

from srbench.core.records import Unscorable
from srbench.images.codec import read_image
from tests.helpers import picture, save

HUGE = 12_000
MEMORY = 200 * 1024  # kilobytes that a refusal may take


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
    with pytest.raises(Unscorable, match=r"is 12000x12000 pixels, which its \d+ bytes cannot hold: damaged"):
        read_image(path)


def flat(width: int, height: int, mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (width, height), 0 if mode == "1" else (90, 40, 7))


@pytest.mark.parametrize(
    "options",
    [
        {"format": "PNG"},
        {"format": "WEBP", "lossless": True, "method": 0, "quality": 0},
        {"format": "JPEG", "progressive": True},
        {"format": "TIFF", "compression": "tiff_deflate"},
        {"format": "TIFF", "compression": "tiff_lzw"},
        {"format": "TIFF", "compression": "zstd"},
    ],
    ids=lambda options: options.get("compression", options["format"]),
)
def test_a_flat_image_of_8k_is_read(tmp_path: Path, options: dict[str, Any]) -> None:
    flat(7680, 4320).save(tmp_path / "flat", **options)
    read = read_image(tmp_path / "flat")
    assert read.shape == (4320, 7680, 3)
    assert (read.min(axis=(0, 1)) == read.max(axis=(0, 1))).all()


@pytest.mark.parametrize("options", [{"format": "PNG"}, {"format": "TIFF", "compression": "group4"}])
def test_a_blank_page_of_8k_is_read(tmp_path: Path, options: dict[str, Any]) -> None:
    """A byte of Group 4 is eight rows."""
    flat(7680, 4320, "1").save(tmp_path / "flat", **options)
    assert not read_image(tmp_path / "flat").any()


@pytest.mark.filterwarnings("ignore:Image size")
def test_of_few_bytes_no_more_than_8k_is_read(tmp_path: Path) -> None:
    """A lossless WebP of a kilobyte may be any size up to 16383x16383, and would take 3 GB."""
    flat(64, 64).save(tmp_path / "a.webp", lossless=True)
    data = bytearray((tmp_path / "a.webp").read_bytes())
    start = data.index(b"VP8L") + 9  # WebP lossless bitstream, section 3: 14 bits of width - 1 and height - 1
    data[start : start + 4] = struct.pack("<I", (10_000 - 1) | (9_000 - 1) << 14)
    (tmp_path / "a.webp").write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Unscorable, match=r"10000x9000 pixels in \d+ bytes; .* 8K .* save it as PNG"):
        read_image(tmp_path / "a.webp")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY


def test_a_small_image_in_a_huge_tile(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, picture(32, 32), tile=(4608, 8192), compression="zlib")
    with pytest.raises(Unscorable, match=r"a\.tif: an image of 32x32 in a tile of 8192x4608; save it as PNG"):
        read_image(path)


def made_of_scans(width: int, height: int, scans: int) -> bytes:
    """A flat progressive JPEG and so many more scans: each refines all blocks and says that none changes."""
    coded = io.BytesIO()
    Image.new("L", (width, height), 90).save(coded, "JPEG", progressive=True)
    # ITU T.81, B.2.4.2 and G.1.2.2: one symbol, a run of 32767 blocks without changes, whose code is one bit.
    table = b"\xff\xc4" + struct.pack(">HB", 20, 0x10) + bytes([1, *[0] * 15, 0xE0])
    header = b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0, 1, 63, 0x10)
    runs = -(-(width // 8) * (height // 8) // 32767)
    scan = header + b"\x7f\xff\x00" * runs
    return coded.getvalue()[:-2] + table + scan * scans + b"\xff\xd9"


@pytest.mark.parametrize(("size", "scans"), [((64, 64), 500), ((7680, 4320), 60)])
def test_a_jpeg_of_too_many_scans(tmp_path: Path, size: tuple[int, int], scans: int) -> None:
    """Of a small image 500 are read, of one of 8K as many as take two seconds."""
    path = tmp_path / "a.jpg"
    path.write_bytes(made_of_scans(*size, scans))
    with pytest.raises(Unscorable, match=r"a\.jpg: a JPEG of .* in \d+ scans or more, .* save it as PNG"):
        read_image(path)


def test_a_jpeg_of_many_scans_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(made_of_scans(64, 64, 450))
    assert (read_image(path) == 90).all()


def test_scans_in_a_comment_are_none(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(picture(32, 32)).save(path, progressive=True, comment=b"\xff\xda" * 1000)
    assert read_image(path).shape == (32, 32, 3)

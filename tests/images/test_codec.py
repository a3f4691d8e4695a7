"""Reading, writing and converting images: every file that people bring is read as stated or refused."""

from __future__ import annotations

import io
import os
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin, features

from srbench.core.files import atomic_file, file_hash
from srbench.core.records import Unscorable
from srbench.images.codec import read_image, write_png
from srbench.images.pixels import crop_border, crop_to_multiple, pixel_hash
from tests.helpers import picture, save


@pytest.mark.parametrize("shape", [(7, 9), (8, 12), (5, 3), (7, 9, 3)])
@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8])
def test_crop_to_multiple_cuts_bottom_and_right(shape: tuple[int, ...], scale: int) -> None:
    image = np.arange(np.prod(shape)).reshape(shape)
    cut = crop_to_multiple(image, scale)
    assert cut.shape[:2] == (shape[0] // scale * scale, shape[1] // scale * scale)
    assert np.array_equal(cut, image[: cut.shape[0], : cut.shape[1]])


def test_crop_border() -> None:
    image = picture(9, 10)
    assert np.array_equal(crop_border(image, 4), image[4:5, 4:6])
    assert crop_border(image, 0) is not None
    assert crop_border(image, 0).shape == image.shape
    with pytest.raises(Unscorable, match=r"10x8 pixels leave nothing after a 4-pixel border crop"):
        crop_border(picture(8, 10), 4)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "ppm", "webp"])
def test_lossless_files_come_back_exactly(tmp_path: Path, suffix: str) -> None:
    image = picture(13, 17)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(image).save(path, **({"lossless": True} if suffix == "webp" else {}))
    read = read_image(path)
    assert read.dtype == np.uint8
    assert np.array_equal(read, image)


def test_gray_files_stay_two_dimensional(tmp_path: Path) -> None:
    gray = picture(8, 9, channels=1)
    assert np.array_equal(read_image(save(tmp_path / "a.png", gray)), gray)
    assert np.array_equal(read_image(save(tmp_path / "a.pgm", gray)), gray)


def test_palette_and_bilevel_images_are_expanded(tmp_path: Path) -> None:
    palette = Image.fromarray(picture(12, 12)).quantize(8)
    palette.save(tmp_path / "p.png")
    assert np.array_equal(read_image(tmp_path / "p.png"), np.asarray(palette.convert("RGB")))
    bits = np.eye(9, dtype=bool)
    Image.fromarray(bits).save(tmp_path / "b.png")
    assert np.array_equal(read_image(tmp_path / "b.png"), bits * np.uint8(255))


def test_opaque_alpha_is_dropped_and_transparency_refused(tmp_path: Path) -> None:
    image = picture(6, 6)
    alpha = np.full((6, 6, 1), 255, np.uint8)
    assert np.array_equal(read_image(save(tmp_path / "o.png", np.dstack([image, alpha]))), image)
    gray = image[..., 0]
    Image.fromarray(gray).convert("LA").save(tmp_path / "la.png")
    assert np.array_equal(read_image(tmp_path / "la.png"), gray)
    alpha[3, 3] = 254
    with pytest.raises(Unscorable, match=r"t\.png: has transparent pixels; flatten"):
        read_image(save(tmp_path / "t.png", np.dstack([image, alpha])))


@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_a_transparent_colour_is_transparency(tmp_path: Path, mode: str) -> None:
    image = Image.new(mode, (4, 4), 0 if mode != "RGB" else (1, 2, 3))
    image.save(tmp_path / "t.png", transparency=0 if mode != "RGB" else (1, 2, 3))
    with pytest.raises(Unscorable, match="transparent"):
        read_image(tmp_path / "t.png")
    image.save(tmp_path / "unused.png", transparency=9 if mode != "RGB" else (9, 9, 9))
    assert read_image(tmp_path / "unused.png").shape[:2] == (4, 4)


def sixteen_bit_png(color_type: int) -> bytes:
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[color_type]
    raw = b"".join(b"\0" + bytes(random.Random(row).randbytes(8 * 2 * channels)) for row in range(8))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 8, 8, 16, color_type, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("color_type", [0, 2, 4, 6])
def test_sixteen_bit_png_is_refused(tmp_path: Path, color_type: int) -> None:
    (tmp_path / "deep.png").write_bytes(sixteen_bit_png(color_type))
    with pytest.raises(Unscorable, match=r"deep\.png: more than 8 bits per channel; convert"):
        read_image(tmp_path / "deep.png")


@pytest.mark.parametrize("kind", ["P5", "P6"])
def test_sixteen_bit_pnm_is_refused(tmp_path: Path, kind: str) -> None:
    channels = 3 if kind == "P6" else 1
    (tmp_path / "deep.ppm").write_bytes(f"{kind} 4 4 65535\n".encode() + bytes(range(2 * 16 * channels)))
    with pytest.raises(Unscorable, match="more than 8 bits"):
        read_image(tmp_path / "deep.ppm")


def test_float_and_sixteen_bit_tiff_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.ones((4, 4), np.float32)).save(tmp_path / "f.tif")
    Image.fromarray(np.ones((4, 4), np.uint16)).save(tmp_path / "s.tif")
    for name in ("f.tif", "s.tif"):
        with pytest.raises(Unscorable, match="more than 8 bits"):
            read_image(tmp_path / name)


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_cmyk_is_refused_with_the_reason(tmp_path: Path, suffix: str) -> None:
    Image.new("CMYK", (8, 8), (10, 20, 30, 40)).save(tmp_path / f"c.{suffix}")
    with pytest.raises(Unscorable, match=r"CMYK colours; convert it to 8-bit RGB first"):
        read_image(tmp_path / f"c.{suffix}")


def test_lab_is_refused(tmp_path: Path) -> None:
    Image.new("LAB", (8, 8)).save(tmp_path / "l.tif")
    with pytest.raises(Unscorable, match="LAB"):
        read_image(tmp_path / "l.tif")


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(Unscorable, match=r"no\.png: no such file"):
        read_image(tmp_path / "no.png")
    (tmp_path / "text.png").write_text("this is not an image\n")
    with pytest.raises(Unscorable, match=r"text\.png: not an image"):
        read_image(tmp_path / "text.png")
    (tmp_path / "empty.png").write_bytes(b"")
    with pytest.raises(Unscorable, match=r"empty\.png"):
        read_image(tmp_path / "empty.png")
    with pytest.raises(Unscorable):
        read_image(tmp_path)


def reason(path: Path) -> str:
    """Why a file is refused; empty where it is read. Any other error goes through."""
    try:
        return "" if read_image(path).dtype == np.uint8 else "not uint8"
    except Unscorable as error:
        return str(error)


@pytest.mark.parametrize("suffix", ["png", "jpeg", "bmp", "tiff", "ppm", "webp"])
@pytest.mark.filterwarnings("ignore")
def test_every_truncation_is_a_reason_or_an_image(tmp_path: Path, suffix: str) -> None:
    whole = io.BytesIO()
    Image.fromarray(picture(16, 16)).save(whole, format=suffix)
    data = whole.getvalue()
    path = tmp_path / f"t.{suffix}"
    reasons = []
    for length in range(0, len(data), max(1, len(data) // 60)):
        path.write_bytes(data[:length])
        reasons.append(reason(path))
    refused = [text for text in reasons if text]
    assert len(refused) > 20
    assert all(text.startswith(path.name) for text in refused)


@pytest.mark.parametrize("suffix", ["png", "jpeg", "bmp", "tiff", "ppm", "webp"])
@pytest.mark.filterwarnings("ignore")
def test_damaged_bytes_are_a_reason_or_an_image(tmp_path: Path, suffix: str) -> None:
    whole = io.BytesIO()
    Image.fromarray(picture(16, 16)).save(whole, format=suffix)
    generator = random.Random(3)
    path = tmp_path / f"d.{suffix}"
    for _ in range(80):
        data = bytearray(whole.getvalue())
        for _ in range(generator.randint(1, 6)):
            data[generator.randrange(min(len(data), 120))] = generator.randrange(256)
        path.write_bytes(bytes(data))
        assert reason(path) != "not uint8"


@pytest.mark.parametrize("kind", ["gif", "dds", "spider", "eps", "avif"])
@pytest.mark.filterwarnings("ignore")
def test_formats_that_nobody_scores_are_not_opened_under_another_name(tmp_path: Path, kind: str) -> None:
    """PostScript would start Ghostscript; damaged DDS, AVIF and SPIDER files fail in any way."""
    if kind == "avif" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    image = Image.fromarray(
        picture(16, 16, channels=1).astype(np.float32) if kind == "spider" else picture(16, 16)
    )
    image.save(tmp_path / f"a.{kind}", format=kind)  # PIL's SPIDER writer takes the suffix for its own
    path = (tmp_path / f"a.{kind}").rename(tmp_path / "a.png")
    assert reason(path) == "a.png: not an image that can be read"


@pytest.mark.parametrize("error", [RuntimeError, KeyError, IndexError, struct.error, MemoryError, TypeError])
def test_every_error_of_a_decoder_is_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    path = save(tmp_path / "a.png", picture(8, 8))

    def fail(*_: object) -> None:
        raise error("bad \x1b tile")

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", fail)
    assert reason(path).startswith("a.png: damaged or unreadable (")
    assert "\x1b" not in reason(path)


def test_too_many_pixels_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    with pytest.raises(Unscorable, match="megapixels"):
        read_image(save(tmp_path / "large.png", picture(10, 10)))


def test_write_png_round_trip_and_permissions(tmp_path: Path) -> None:
    image = picture(9, 7)
    path = tmp_path / "new" / "folder" / "a.png"
    assert write_png(path, image) == file_hash(path)
    assert np.array_equal(read_image(path), image)
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask
    assert [p.name for p in path.parent.iterdir()] == ["a.png"]


def test_atomic_file_leaves_the_old_content_and_no_litter_on_failure(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail_half_way() -> None:
        with atomic_file(path) as temporary:
            temporary.write_text("half")
            assert path.read_text() == "old"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_pixel_hash_sees_shape_type_and_pixels_only(tmp_path: Path) -> None:
    image = picture(6, 8)
    assert pixel_hash(image) == pixel_hash(np.asfortranarray(image))
    assert pixel_hash(image) == pixel_hash(image[::-1][::-1])
    assert pixel_hash(image) != pixel_hash(image.reshape(8, 6, 3))
    assert pixel_hash(image) != pixel_hash(image.view(np.int8))
    changed = image.copy()
    changed[0, 0, 0] ^= 1
    assert pixel_hash(image) != pixel_hash(changed)


def test_file_hash_is_sha256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")  # the example of FIPS 180-2
    assert file_hash(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_folder_is_no_image(tmp_path: Path):
    with pytest.raises(Unscorable, match="a folder, not an image"):
        read_image(tmp_path)

"""Reading and writing images of 8 and 16 bits.

Arrays are uint8 (0 to 255) or uint16 (0 to 65535), H x W for grayscale files and H x W x 3 (RGB) for colour.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from srbench.core.files import atomic_file
from srbench.core.records import Unscorable
from srbench.core.text import first_line
from srbench.images.png import encode_png
from srbench.images.sixteen import (
    GRAY_MODES,
    encode_sixteen,
    refuse_other_kinds,
    sixteen_colour,
    sixteen_gray,
)

if TYPE_CHECKING:
    from PIL import Image

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".webp"})
# Files are told by their content: PostScript, for one, would start Ghostscript under any name.
_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "PPM", "WEBP")
# Values that one byte may stand for at most: 1032 in deflate, 1340 in TIFF's LZW, 3 x 512 in JPEG (a bit for
# a block of 64 pixels); eight times as many in one channel, where a value may be a bit.
_PER_BYTE, _PER_BYTE_OF_ONE = 1536, 8 * 1536
# In other codings a few bytes are a flat image of any size: so much (8K) is believed of them.
_BELIEVED = 8192 * 4320
_BOUNDED = ("PNG", "JPEG", "PPM")
_BOUNDED_TIFF = ("raw", "packbits", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "jpeg", "tiff_jpeg")
# TIFF 6.0
_BITS_PER_SAMPLE, _SAMPLE_FORMAT, _UNSIGNED = 258, 339, 1
_TILE_WIDTH, _TILE_HEIGHT, _TILE_PIXELS = 322, 323, 4096 * 4096
# Encoders write 10 or so for a progressive file; libjpeg-turbo's own programs can be told to stop at 500
# (`-maxscans`), which is what its fuzzers do.
_USUAL_SCANS, _MOST_SCANS = 20, 500
# A scan takes a nanosecond a pixel where it does nothing: two seconds in all.
_PIXELS_OF_SCANS = 2_000_000_000
# ITU T.81, table B.1: the markers that a reader does not pass over. What is between two of them, coded data
# for one, never looks like one.
_JPEG_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd8-\xfe])")
_JPEG_START, _JPEG_END, _JPEG_SCAN = 0xD8, 0xD9, 0xDA
Bits = Literal[8, 16]
STEP = 257  # 16-bit steps of one 8-bit grey level: 255 becomes 65535


@contextlib.contextmanager
def opened_image(path: Path) -> Iterator[Image.Image]:
    """A file as an image of PIL, its header read; every way in which it, or decoding it, fails is
    `Unscorable`."""
    from PIL import Image

    with _explained(path.name), Image.open(path, formats=_FORMATS) as image:
        _refuse_claims(path, image)
        if image.format in ("JPEG", "MPO"):  # MPO is a JPEG with further images behind it
            _refuse_scans(path, image.size)
        yield image


def _refuse_claims(path: Path, image: Image.Image) -> None:
    """More pixels than the file's bytes can, or are believed to, stand for: before memory is taken."""
    stored, channels = path.stat().st_size, len(image.getbands())
    width, height = image.size
    _refuse_tiles(path.name, image)
    most = stored * (_PER_BYTE_OF_ONE if channels == 1 else _PER_BYTE)
    if width * height * channels <= most:
        return
    claim = f"{path.name}: says that it is {width}x{height} pixels"
    if _is_bounded(image):
        raise Unscorable(f"{claim}, which its {stored} bytes cannot hold: damaged")
    if width * height > _BELIEVED:
        raise Unscorable(
            f"{claim} in {stored} bytes; of so few bytes more than 8K (8192x4320) is not read, so that no "
            "small file takes all memory; save it as PNG"
        )


def _refuse_tiles(name: str, image: Image.Image) -> None:
    """A tile of a TIFF is decoded whole, however small the image in its corner."""
    width, height = ((_tiff_tag(image, tag) or (0,))[-1] for tag in (_TILE_WIDTH, _TILE_HEIGHT))
    if width * height > max(image.width * image.height, _TILE_PIXELS):
        raise Unscorable(
            f"{name}: an image of {image.width}x{image.height} in a tile of {width}x{height}; save it as PNG"
        )


def _refuse_scans(path: Path, size: tuple[int, int]) -> None:
    """`Unscorable` for a JPEG file of this width and height whose scans take too long to decode; it is read,
    but not decoded."""
    width, height = size
    most = max(_USUAL_SCANS, min(_MOST_SCANS, _PIXELS_OF_SCANS // max(width * height, 1)))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        scans = _scans(data, most)
    if scans > most:
        raise Unscorable(
            f"{path.name}: a JPEG of {width}x{height} in {scans} scans or more, where some ten are usual; "
            "save it as PNG"
        )


def _scans(data: mmap.mmap, most: int) -> int:
    """The scans of the first image in `data`, counted up to one more than `most`."""
    place = scans = 0
    while scans <= most and (found := _JPEG_MARKER.search(data, place)):
        place, marker = found.end(), found[1][0]
        if marker == _JPEG_END:
            break
        scans += marker == _JPEG_SCAN
        if marker != _JPEG_START:  # the others are followed by their length, which may hold anything
            place += int.from_bytes(data[place : place + 2], "big")
    return scans


def _is_bounded(image: Image.Image) -> bool:
    """Whether a byte of this file's coding can stand for so many pixels only."""
    if image.format == "TIFF":
        return image.info.get("compression") in _BOUNDED_TIFF
    if image.format == "BMP":
        return all(tile[0] == "raw" for tile in getattr(image, "tile", ()))
    return image.format in _BOUNDED


@contextlib.contextmanager
def _explained(name: str) -> Iterator[None]:
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except Unscorable:
        raise
    except FileNotFoundError:
        raise Unscorable(f"{name}: no such file") from None
    except IsADirectoryError:
        raise Unscorable(f"{name}: a folder, not an image") from None
    except UnidentifiedImageError:
        raise Unscorable(f"{name}: not an image that can be read") from None
    except Image.DecompressionBombError:
        raise Unscorable(f"{name}: more than 179 megapixels") from None
    except Exception as error:  # decoders of damaged files fail in nearly every way
        raise Unscorable(f"{name}: damaged or unreadable ({first_line(error)})") from None


def read_image(path: Path) -> np.ndarray:
    """Decodes an 8-bit image file: uint8, H x W (grayscale) or H x W x 3 (RGB).

    Palette and bilevel images are expanded, an alpha channel is dropped where it is opaque everywhere.
    Raises `Unscorable` for what cannot be converted without changing numbers (16-bit, CMYK, Lab,
    transparency) and for missing, truncated or non-image files.
    """
    with opened_image(path) as image:
        return pillow_pixels(path.name, image)


def pillow_pixels(name: str, image: Image.Image) -> np.ndarray:
    """The pixels of a PIL image, opened or made in memory, as `read_image` gives those of a file.

    `name` is what the messages call it. Raises `Unscorable` for what `read_image` refuses.
    """
    with _explained(name):  # PIL decodes when pixels are asked for
        _refuse_other_depths(name, image)
        return _pixels(name, image)


def _refuse_other_depths(name: str, image: Image.Image) -> None:
    if _exceeds_a_byte(image):
        raise Unscorable(
            f"{name}: more than 8 bits per channel; convert it to 8-bit RGB first, or measure it "
            "in 16 bits (--bits 16, in Python protocol='srbench-16bit')"
        )
    if _tiff_tag(image, _SAMPLE_FORMAT) not in (None, (_UNSIGNED,)):
        raise Unscorable(f"{name}: a TIFF of signed numbers; convert it to 8-bit RGB first")
    if image.mode in ("CMYK", "LAB", "HSV", "YCbCr"):
        raise Unscorable(
            f"{name}: {image.mode} colours; convert it to 8-bit RGB first (the result depends on the profile)"
        )


def _exceeds_a_byte(image: Image.Image) -> bool:
    """Whether a file has more than 8 bits per channel, also where PIL would cut them silently."""
    # Of 16-bit RGB only the raw mode of the tile tells, of a TIFF in planes only its own tag.
    depths = _tiff_tag(image, _BITS_PER_SAMPLE) or ()
    deep_mode = image.mode.startswith(("I", "F")) or ";16" in _raw_modes(image)
    return deep_mode or any(depth > 8 for depth in depths) or _exceeds_byte_range(image)


def _raw_modes(image: Image.Image) -> str:
    """How the file holds its pixels, in PIL's words; nothing once they were read."""
    return " ".join(str(tile[3]) for tile in getattr(image, "tile", ()))


def _tiff_tag(image: Image.Image, tag: int) -> tuple[int, ...] | None:
    """The different values of a tag of a TIFF file; None for other files and where it is not there."""
    value = getattr(image, "tag_v2", {}).get(tag)
    if value is None:
        return None
    return tuple(sorted(set(value))) if isinstance(value, tuple) else (value,)


def _exceeds_byte_range(image: Image.Image) -> bool:
    # A colour PPM says its largest value beside the raw mode; PIL scales it to 255.
    tiles = getattr(image, "tile", ())
    limits = [tile[3][1] for tile in tiles if tile[0].startswith("ppm") and isinstance(tile[3], tuple)]
    return any(isinstance(limit, int) and limit > 255 for limit in limits)


def _pixels(name: str, image: Image.Image) -> np.ndarray:
    if image.mode == "1":
        image = image.convert("L")
    elif image.mode in ("L", "RGB") and "transparency" in image.info:
        image = image.convert("LA" if image.mode == "L" else "RGBA")
    elif image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode == "PA":
        image = image.convert("RGBA")
    if image.mode in ("RGBA", "LA", "RGBa", "La"):
        if image.getchannel(image.getbands()[-1]).getextrema() != (255, 255):
            raise Unscorable(f"{name}: has transparent pixels; flatten it onto a background first")
        image = image.convert("L" if image.mode.startswith("L") else "RGB")
    if image.mode not in ("L", "RGB"):
        raise Unscorable(f"{name}: colour mode {image.mode} is not supported; convert it to 8-bit RGB first")
    return np.asarray(image)


def write_png(path: Path, image: np.ndarray) -> str:
    """Writes uint8 pixels as PNG so that `path` is at every moment absent or complete; returns the SHA-256 of
    the file that was written."""
    return _written(path, encode_png(image))


def _written(path: Path, data: bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary:
        temporary.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def read_in_bits(path: Path, bits: Bits) -> np.ndarray:
    """An image file as `read_image` or, in 16 bits, `read_sixteen` reads it."""
    return read_sixteen(path) if bits == 16 else read_image(path)


def read_to_show(path: Path) -> np.ndarray:
    """An image file of 8 or 16 bits as uint8, for pictures that people look at: 16 bits are rounded."""
    with opened_image(path) as image:
        deep = _exceeds_a_byte(image)
    if not deep:
        return read_image(path)
    return ((read_sixteen(path).astype(np.uint32) + STEP // 2) // STEP).astype(np.uint8)


def write_in_bits(path: Path, image: np.ndarray) -> str:
    """Writes uint8 or uint16 pixels as PNG, as `write_png` does."""
    if image.dtype == np.uint8:
        return write_png(path, image)
    return _written(path, encode_sixteen(path.name, image))


def read_sixteen(path: Path) -> np.ndarray:
    """Decodes an 8- or 16-bit image file as uint16; 8-bit values are multiplied by 257, which is exact.

    16-bit files are PNG or TIFF, grayscale or RGB without transparency. Raises `Unscorable` for other
    depths, for what `read_image` refuses for another reason than its depth, and where OpenCV, which 16-bit
    colour needs, is not installed.
    """
    with opened_image(path) as image:
        if _exceeds_a_byte(image) and image.mode not in GRAY_MODES:
            refuse_other_kinds(path.name, image, _tiff_tag(image, _BITS_PER_SAMPLE))
            # PIL makes four channels of gray with opacity, too.
            return sixteen_colour(path, image, gray=_raw_modes(image).startswith("LA"))
        return pillow_in_bits(path.name, image, 16)


def pillow_in_bits(name: str, image: Image.Image, bits: Bits) -> np.ndarray:
    """The pixels of a PIL image as `pillow_pixels` or, in 16 bits, `read_sixteen` gives them.

    `name` is what the messages call it. PIL knows 16 bits of gray only: `Unscorable` for such colour.
    """
    if bits == 8:
        return pillow_pixels(name, image)
    if not _exceeds_a_byte(image):
        return pillow_pixels(name, image).astype(np.uint16) * STEP
    refuse_other_kinds(name, image, _tiff_tag(image, _BITS_PER_SAMPLE))
    return sixteen_gray(name, image)

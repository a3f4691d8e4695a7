"""Reading and writing 8-bit images.

Arrays are uint8, H x W for grayscale files and H x W x 3 (RGB) for colour, 0 to 255.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from srbench.core.files import atomic_file
from srbench.core.records import Unscorable
from srbench.core.text import first_line
from srbench.images.png import encode_png

if TYPE_CHECKING:
    from PIL import Image

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".webp"})
# Files are told by their content: PostScript, for one, would start Ghostscript under any name.
_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "PPM", "WEBP")
BITS_PER_SAMPLE, _SAMPLE_FORMAT, _UNSIGNED = 258, 339, 1  # TIFF 6.0


@contextlib.contextmanager
def opened_image(path: Path) -> Iterator[Image.Image]:
    """A file as an image of PIL, its header read; every way in which it, or decoding it, fails is
    `Unscorable`."""
    from PIL import Image

    with _explained(path.name), Image.open(path, formats=_FORMATS) as image:
        yield image


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
    if exceeds_a_byte(image):
        raise Unscorable(
            f"{name}: more than 8 bits per channel; convert it to 8-bit RGB first, or measure it "
            "in 16 bits (--bits 16, in Python protocol='srbench-16bit')"
        )
    if tiff_tag(image, _SAMPLE_FORMAT) not in (None, (_UNSIGNED,)):
        raise Unscorable(f"{name}: a TIFF of signed numbers; convert it to 8-bit RGB first")
    if image.mode in ("CMYK", "LAB", "HSV", "YCbCr"):
        raise Unscorable(
            f"{name}: {image.mode} colours; convert it to 8-bit RGB first (the result depends on the profile)"
        )


def exceeds_a_byte(image: Image.Image) -> bool:
    """Whether a file has more than 8 bits per channel, also where PIL would cut them silently."""
    # Of 16-bit RGB only the raw mode of the tile tells, of a TIFF in planes only its own tag.
    depths = tiff_tag(image, BITS_PER_SAMPLE) or ()
    deep_mode = image.mode.startswith(("I", "F")) or ";16" in raw_modes(image)
    return deep_mode or any(depth > 8 for depth in depths) or _exceeds_byte_range(image)


def raw_modes(image: Image.Image) -> str:
    """How the file holds its pixels, in PIL's words; nothing once they were read."""
    return " ".join(str(tile[3]) for tile in getattr(image, "tile", ()))


def tiff_tag(image: Image.Image, tag: int) -> tuple[int, ...] | None:
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


def write_png(path: Path, image: np.ndarray) -> None:
    """Writes uint8 pixels as PNG so that `path` is at every moment absent or complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary:
        temporary.write_bytes(encode_png(image))

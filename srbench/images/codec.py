"""Reading and writing 8-bit images.

Arrays are uint8, H x W for grayscale files and H x W x 3 (RGB) for colour, 0 to 255.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from srbench.core.files import atomic_file
from srbench.core.records import Unscorable

if TYPE_CHECKING:
    from PIL import Image

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".webp"})


def read_image(path: Path) -> np.ndarray:
    """Decodes an 8-bit image file: uint8, H x W (grayscale) or H x W x 3 (RGB).

    Palette and bilevel images are expanded, an alpha channel is dropped where it is opaque everywhere.
    Raises `Unscorable` for what cannot be converted without changing numbers (16-bit, CMYK, Lab,
    transparency) and for missing, truncated or non-image files.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return pillow_pixels(path.name, image)
    except FileNotFoundError:
        raise Unscorable(f"{path.name}: no such file") from None
    except UnidentifiedImageError:
        raise Unscorable(f"{path.name}: not an image that can be read") from None
    except Image.DecompressionBombError:
        raise Unscorable(f"{path.name}: more than 179 megapixels") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Unscorable(f"{path.name}: damaged or unreadable ({error})") from None


def pillow_pixels(name: str, image: Image.Image) -> np.ndarray:
    """The pixels of a PIL image, opened or made in memory, as `read_image` gives those of a file.

    `name` is what the messages call it. Raises `Unscorable` for what `read_image` refuses.
    """
    _refuse_other_depths(name, image)
    try:
        return _pixels(name, image)
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # PIL decodes when pixels are asked for
        raise Unscorable(f"{name}: damaged or unreadable ({error})") from None


def _refuse_other_depths(name: str, image: Image.Image) -> None:
    # PIL silently cuts 16-bit RGB files to 8 bits; only the raw mode of the tile tells.
    mode = getattr(image, "mode", "")
    raw_modes = " ".join(str(tile[3]) for tile in getattr(image, "tile", ()))
    if mode.startswith(("I", "F")) or ";16" in raw_modes or _exceeds_byte_range(image):
        raise Unscorable(f"{name}: more than 8 bits per channel; convert it to 8-bit RGB first")
    if mode in ("CMYK", "LAB", "HSV", "YCbCr"):
        raise Unscorable(
            f"{name}: {mode} colours; convert it to 8-bit RGB first (the result depends on the profile)"
        )


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
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    # Run-length coding (3) is four times as fast as the default, for files of about the same size.
    with atomic_file(path) as temporary:
        Image.fromarray(image).save(temporary, format="PNG", compress_level=1, compress_type=3)

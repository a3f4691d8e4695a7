"""Reading, writing and converting 8-bit images.

Arrays are uint8, H x W for grayscale files and H x W x 3 (RGB) for colour, 0 to 255.
Luma conversions of 8-bit images are rounded in integer arithmetic: computed in floating point, 143 of
the 2^24 RGB triples fall on the wrong side of one half.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Literal

import numpy as np

from srbench.core.records import Unscorable

LumaKind = Literal["bt601-rounded", "bt601", "bt709-rounded", "rgb2gray-rounded"]
GrayRule = Literal["full-range", "replicate"]

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".webp"})

# Rounded conversions as (R, G, B, offset, divisor): half up of (weights . RGB + offset) / divisor.
_RATIONAL_LUMA: dict[LumaKind, tuple[int, int, int, int, int]] = {
    "bt601-rounded": (65481, 128553, 24966, 16 * 255_000, 255_000),  # MATLAB rgb2ycbcr, uint8 in
    "bt709-rounded": (219 * 2126, 219 * 7152, 219 * 722, 16 * 2_550_000, 2_550_000),  # daala's png2y4m
}
# MATLAB's rgb2gray: the first row of the inverse of the NTSC matrix, as its documentation prints it.
_RGB2GRAY = (0.298936021293775, 0.587043074451121, 0.114020904255103)


def read_image(path: Path) -> np.ndarray:
    """Decodes an 8-bit image file: uint8, H x W (grayscale) or H x W x 3 (RGB).

    Palette and bilevel images are expanded, an alpha channel is dropped where it is opaque everywhere.
    Raises `Unscorable` for what cannot be converted without changing numbers (16-bit, CMYK, Lab,
    transparency) and for missing, truncated or non-image files.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            _refuse_other_depths(path, image)
            return _pixels(path, image)
    except FileNotFoundError:
        raise Unscorable(f"{path.name}: no such file") from None
    except UnidentifiedImageError:
        raise Unscorable(f"{path.name}: not an image that can be read") from None
    except Image.DecompressionBombError:
        raise Unscorable(f"{path.name}: more than 179 megapixels") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Unscorable(f"{path.name}: damaged or unreadable ({error})") from None


def _refuse_other_depths(path: Path, image: object) -> None:
    # PIL silently cuts 16-bit RGB files to 8 bits; only the raw mode of the tile tells.
    mode = getattr(image, "mode", "")
    raw_modes = " ".join(str(tile[3]) for tile in getattr(image, "tile", ()))
    if mode.startswith(("I", "F")) or ";16" in raw_modes or _exceeds_byte_range(image):
        raise Unscorable(f"{path.name}: more than 8 bits per channel; convert it to 8-bit RGB first")
    if mode in ("CMYK", "LAB", "HSV", "YCbCr"):
        raise Unscorable(
            f"{path.name}: {mode} colours; convert it to 8-bit RGB first (the result depends on the profile)"
        )


def _exceeds_byte_range(image: object) -> bool:
    # A colour PPM says its largest value beside the raw mode; PIL scales it to 255.
    tiles = getattr(image, "tile", ())
    limits = [tile[3][1] for tile in tiles if tile[0].startswith("ppm") and isinstance(tile[3], tuple)]
    return any(isinstance(limit, int) and limit > 255 for limit in limits)


def _pixels(path: Path, image: object) -> np.ndarray:
    from PIL import Image

    assert isinstance(image, Image.Image)
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
            raise Unscorable(f"{path.name}: has transparent pixels; flatten it onto a background first")
        image = image.convert("L" if image.mode.startswith("L") else "RGB")
    if image.mode not in ("L", "RGB"):
        raise Unscorable(
            f"{path.name}: colour mode {image.mode} is not supported; convert it to 8-bit RGB first"
        )
    return np.asarray(image)


def write_png(path: Path, image: np.ndarray) -> None:
    """Writes uint8 pixels as PNG so that `path` is at every moment absent or complete."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    # Run-length coding (3) is four times as fast as the default, for files of about the same size.
    with atomic_file(path) as temporary:
        Image.fromarray(image).save(temporary, format="PNG", compress_level=1, compress_type=3)


class atomic_file:  # noqa: N801 - reads as a statement
    """Gives a temporary path beside `path`, moved onto it when the block ends without an error."""

    def __init__(self, path: Path) -> None:
        self._path = path
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        os.close(handle)
        self._temporary = Path(name)

    def __enter__(self) -> Path:
        return self._temporary

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self._temporary.unlink(missing_ok=True)
            return
        umask = os.umask(0)
        os.umask(umask)
        self._temporary.chmod(0o666 & ~umask)
        self._temporary.replace(self._path)


def as_rgb(image: np.ndarray) -> np.ndarray:
    """H x W x 3: grayscale is replicated to three equal channels."""
    return np.repeat(image[:, :, None], 3, axis=2) if image.ndim == 2 else image


def crop_to_multiple(image: np.ndarray, scale: int) -> np.ndarray:
    """Cuts bottom rows and right columns so that both sides are multiples of `scale` (`modcrop`)."""
    height, width = image.shape[:2]
    return image[: height - height % scale, : width - width % scale]


def crop_border(image: np.ndarray, border: int) -> np.ndarray:
    """Removes `border` pixels on each side; raises `Unscorable` where nothing would be left."""
    height, width = image.shape[:2]
    if min(height, width) <= 2 * border:
        raise Unscorable(f"{width}x{height} pixels leave nothing after a {border}-pixel border crop")
    return image[border : height - border, border : width - border]


def luma(image: np.ndarray, kind: LumaKind, *, gray: GrayRule) -> np.ndarray:
    """The luma that a protocol measures: H x W, uint8 (rounded kinds) or float64 ("bt601").

    "bt601-rounded" is MATLAB's `rgb2ycbcr` of a uint8 image, "bt601" of a double image (both 16 to 235);
    "bt709-rounded" is the daala tools' (16 to 235); "rgb2gray-rounded" is MATLAB's `rgb2gray` (0 to 255).
    A grayscale image is its own luma under `gray="full-range"` and three equal channels under
    "replicate".
    """
    if image.ndim == 2:
        if gray == "full-range":
            return image.astype(np.float64) if kind == "bt601" else image
        image = as_rgb(image)
    if kind == "bt601":
        red, green, blue = (image[..., channel].astype(np.float64) for channel in range(3))
        return 16.0 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255.0
    if kind == "rgb2gray-rounded":
        return matlab_gray(image)
    return _rational_luma(image, kind)


def matlab_gray(image: np.ndarray) -> np.ndarray:
    """MATLAB's `rgb2gray` of a uint8 image: uint8, H x W, 0 to 255, rounded half up."""
    if image.ndim == 2:
        return image
    red, green, blue = (weight * image[..., channel] for channel, weight in enumerate(_RGB2GRAY))
    return np.floor(red + green + blue + 0.5).astype(np.uint8)


def _rational_luma(image: np.ndarray, kind: LumaKind) -> np.ndarray:
    from srbench.images.kernels import rational_luma

    out = np.empty(image.shape[:2], np.uint8)
    rational_luma(image, *_RATIONAL_LUMA[kind], out)
    return out


def pixel_hash(image: np.ndarray) -> str:
    """SHA-256 of the shape and the pixels: equal exactly for equal images, however they were stored."""
    digest = hashlib.sha256(repr((image.shape, str(image.dtype))).encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

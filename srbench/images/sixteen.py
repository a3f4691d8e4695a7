"""Files of 16 bits: PIL reads gray, and of colour the high bytes; OpenCV decodes it, and both must agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from srbench.core.records import Unscorable

if TYPE_CHECKING:
    from PIL import Image

GRAY_MODES = ("I;16", "I;16B", "I;16L", "I;16N")
# TIFF 6.0
_PLANES, _IN_PLANES, _PHOTOMETRIC, _WHITE_IS_ZERO = 284, 2, 262, 0


def refuse_other_kinds(name: str, image: Image.Image, depths: tuple[int, ...] | None) -> None:
    """What is deeper than 8 bits, but no PNG or TIFF of 16-bit gray or RGB in one plane.

    `depths` are the different bits per sample of a TIFF file.
    """
    kind = image.format in ("PNG", "TIFF") and image.mode in (*GRAY_MODES, "RGB", "RGBA")
    if not kind or (depths or (16,)) != (16,):
        raise Unscorable(
            f"{name}: of more than 8 bits only unsigned 16-bit gray or RGB in PNG and TIFF is read; "
            "save it as a 16-bit PNG"
        )
    tags = getattr(image, "tag_v2", {})
    if tags.get(_PLANES) == _IN_PLANES:
        raise Unscorable(f"{name}: a 16-bit TIFF with colours in separate planes; save it as a 16-bit PNG")
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        raise Unscorable(f"{name}: a 16-bit TIFF whose 0 is white; save it as a 16-bit PNG")


def sixteen_gray(name: str, image: Image.Image) -> np.ndarray:
    """The pixels of 16-bit gray, uint16; PIL has cut those of colour, which are `Unscorable`."""
    if image.mode not in GRAY_MODES:
        raise Unscorable(f"{name}: PIL cuts 16-bit colour to 8 bits; give the file's path or a uint16 array")
    pixels = np.asarray(image).astype(np.uint16)
    if (see_through := image.info.get("transparency")) is not None and (pixels == see_through).any():
        raise _transparent(name)
    return pixels


def sixteen_colour(path: Path, image: Image.Image, *, gray: bool) -> np.ndarray:
    """16-bit RGB, or (`gray`) gray with opacity, of which PIL reads the high bytes."""
    pixels = decode_sixteen(path, np.asarray(image))
    if pixels.shape[2] == 4 and pixels[..., 3].min() < 65535:
        raise _transparent(path.name)
    return np.ascontiguousarray(pixels[..., 0] if gray else pixels[..., :3])


def _transparent(name: str) -> Unscorable:
    return Unscorable(f"{name}: has transparent pixels; flatten it onto a background first")


def encode_sixteen(name: str, image: np.ndarray) -> bytes:
    """A PNG file of uint16 pixels, H x W or H x W x 3 (RGB)."""
    cv2 = opencv(name)
    # Run-length coding, as for 8 bits.
    how = [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE, cv2.IMWRITE_PNG_COMPRESSION, 1]
    made, encoded = cv2.imencode(".png", image if image.ndim == 2 else image[..., ::-1], how)
    assert made
    coded: bytes = encoded.tobytes()
    return coded


def decode_sixteen(path: Path, high: np.ndarray) -> np.ndarray:
    """What OpenCV reads of a 16-bit file, uint16, H x W x 3 (RGB) or 4 (with opacity).

    `high` is what PIL read of it, uint8. Raises `Unscorable` where the two differ.
    """
    cv2 = opencv(path.name)
    decoded = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype != np.uint16 or decoded.shape != high.shape:
        raise Unscorable(f"{path.name}: a 16-bit file of a kind that cannot be read; save it as plain RGB")
    order = [2, 1, 0, 3][: high.shape[2]]  # OpenCV's are BGR
    pixels = decoded[..., order].astype(np.uint16)
    if not np.array_equal(pixels >> 8, high):
        raise Unscorable(f"{path.name}: two decoders of this 16-bit file disagree; save it as plain RGB")
    return pixels


def opencv(name: str) -> Any:
    """OpenCV; `Unscorable` for the file `name` where it is not installed."""
    try:
        import cv2
    except ImportError:
        raise Unscorable(f"{name}: 16-bit images need OpenCV: pip install opencv-python-headless") from None
    return cv2

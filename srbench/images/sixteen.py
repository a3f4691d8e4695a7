"""Reading images in 16 bits: uint16, H x W (grayscale) or H x W x 3 (RGB), 0 to 65535.

PIL cuts 16-bit colour files to their high bytes: OpenCV decodes those, and what PIL read is the check of it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from srbench.core.records import Unscorable
from srbench.images.codec import opened_image, pillow_pixels

STEP = 257  # 16-bit steps of one 8-bit grey level: 255 becomes 65535
_GRAY = ("I;16", "I;16B", "I;16L", "I;16N")


def read_sixteen(path: Path) -> np.ndarray:
    """Decodes an 8- or 16-bit image file as uint16; 8-bit values are multiplied by 257, which is exact.

    16-bit files are PNG or TIFF, grayscale or RGB without transparency. Raises `Unscorable` for what
    `read_image` refuses for another reason than its depth, and where OpenCV, which 16-bit colour needs, is
    not installed.
    """
    with opened_image(path) as image:
        raw_modes = " ".join(str(tile[3]) for tile in getattr(image, "tile", ()))
        if image.mode in _GRAY:
            return np.asarray(image).astype(np.uint16)
        if ";16" not in raw_modes or image.format not in ("PNG", "TIFF"):
            return pillow_pixels(path.name, image).astype(np.uint16) * STEP
        if image.mode not in ("RGB", "RGBA"):
            raise Unscorable(f"{path.name}: 16 bits of {image.mode}; give grayscale or RGB")
        return _colour(path, np.asarray(image))


def _colour(path: Path, high: np.ndarray) -> np.ndarray:
    """16-bit RGB of a file whose high bytes are `high`, H x W x 3 or 4."""
    try:
        import cv2
    except ImportError:
        raise Unscorable(
            f"{path.name}: 16-bit colour needs OpenCV: pip install opencv-python-headless"
        ) from None
    decoded = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype != np.uint16 or decoded.shape != high.shape:
        raise Unscorable(f"{path.name}: a 16-bit file of a kind that cannot be read")
    order = [2, 1, 0, 3][: high.shape[2]]  # OpenCV's are BGR
    pixels = decoded[..., order].astype(np.uint16)
    if not np.array_equal(pixels >> 8, high):
        raise Unscorable(f"{path.name}: two decoders of this 16-bit file disagree; save it as plain RGB")
    if pixels.shape[2] == 4 and pixels[..., 3].min() < 65535:
        raise Unscorable(f"{path.name}: has transparent pixels; flatten it onto a background first")
    return np.ascontiguousarray(pixels[..., :3])

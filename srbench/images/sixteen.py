"""Colour files of 16 bits: PIL cuts them to their high bytes, OpenCV decodes them, and both must agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from srbench.core.records import Unscorable


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

"""Small things about pixels that networks and combinations share; imports no torch."""

from __future__ import annotations

import hashlib

import numpy as np

from srbench.core.records import Unscorable


def to_bytes(values: np.ndarray) -> np.ndarray:
    """Grey levels (float32 or float64, any shape) to uint8: rounded half up and clamped."""
    from srbench.images.kernels import round_bytes

    result = np.empty(values.shape, np.uint8)
    round_bytes(values.reshape(-1), result.reshape(-1))
    return result


def to_sixteen_bits(values: np.ndarray) -> np.ndarray:
    """16-bit grey levels (floats from 0 to 65535, any shape) to uint16: rounded half up and clamped."""
    return np.clip(np.floor(values + 0.5), 0, 65535).astype(np.uint16)


def same_kind(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as they are, or both H x W x 3 where one is in colour."""
    if first.ndim == second.ndim:
        return first, second
    return as_rgb(first), as_rgb(second)


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


def pixel_hash(image: np.ndarray) -> str:
    """SHA-256 of the shape and the pixels: equal exactly for equal images, however they were stored."""
    digest = hashlib.sha256(repr((image.shape, str(image.dtype))).encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()

"""Pixels of 8- and 16-bit images: rounded, cut, compared, and their luma as each protocol converts it.

Conversions of 8-bit images are rounded in integer arithmetic: computed in floating point, 143 of the
2^24 RGB triples fall on the wrong side of one half. Imports no torch.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import numpy as np

from srbench.core.records import Unscorable

# What a protocol says of pixels: their luma, what a grayscale file is, what is cut from each side (so many,
# "scale", or "scale+6" and the like), and whether anything but Y is seen.
LumaKind = Literal["bt601-rounded", "bt601", "daala", "rgb2gray-rounded"]
GrayRule = Literal["full-range", "replicate"]
Border = int | str
Plane = Literal["colour", "luma"]

# MATLAB's rgb2ycbcr of uint8 as (R, G, B, offset, divisor): half up of (weights . RGB + offset) / divisor.
_BT601 = (65481, 128553, 24966, 16 * 255_000, 255_000)

# MATLAB's rgb2gray: the first row of the inverse of the NTSC matrix, as its documentation prints it.
_RGB2GRAY = (0.298936021293775, 0.587043074451121, 0.114020904255103)


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


def border_width(border: Border, scale: int) -> int:
    """The pixels that a protocol's border cuts from each side at this scale."""
    if isinstance(border, int):
        return border
    return scale + int(border.removeprefix("scale") or 0)


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


def luma(image: np.ndarray, kind: LumaKind, *, gray: GrayRule) -> np.ndarray:
    """The luma that a protocol measures: H x W, uint8 (rounded kinds) or float64 ("bt601").

    "bt601-rounded" is MATLAB's `rgb2ycbcr` of a uint8 image, "bt601" of a double image (both 16 to 235);
    "daala" is that of the daala tools, see `srbench.images.daala` (16 to 235, but for colours far out of
    gamut); "rgb2gray-rounded" is MATLAB's `rgb2gray` (0 to 255).
    A grayscale image is its own luma under `gray="full-range"` and three equal channels under
    "replicate".

    Of a uint16 image (0 to 65535) the luma is float64 on the same scale, 65535 being 255; the rounded kinds
    are rounded to 16 bits (steps of 1/257) as MATLAB's functions round uint16 images, and "daala", which is a
    tool for 8 bits, is `Unscorable`.
    """
    if image.dtype == np.uint16:
        return _sixteen_bit_luma(image, kind, gray=gray)
    if image.ndim == 2:
        if gray == "full-range":
            return image.astype(np.float64) if kind == "bt601" else image
        image = as_rgb(image)
    if kind == "bt601":
        red, green, blue = (image[..., channel].astype(np.float64) for channel in range(3))
        return 16.0 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255.0
    if kind == "rgb2gray-rounded":
        return matlab_gray(image)
    if kind == "daala":
        from srbench.images.daala import daala_luma

        return daala_luma(image)
    return _rounded_bt601(image)


def _sixteen_bit_luma(image: np.ndarray, kind: LumaKind, *, gray: GrayRule) -> np.ndarray:
    if kind == "daala":
        raise Unscorable("the luma of the daala tools is that of 8-bit images")
    if image.ndim == 2:
        if gray == "full-range":
            return image / 257.0
        image = as_rgb(image)
    if kind == "rgb2gray-rounded":
        return matlab_gray(image) / 257.0
    if kind == "bt601":
        red, green, blue = (image[..., channel] / 257.0 for channel in range(3))
        return 16.0 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255.0
    *weights, offset, divisor = _BT601
    total = np.full(image.shape[:2], 257 * offset, np.int64)
    for channel, weight in enumerate(weights):
        total += weight * image[..., channel].astype(np.int64)
    return (2 * total + divisor) // (2 * divisor) / 257.0


def luma_plane(image: np.ndarray) -> np.ndarray:
    """MATLAB's Y of a uint8 or uint16 image: the same type, H x W; a grayscale image is its own."""
    if image.ndim == 2:
        return image
    found = luma(image, "bt601-rounded", gray="full-range")
    return found if found.dtype == np.uint8 else np.rint(found * 257.0).astype(np.uint16)


def matlab_gray(image: np.ndarray) -> np.ndarray:
    """MATLAB's `rgb2gray` of a uint8 or uint16 image: the same type, H x W, rounded half up."""
    if image.ndim == 2:
        return image
    red, green, blue = (weight * image[..., channel] for channel, weight in enumerate(_RGB2GRAY))
    return np.floor(red + green + blue + 0.5).astype(image.dtype)


def _rounded_bt601(image: np.ndarray) -> np.ndarray:
    from srbench.images.kernels import rational_luma

    out = np.empty(image.shape[:2], np.uint8)
    rational_luma(image, *_BT601, out)
    return out

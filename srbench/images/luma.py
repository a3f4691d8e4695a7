"""Luma of 8-bit images, as each protocol converts it.

Conversions of 8-bit images are rounded in integer arithmetic: computed in floating point, 143 of the
2^24 RGB triples fall on the wrong side of one half.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from srbench.images.pixels import as_rgb

LumaKind = Literal["bt601-rounded", "bt601", "bt709-rounded", "rgb2gray-rounded"]


GrayRule = Literal["full-range", "replicate"]


# Rounded conversions as (R, G, B, offset, divisor): half up of (weights . RGB + offset) / divisor.
_RATIONAL_LUMA: dict[LumaKind, tuple[int, int, int, int, int]] = {
    "bt601-rounded": (65481, 128553, 24966, 16 * 255_000, 255_000),  # MATLAB rgb2ycbcr, uint8 in
    "bt709-rounded": (219 * 2126, 219 * 7152, 219 * 722, 16 * 2_550_000, 2_550_000),  # daala's png2y4m
}


# MATLAB's rgb2gray: the first row of the inverse of the NTSC matrix, as its documentation prints it.
_RGB2GRAY = (0.298936021293775, 0.587043074451121, 0.114020904255103)


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

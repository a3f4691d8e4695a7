"""MATLAB's YCbCr of uint8 images (BT.601, limited range): what the super-resolution scripts of 2010 to 2016
work in. Source: `rgb2ycbcr` and `ycbcr2rgb` (MATLAB Image Processing Toolbox)."""

from __future__ import annotations

import numpy as np

from srbench.images.pixels import luma, to_bytes
from srbench.images.resize import Edges, imresize, imresize_double

# Rows Y, Cb, Cr of 255 (R, G, B), for R, G and B from 0 to 255, without the offsets.
_FORWARD = np.array([[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]])
_OFFSETS = np.array([16.0, 128.0, 128.0])
_BACK = np.linalg.inv(_FORWARD) * 255.0
_RATIONAL_CHROMA = ((-37797, -74203, 112000), (112000, -93786, -18214))


def rgb_to_luma(image: np.ndarray) -> np.ndarray:
    """Y, H x W float64, of an H x W x 3 image: whole numbers for uint8, unrounded for floats (0 to 255).

    A grayscale image, H x W, is its own luma.
    """
    if image.dtype == np.uint8:
        return luma(image, "bt601-rounded", gray="full-range").astype(np.float64)
    return image if image.ndim == 2 else image @ (_FORWARD[0] / 255.0) + _OFFSETS[0]


def rgb_to_chroma(image: np.ndarray) -> np.ndarray:
    """Cb and Cr, H x W x 2, of an H x W x 3 image: uint8 for uint8 (rounded half up), float64 for floats."""
    if image.dtype != np.uint8:
        return image @ (_FORWARD[1:].T / 255.0) + _OFFSETS[1:]
    from srbench.images.kernels import rational_luma

    planes = [np.empty(image.shape[:2], np.uint8) for _ in _RATIONAL_CHROMA]
    for weights, plane in zip(_RATIONAL_CHROMA, planes, strict=True):
        rational_luma(image, *weights, 128 * 255_000, 255_000, plane)
    return np.stack(planes, axis=2)


def enlarged_chroma(image: np.ndarray, scale: int, edges: Edges) -> np.ndarray:
    """Cb and Cr of an H x W x 3 image (uint8, or floats) enlarged by MATLAB's bicubic: uint8."""
    chroma = rgb_to_chroma(image)
    if chroma.dtype == np.uint8:
        return imresize(chroma, scale, edges=edges)
    return to_bytes(imresize_double(chroma, scale, edges=edges))


def ycbcr_to_rgb(luma_plane: np.ndarray, chroma: np.ndarray) -> np.ndarray:
    """uint8 RGB, H x W x 3, of Y (H x W) and Cb, Cr (H x W x 2), uint8 each; rounded half up, clamped."""
    planes = np.concatenate([luma_plane[..., None], chroma], axis=2)
    return to_bytes((planes - _OFFSETS) @ _BACK.T)

"""Graded distortions of an image: uint8 in, uint8 out, H x W x 3, the same size; the strength rises."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Distortion:
    """One kind of distortion with its strengths, and what they count."""

    name: str
    unit: str
    levels: tuple[float, ...]
    apply: Callable[[np.ndarray, float], np.ndarray]


def _shift(image: np.ndarray, pixels: float) -> np.ndarray:
    from scipy.ndimage import shift

    return _rounded(shift(image.astype(np.float64), (0, pixels, 0), order=3, mode="nearest"))


def _blur(image: np.ndarray, sigma: float) -> np.ndarray:
    return _rounded(_smooth(image, sigma))


def _noise(image: np.ndarray, deviation: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    return _rounded(image + rng.normal(0, deviation, image.shape))


def _jpeg(image: np.ndarray, quality: float) -> np.ndarray:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format="JPEG", quality=int(quality))
    return np.asarray(Image.open(stream))


def _cast(image: np.ndarray, levels: float) -> np.ndarray:
    return _rounded(image + np.array([levels, 0.0, -levels]))


def _sharpen(image: np.ndarray, amount: float) -> np.ndarray:
    return _rounded(image + amount * (image - _smooth(image, 1.0)))


def _flatten(image: np.ndarray, weight: float) -> np.ndarray:
    """Total-variation smoothing: texture goes, edges stay."""
    from skimage.restoration import denoise_tv_chambolle

    return _rounded(255 * denoise_tv_chambolle(image / 255, weight=weight, channel_axis=-1))


def _resample(image: np.ndarray, factor: float) -> np.ndarray:
    """Reduced by a box filter and enlarged by Lanczos: another way than MATLAB's bicubic."""
    from PIL import Image

    height, width = image.shape[:2]
    small = (max(1, round(width / factor)), max(1, round(height / factor)))
    reduced = Image.fromarray(image).resize(small, Image.Resampling.BOX)
    return np.asarray(reduced.resize((width, height), Image.Resampling.LANCZOS))


def _smooth(image: np.ndarray, sigma: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(image.astype(np.float64), (sigma, sigma, 0))


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.floor(np.clip(values, 0, 255) + 0.5).astype(np.uint8)


DISTORTIONS = (
    Distortion("shift", "pixels", (0.25, 0.5, 1.0), _shift),
    Distortion("blur", "sigma", (0.5, 1.0, 2.0), _blur),
    Distortion("noise", "levels", (2.0, 5.0, 12.0), _noise),
    Distortion("jpeg", "quality", (90.0, 60.0, 25.0), _jpeg),
    Distortion("colour cast", "levels", (2.0, 6.0, 15.0), _cast),
    Distortion("sharpening", "amount", (0.3, 0.8, 2.0), _sharpen),
    Distortion("texture lost", "weight", (0.03, 0.08, 0.2), _flatten),
    Distortion("other kernel", "factor", (2.0, 3.0, 4.0), _resample),
)

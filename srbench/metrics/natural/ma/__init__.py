"""Ma's no-reference metric for super-resolution (also called NRQM), exact and fast.

Source: Ma, Yang, Yang and Yang, "Learning a no-reference quality metric for single-image
super-resolution", CVIU 158, 2017, and the authors' MATLAB code (chaoma99/sr-metric), which takes a
uint8 image, RGB by way of `rgb2gray`; PIRM 2018 gives it the rounded Y of BT.601 after its crop.

pyiqa's port departs from the authors' code; `compatibility="pyiqa"` reproduces it. In pyiqa:
 1. the 7 x 7 blocks are centred (differs where a dimension leaves 1 modulo 3);
 2. the lowest tenth has one block more, the highest one less;
 3. the last orientation of the fine scale has a parent band;
 4. for odd sizes the parent band is resized to size, not doubled and cut;
 5. similarity maps are clamped at zero;
 6. a shape is the nearest entry of the table, not the start of the interval that the ratio falls into,
    and 10, not 11, where the ratio is below the table (flat blocks);
 7. masks, windows, shapes and the resampling of bands are in single precision.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from srbench.core.records import Unscorable
from srbench.metrics.natural.ma.dct import dct_features
from srbench.metrics.natural.ma.forest import Forest, MaModel, load_ma_model, tree_values
from srbench.metrics.natural.ma.mixture import mixture_features
from srbench.metrics.natural.ma.scales import half_size
from srbench.metrics.natural.ma.singular import singular_values
from srbench.metrics.natural.pyiqa_numerics import Compatibility

FloatArray = NDArray[np.float64]
MaCompatibility = Literal["ma", "pyiqa"]

# The normalised bands of the fine scale lose 17 pixels on every side and must keep an 11 x 11 window.
SMALLEST = 45

__all__ = ["SMALLEST", "Forest", "MaModel", "load_ma_model", "ma", "ma_features", "tree_values"]


def ma(image: np.ndarray, model: MaModel, *, compatibility: MaCompatibility = "ma") -> float:
    """Ma's score of an H x W luma plane, 0 to 255 (uint8 or float64); higher is better, about 0 to 10.

    Colour images are converted before: PIRM takes the rounded Y of BT.601, Ma's code MATLAB's rounded
    `rgb2gray`. Raises `Unscorable` for images with a side below 45 pixels, constant images and features
    that are not finite.
    """
    groups = ma_features(image, compatibility=compatibility)
    values = [tree_values(forest, group).mean() for forest, group in zip(model.forests, groups, strict=True)]
    return float(np.array([1.0, *values]) @ model.linear)


def ma_features(
    luma: np.ndarray, *, compatibility: MaCompatibility = "ma"
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The three feature groups of an H x W luma plane, 0 to 255: 18, 45 and 75 numbers. Raises as `ma`."""
    image = _checked(luma)
    mode: Compatibility = "official" if compatibility == "ma" else "pyiqa"
    scaled = image / 255
    frequencies, singular = [], []
    for level in range(3):
        if level:
            scaled = half_size(scaled, mode)
        frequencies.append(dct_features(scaled, mode))
        singular.append(singular_values(scaled))
    groups = (np.concatenate(frequencies), mixture_features(image, mode), np.concatenate(singular))
    if not all(np.isfinite(group).all() for group in groups):
        raise Unscorable("Ma: the features of the image are not finite (flat areas)")
    return groups


def _checked(luma: np.ndarray) -> FloatArray:
    if luma.ndim != 2:
        raise ValueError(f"Ma's metric takes an H x W luma plane, not an array of shape {luma.shape}")
    if min(luma.shape) < SMALLEST:
        size = f"{luma.shape[1]}x{luma.shape[0]}"
        raise Unscorable(f"Ma: both sides must have at least {SMALLEST} pixels; the image is {size}")
    image = np.ascontiguousarray(luma, dtype=np.float64)
    if not np.isfinite(image).all():
        raise Unscorable("Ma: the image has values that are not finite")
    if image.min() == image.max():
        raise Unscorable("Ma: the image is constant")
    return image

"""Ma's second feature group: statistics of a steerable pyramid (45 numbers).

Source: Ma et al., CVIU 158, 2017, section 3.2, and the authors' `global_gsm.m`: shape of each of twelve
normalised bands, shape of each orientation across both scales, similarity of each band with the
high-pass band, similarity of each pair of orientations of the fine scale.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from srbench.metrics.ma.normalise import normalised_band
from srbench.metrics.ma.pyramid import ORIENTATIONS, Pyramid, build_pyramid
from srbench.metrics.ma.resample import enlarge
from srbench.metrics.ma.shapes import shape_of, shape_table
from srbench.metrics.ma.structure import contrast_structure, local_moments
from srbench.metrics.pyiqa_numerics import Compatibility

FloatArray = NDArray[np.float64]

_GUARD = 16


def mixture_features(image: FloatArray, compatibility: Compatibility) -> FloatArray:
    """The 45 features of an H x W luma plane, 0 to 255."""
    pyramid = build_pyramid(image, compatibility)
    parents = _parents(pyramid, compatibility)
    official = compatibility == "official"
    fine = [normalised_band(pyramid.fine, i, parents[i], _GUARD) for i in range(ORIENTATIONS)]
    coarse = [normalised_band(pyramid.coarse, i, None, _GUARD // 2) for i in range(ORIENTATIONS)]
    table = shape_table(compatibility)
    shapes = [shape_of([band], table, official=official) for band in (*fine, *coarse)]
    shapes += [shape_of([a, b], table, official=official) for a, b in zip(fine, coarse, strict=True)]
    across_scales = _similarities_across_scales(pyramid, parents, compatibility)
    moments = [local_moments(band) for band in fine]
    orientations = [contrast_structure(a, b, clamp=not official) for a, b in combinations(moments, 2)]
    return np.array([*shapes, *across_scales, *orientations])


def _parents(pyramid: Pyramid, compatibility: Compatibility) -> list[FloatArray | None]:
    """The coarse bands at the size of the fine ones, None for an orientation that has no parent.

    The official code doubles the band and cuts it, and its index test leaves the last orientation without
    a parent; pyiqa resizes to size, in float32, and gives all six a parent.
    """
    height, width = pyramid.highpass.shape
    if compatibility == "pyiqa":
        return [_to_size_single(band, (height, width)) for band in pyramid.coarse]
    doubled: list[FloatArray | None] = [
        enlarge(band, (2.0, 2.0), (height, width)) for band in pyramid.coarse[:-1]
    ]
    return [*doubled, None]


def _to_size_single(band: FloatArray, shape: tuple[int, int]) -> FloatArray:
    scales = (shape[0] / band.shape[0], shape[1] / band.shape[1])
    return enlarge(band.astype(np.float32), scales, shape).astype(np.float64)


def _similarities_across_scales(
    pyramid: Pyramid, parents: list[FloatArray | None], compatibility: Compatibility
) -> list[float]:
    """Of the high-pass band with each fine band and with each coarse band resized to it."""
    clamp = compatibility == "pyiqa"
    shape = pyramid.highpass.shape
    height, width = pyramid.coarse.shape[1:]
    scales = (shape[0] / height, shape[1] / width)
    highpass = local_moments(pyramid.highpass)
    result = [contrast_structure(local_moments(band), highpass, clamp=clamp) for band in pyramid.fine]
    for band, parent in zip(pyramid.coarse, parents, strict=True):
        usable = parent is not None and (clamp or scales == (2.0, 2.0))
        resized = parent if parent is not None and usable else enlarge(band, scales, shape)
        result.append(contrast_structure(local_moments(resized), highpass, clamp=clamp))
    return result

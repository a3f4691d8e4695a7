"""Ma's second feature group: statistics of a steerable pyramid (45 numbers).

Source: Ma et al., CVIU 158, 2017, section 3.2, and the authors' `global_gsm.m`: shape of each of twelve
normalised bands, shape of each orientation across both scales, similarity of each band with the
high-pass band, similarity of each pair of orientations of the fine scale.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from srbench.metrics.natural.ma.normalise import normalised_bands
from srbench.metrics.natural.ma.pyramid import ORIENTATIONS, Pyramid, build_pyramid
from srbench.metrics.natural.ma.resample import enlarge
from srbench.metrics.natural.ma.shapes import shape_of, shape_table
from srbench.metrics.natural.ma.structure import contrast_structure
from srbench.metrics.natural.pyiqa_numerics import Compatibility

FloatArray = NDArray[np.float64]

_GUARD = 16


def mixture_features(image: FloatArray, compatibility: Compatibility) -> FloatArray:
    """The 45 features of an H x W luma plane, 0 to 255."""
    official = compatibility == "official"
    pyramid = build_pyramid(image, compatibility)
    parents = _add_parents(pyramid, compatibility)
    fine = normalised_bands(pyramid.fine, pyramid.fine_correlations, _GUARD, pyramid.parents[:parents])
    coarse = normalised_bands(pyramid.coarse, pyramid.coarse_correlations, _GUARD // 2)
    table = shape_table(compatibility)
    sums = [float(band.sum()) for band in (*fine, *coarse)]
    shapes = [
        shape_of([band], [total], table, official=official)
        for band, total in zip((*fine, *coarse), sums, strict=True)
    ]
    shapes += [
        shape_of(
            [fine[band], coarse[band]], [sums[band], sums[ORIENTATIONS + band]], table, official=official
        )
        for band in range(ORIENTATIONS)
    ]
    across_scales = _similarities_across_scales(pyramid, parents, compatibility)
    del pyramid, coarse  # on large images the next step needs the room
    pairs = np.array(list(combinations(range(ORIENTATIONS), 2)))
    orientations = contrast_structure(fine, pairs, clamp=not official)
    return np.array([*shapes, *across_scales, *orientations])


def _add_parents(pyramid: Pyramid, compatibility: Compatibility) -> int:
    """Put the coarse bands at the size of the fine ones beside them; how many fine bands have a parent.

    The official code doubles the band and cuts it, and its index test leaves the last orientation without
    a parent; pyiqa resizes to size, in float32, and gives all six a parent.
    """
    if compatibility == "pyiqa":
        for band, plane in zip(pyramid.coarse, pyramid.parents, strict=True):
            single = np.empty(plane.shape, np.float32)
            enlarge(band.astype(np.float32), _scales(pyramid), single)
            plane[:] = single
        return ORIENTATIONS
    for band, plane in zip(pyramid.coarse[:-1], pyramid.parents[:-1], strict=True):
        enlarge(band, (2.0, 2.0), plane)
    return ORIENTATIONS - 1


def _scales(pyramid: Pyramid) -> tuple[float, float]:
    height, width = pyramid.planes.shape[1:]
    return height / pyramid.coarse.shape[1], width / pyramid.coarse.shape[2]


def _similarities_across_scales(pyramid: Pyramid, parents: int, compatibility: Compatibility) -> FloatArray:
    """Of the high-pass band with each fine band and with each coarse band resized to it.

    Overwrites the planes of the parents where those are not what is needed here.
    """
    clamp = compatibility == "pyiqa"
    enlarged = parents if clamp or _scales(pyramid) == (2.0, 2.0) else 0
    for band, plane in zip(pyramid.coarse[enlarged:], pyramid.parents[enlarged:], strict=True):
        enlarge(band, _scales(pyramid), plane)
    last = len(pyramid.planes) - 1
    pairs = np.array([(band, last) for band in range(last)])
    return contrast_structure(pyramid.planes, pairs, clamp=clamp)

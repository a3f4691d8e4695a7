"""Decodes pairs and makes low-resolution inputs."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from srbench.core.records import Pair, Sample, Unscorable
from srbench.images.codec import Bits, read_in_bits
from srbench.images.pixels import crop_to_multiple, luma_plane
from srbench.images.resize import imresize, imresize_double, pil_reduce

if TYPE_CHECKING:
    from srbench.core.records import Degradation
    from srbench.images.pixels import Plane
    from srbench.images.resize import Edges


def load_reference(pair: Pair, *, plane: Plane = "colour", bits: Bits = 8) -> np.ndarray:
    """The reference of a pair, cut to a multiple of the scale: uint8 (in 16 bits uint16), H x W or H x W x 3.

    Under the plane "luma" its Y as MATLAB's `rgb2ycbcr` rounds it, H x W; a grayscale image stays what it is.
    """
    reference = crop_to_multiple(read_in_bits(pair.reference, bits), pair.scale)
    if reference.size == 0:
        raise Unscorable(f"{pair.reference.name} is smaller than the scale {pair.scale}")
    return luma_plane(reference) if plane == "luma" else reference


def takes_file(pair: Pair, degradation: Degradation, edges: Edges, *, plane: Plane = "colour") -> bool:
    """Whether the input of this pair is its low-resolution file; else it is made from the reference.

    Files of the published layouts are MATLAB's reductions in colour (with clamped edges) and serve that
    degradation only; a user's own files, of whatever making, serve every one.
    """
    if pair.input_kind == "unknown":
        return True
    usual = degradation == "matlab-bicubic" and edges == "clamp" and plane == "colour"
    return pair.low_resolution is not None and usual


def refuse_reference_as_input(
    pair: Pair, degradation: Degradation, edges: Edges, *, plane: Plane = "colour"
) -> None:
    """`Unscorable` at scale 1 without given inputs: one made from the reference would be the reference."""
    if pair.scale == 1 and not takes_file(pair, degradation, edges, plane=plane):
        raise Unscorable(
            f"no input for the image {pair.image}: at scale 1 none is made from the reference; put the "
            "degraded images into a folder LQ, noisy or blurry beside the references"
        )


def make_sample(
    pair: Pair, reference: np.ndarray, degradation: Degradation, edges: Edges, *, plane: Plane = "colour"
) -> Sample:
    """The pair with its input: the low-resolution file where it serves (`takes_file`), else made here.

    `Unscorable` where a file does not have exactly the reference's size divided by the scale, and where a
    user's own inputs lack this one: inputs of two makings in one table would not be comparable. `reference`
    is that of `load_reference`, of 8 or 16 bits, as the input is then; under the plane "luma" both are Y.
    """
    if not takes_file(pair, degradation, edges, plane=plane):
        low = degrade(reference, pair.scale, degradation, edges)
        return Sample(pair=pair, reference=reference, low_resolution=low)
    if pair.low_resolution is None:
        raise Unscorable(f"no low-resolution file for the image {pair.image}; --inputs made makes all inputs")
    low = read_in_bits(pair.low_resolution, 16 if reference.dtype == np.uint16 else 8)
    expected = tuple(length // pair.scale for length in reference.shape[:2])
    if low.shape[:2] != expected:
        raise Unscorable(
            f"{pair.low_resolution.name} is {low.shape[1]}x{low.shape[0]}, expected "
            f"{expected[1]}x{expected[0]} (the reference divided by {pair.scale})"
        )
    return Sample(pair=pair, reference=reference, low_resolution=luma_plane(low) if plane == "luma" else low)


def degrade(reference: np.ndarray, scale: int, degradation: Degradation, edges: Edges) -> np.ndarray:
    """The low-resolution input of a reference whose sides are multiples of the scale.

    It is of the reference's type (PIL's is of uint8 only), but float64 for "matlab-bicubic-double", the
    reduction that scripts hand on without storing it as an image.
    """
    if degradation == "pil-lanczos":
        return pil_reduce(reference, scale, kernel="lanczos")
    if degradation == "matlab-bicubic-double":
        return imresize_double(reference, Fraction(1, scale), edges=edges)
    return imresize(reference, Fraction(1, scale), edges=edges)

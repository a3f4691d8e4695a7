from __future__ import annotations

import numpy as np

from srbench.images.ycbcr import rgb_to_chroma, rgb_to_luma, ycbcr_to_rgb

# MATLAB's documentation of rgb2ycbcr and the standard's own corners: black, white, and the primaries.
CORNERS = {
    (0, 0, 0): (16, 128, 128),
    (255, 255, 255): (235, 128, 128),
    (255, 0, 0): (81, 90, 240),
    (0, 255, 0): (145, 54, 34),
    (0, 0, 255): (41, 240, 110),
}


def test_corners_both_ways() -> None:
    rgb = np.array([list(CORNERS)], np.uint8)
    expected = np.array([list(CORNERS.values())])
    assert rgb_to_luma(rgb).tolist() == expected[..., 0].tolist()
    assert rgb_to_chroma(rgb).tolist() == expected[..., 1:].tolist()
    back = ycbcr_to_rgb(expected[..., 0].astype(np.uint8), expected[..., 1:].astype(np.uint8))
    assert np.abs(back.astype(int) - rgb).max() <= 1


def test_floats_are_not_rounded() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (40, 30, 3))
    for convert in (rgb_to_luma, rgb_to_chroma):
        exact, whole = convert(rgb.astype(np.float64)), convert(rgb.astype(np.uint8))
        assert np.abs(exact - whole).max() <= 0.5 + 1e-9
        assert not np.array_equal(exact, whole)

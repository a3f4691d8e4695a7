"""Ma's features, step by step, against plain code that follows the MATLAB programs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.fft import dctn
from scipy.special import gamma

from srbench.images.resize import imresize_double
from srbench.metrics.natural.ma.dct import dct_features
from srbench.metrics.natural.ma.normalise import normalised_bands
from srbench.metrics.natural.ma.pyramid import build_pyramid
from srbench.metrics.natural.ma.resample import enlarge
from srbench.metrics.natural.ma.singular import singular_values
from srbench.metrics.natural.ma.structure import contrast_structure
from tests.metrics.natural.ma_model import textured


def plain_dct_features(image: np.ndarray) -> list[float]:
    """Ma's `block_dct.m` block by block, as its text reads."""
    shapes, variations, orientations = [], [], []
    grid = 0.03 + 0.001 * np.arange(9971)
    ratios = gamma(1 / grid) * gamma(3 / grid) / gamma(2 / grid) ** 2
    first = np.zeros((7, 7), bool)
    for row, start in ((0, 1), (1, 2), (2, 4), (3, 5)):
        first[row, start:] = True
    second = ~(first | first.T)
    second[0, 0] = False
    height, width = (-(-side // 3) * 3 for side in image.shape)
    padded = np.zeros((height + 4, width + 4))
    padded[2 : 2 + image.shape[0], 2 : 2 + image.shape[1]] = image
    for i in range(0, height, 3):
        for j in range(0, width, 3):
            block = dctn(padded[i : i + 7, j : j + 7], norm="ortho")
            values = block.ravel()[1:]
            ratio = values.var(ddof=1) / (np.abs(values - values.mean()).mean() ** 2 + 1e-7)
            inside = np.flatnonzero((ratio <= ratios[:-1]) & (ratio > ratios[1:]))
            shapes.append(grid[inside[0]] if inside.size else 11)
            variations.append(np.abs(values).std(ddof=1) / (np.abs(values).mean() + 1e-7))
            parts = [np.abs(block[mask]) for mask in (first, second, first.T)]
            orientations.append(np.var([p.std(ddof=1) / (p.mean() + 1e-8) for p in parts], ddof=1))
    count = len(shapes)
    low, high = int(np.ceil(count * 0.1)), int(np.fix(count * 0.9)) - 1
    result = [np.mean(sorted(shapes)[:low]), np.mean(shapes)]
    for values in (variations, orientations):
        result += [np.mean(sorted(values)[high:]), np.mean(values)]
    return result


@pytest.mark.parametrize("shape", [(48, 51), (49, 52), (50, 53)])
def test_dct_features_follow_the_matlab_code(shape: tuple[int, int]) -> None:
    image = textured(*shape) / 255
    image[:12, :20] = 0.25
    np.testing.assert_allclose(dct_features(image, "official"), plain_dct_features(image), rtol=1e-9)


def joined_correlations(bands: np.ndarray) -> np.ndarray:
    """Sums of products of all pairs of bands with joined ends, displacement by displacement."""
    result = np.empty((len(bands), len(bands), 5, 5))
    for y in range(-2, 3):
        for x in range(-2, 3):
            displaced = np.roll(bands, (-y, -x), axis=(1, 2))
            result[:, :, 2 + y, 2 + x] = np.einsum("aij,bij->ab", bands, displaced)
    return result


@pytest.mark.parametrize("shape", [(60, 70), (61, 70), (60, 71), (45, 47)])
def test_correlations_come_from_the_spectrum(shape: tuple[int, int]) -> None:
    pyramid = build_pyramid(textured(*shape).astype(np.float64), "official")
    for bands, found in (
        (pyramid.fine, pyramid.fine_correlations),
        (pyramid.coarse, pyramid.coarse_correlations),
    ):
        expected = joined_correlations(bands)
        near, same = np.s_[:, :, 1:4, 1:4], np.arange(6)
        np.testing.assert_allclose(found[near], expected[near], rtol=0, atol=1e-12 * expected.max())
        np.testing.assert_allclose(found[same, same], expected[same, same], atol=1e-12 * expected.max())


@pytest.mark.parametrize("parent", [True, False])
def test_normalisation_follows_the_matlab_code(parent: bool) -> None:
    image = textured(60, 70).astype(np.float64)
    pyramid = build_pyramid(image, "official")
    bands, band = pyramid.fine, pyramid.fine[2]
    parents = build_pyramid(image[::-1], "official").fine
    above = parents[2]
    columns = [band[1 + y : 59 + y, 1 + x : 69 + x].ravel() for y in (-1, 0, 1) for x in (-1, 0, 1)]
    columns += [above[1:-1, 1:-1].ravel()] if parent else []
    columns += [bands[i][1:-1, 1:-1].ravel() for i in (0, 1, 3, 4, 5)]
    y = np.stack(columns, axis=1)
    moment = y.T @ y / len(y)
    z = np.sqrt(((y @ np.linalg.pinv(moment)) * y / (9 + parent)).sum(axis=1))
    centre = band[1:-1, 1:-1].ravel()
    expected = ((centre - centre.mean()) / z).reshape(58, 68)[16:-16, 16:-16]
    expected -= expected.mean()
    result = normalised_bands(bands, pyramid.fine_correlations, 16, parents if parent else None)[2]
    np.testing.assert_allclose(result, expected, rtol=1e-7, atol=1e-9)


def test_dependent_bands_use_the_pseudo_inverse() -> None:
    bands = build_pyramid(textured(60, 70).astype(np.float64), "official").fine
    bands[5] = bands[4]
    assert np.isfinite(normalised_bands(bands, joined_correlations(bands), 16)).all()


def test_contrast_structure_is_the_one_of_ssim() -> None:
    from scipy.ndimage import gaussian_filter

    first, second = textured(40, 50, 1).astype(np.float64), textured(40, 50, 2).astype(np.float64)

    def smooth(image: np.ndarray) -> np.ndarray:
        return gaussian_filter(image, 1.5, truncate=5 / 1.5)[5:-5, 5:-5]

    means = smooth(first), smooth(second)
    variances = smooth(first**2) - means[0] ** 2, smooth(second**2) - means[1] ** 2
    covariance = smooth(first * second) - means[0] * means[1]
    constant = (0.03 * 255) ** 2
    expected = (2 * covariance + constant) / (variances[0] + variances[1] + constant)
    bands, pairs = np.stack([first, second]), np.array([(0, 1), (1, 1)])
    for clamp, mean in ((False, expected.mean()), (True, np.maximum(expected, 0).mean())):
        assert contrast_structure(bands, pairs, clamp=clamp) == pytest.approx([mean, 1], rel=1e-10)


def test_contrast_structure_in_strips_is_that_of_the_whole() -> None:
    bands, pairs = (
        np.stack([textured(40, 600, seed) for seed in (1, 2)]).astype(np.float64),
        np.array([(0, 1)]),
    )
    whole = contrast_structure(bands, pairs, clamp=False)[0] * 30 * 590
    # Positions: 590 in a row, more than a strip has; the two halves share none.
    halves = [contrast_structure(np.ascontiguousarray(bands[:, :, part]), pairs, clamp=False)[0] * 30 * 295
              for part in (np.s_[:305], np.s_[295:])]  # fmt: skip
    assert sum(halves) == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("shape", [(40, 50), (41, 52), (12, 13)])
def test_singular_values(shape: tuple[int, int]) -> None:
    image = textured(*shape) / 255
    padded = np.pad(image, [(0, -side % 5) for side in shape])
    patches = [
        padded[i : i + 5, j : j + 5].ravel() for i in range(0, shape[0], 5) for j in range(0, shape[1], 5)
    ]
    expected = np.zeros(25)
    values = np.linalg.svd(np.array(patches), compute_uv=False)
    expected[: values.size] = values
    np.testing.assert_allclose(singular_values(image), expected, rtol=1e-9, atol=1e-12)


def test_pyramid_bands_have_no_mean_and_the_known_sizes() -> None:
    pyramid = build_pyramid(textured(61, 90).astype(np.float64), "official")
    assert pyramid.fine.shape == (6, 61, 90)
    assert pyramid.coarse.shape == (6, 31, 45)
    assert np.abs(pyramid.fine.mean(axis=(1, 2))).max() < 1e-10


def test_a_horizontal_wave_is_in_the_first_orientation() -> None:
    wave = np.tile(np.cos(2 * np.pi * np.arange(96) * 30 / 96), (96, 1))
    energies = (build_pyramid(wave, "official").fine ** 2).sum(axis=(1, 2))
    assert energies.argmax() == 0


def test_bands_without_room_for_a_vector_are_refused() -> None:
    bands = np.random.default_rng(0).random((6, 30, 7))
    with pytest.raises(ValueError, match="less than a vector"):
        normalised_bands(bands, joined_correlations(bands), 1)


@pytest.mark.parametrize("width", [80, 79])
def test_twice_the_size_is_that_of_imresize(width: int) -> None:
    image = textured(30, 40).astype(np.float64)
    result = np.empty((60, width))
    enlarge(image, (2.0, 2.0), result)
    expected = imresize_double(image, 2, edges="symmetric")[:, :width]
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-12)

from __future__ import annotations

import numpy as np
import pytest

from srbench.images.resize import imresize_double
from srbench.methods.dictionary import (
    Dictionary,
    anchored_regression,
    enlarge,
    global_regression,
    projected,
    sparse_coding,
)

SCALE, KEPT, ATOMS = 2, 6, 48


@pytest.fixture
def dictionary() -> Dictionary:
    random = np.random.default_rng(0)
    low = random.normal(size=(KEPT, ATOMS))
    return Dictionary(
        random.normal(size=(36 * SCALE**2, KEPT)),
        low / np.linalg.norm(low, axis=0),
        random.normal(size=(9 * SCALE**2, ATOMS)),
    )


def slow(luma: np.ndarray, dictionary: Dictionary, projections: np.ndarray) -> np.ndarray:
    """The released scripts' way: a full convolution, patch after patch, one anchor each."""
    middle = imresize_double(luma, SCALE)
    height, width = middle.shape
    first, second = np.zeros(SCALE + 1), np.zeros(2 * SCALE + 1)
    first[0], first[-1] = 1, -1
    second[0], second[SCALE], second[-1] = 0.5, -1, 0.5
    filtered = []
    for taps in (first, second):
        half = taps.size // 2
        filtered.append(np.stack([np.convolve(row, taps)[half : half + width] for row in middle]))
        filtered.append(np.stack([np.convolve(column, taps)[half : half + height] for column in middle.T]).T)
    total, count = np.zeros_like(middle), np.zeros_like(middle)
    side = 3 * SCALE
    for top in range(SCALE, height - side - SCALE + 1, SCALE):
        for left in range(SCALE, width - side - SCALE + 1, SCALE):
            place = slice(top, top + side), slice(left, left + side)
            features = np.concatenate([image[place].ravel(order="F") for image in filtered])
            reduced = dictionary.projection.T @ features
            anchor = np.argmax(np.abs(dictionary.low.T @ reduced))
            total[place] += (projections[anchor] @ reduced).reshape(side, side, order="F")
            count[place] += 1
    return middle + np.where(count > 0, total / np.maximum(count, 1), 0)


def test_enlarging_is_that_of_the_scripts(dictionary: Dictionary) -> None:
    random = np.random.default_rng(1)
    projections = random.normal(size=(ATOMS, 9 * SCALE**2, KEPT)) / 50
    luma = random.uniform(size=(9, 12))
    found = enlarge(luma, SCALE, dictionary, projected(dictionary, projections), "clamp")
    np.testing.assert_allclose(found, slow(luma, dictionary, projections), atol=1e-12)


def test_sparse_codes_are_orthogonal_matching_pursuit(dictionary: Dictionary) -> None:
    """Feature by feature, with least squares on the atoms chosen so far."""
    features = np.random.default_rng(2).normal(size=(KEPT, 20))
    found = sparse_coding(dictionary)(features)
    for feature, correction in zip(features.T, found.T, strict=True):
        chosen: list[int] = []
        residual, weights = feature, feature
        for _ in range(3):
            chosen.append(int(np.argmax(np.abs(dictionary.low.T @ residual))))
            atoms = dictionary.low[:, chosen]
            weights = np.linalg.lstsq(atoms, feature, rcond=None)[0]
            residual = feature - atoms @ weights
        np.testing.assert_allclose(correction, dictionary.high[:, chosen] @ weights, atol=1e-9)


def test_flat_patches_get_no_correction(dictionary: Dictionary) -> None:
    for make in (sparse_coding, global_regression, anchored_regression):
        assert np.abs(make(dictionary)(np.zeros((KEPT, 3)))).max() == 0


def test_regression_on_all_atoms_is_the_global_one(dictionary: Dictionary) -> None:
    """With as many neighbours as atoms each anchor's ridge regression is one on all atoms."""
    features = np.random.default_rng(3).normal(size=(KEPT, 5))
    gram = dictionary.low.T @ dictionary.low + 0.01 * np.eye(ATOMS)
    expected = 1.01 * dictionary.high @ np.linalg.inv(gram) @ dictionary.low.T @ features
    found = anchored_regression(dictionary, neighbours=ATOMS)(features)
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_tiny_images_stay_bicubic(dictionary: Dictionary) -> None:
    luma = np.random.default_rng(4).uniform(size=(4, 9))
    found = enlarge(luma, SCALE, dictionary, global_regression(dictionary), "clamp")
    np.testing.assert_array_equal(found, imresize_double(luma, SCALE))

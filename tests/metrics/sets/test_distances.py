"""Fréchet and kernel distances against the formula with a matrix root, loops, and torchmetrics' programs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from srbench.metrics.sets.distances import frechet_distance, kernel_distance


def _features(count: int, width: int, seed: int, shift: float = 0.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    mixing = random.normal(size=(width, width)) / np.sqrt(width)
    return (random.normal(size=(count, width)) @ mixing + shift).astype(np.float32)


def _with_matrix_root(first: np.ndarray, second: np.ndarray) -> float:
    """Dowson and Landau's formula as FID's published program computes it, with scipy's sqrtm."""
    means = [values.astype(np.float64).mean(axis=0) for values in (first, second)]
    spreads = [np.cov(values.astype(np.float64), rowvar=False) for values in (first, second)]
    root = linalg.sqrtm(spreads[0] @ spreads[1])
    return float(((means[0] - means[1]) ** 2).sum() + np.trace(spreads[0] + spreads[1] - 2 * root).real)


@pytest.mark.parametrize(("n", "m", "width"), [(40, 40, 8), (200, 90, 24), (33, 500, 32)])
def test_frechet_is_the_formula_with_a_matrix_root(n: int, m: int, width: int):
    first, second = _features(n, width, 1), _features(m, width, 2, shift=0.3)
    assert frechet_distance(first, second) == pytest.approx(_with_matrix_root(first, second), rel=1e-9)


def test_frechet_of_fewer_images_than_features_is_the_formula_on_the_space_that_they_span():
    # Where the covariance has no full rank, the matrix root is taken in a basis of both sets.
    first, second = _features(5, 60, 1), _features(7, 60, 2, shift=0.2)
    basis = np.linalg.qr(np.concatenate([first, second]).astype(np.float64).T)[0]
    within = [values.astype(np.float64) @ basis for values in (first, second)]
    spreads = [np.cov(values, rowvar=False) for values in within]
    half = _symmetric_root(spreads[0])
    root = np.sqrt(np.clip(np.linalg.eigvalsh(half @ spreads[1] @ half), 0, None)).sum()
    wanted = (
        ((within[0].mean(0) - within[1].mean(0)) ** 2).sum() + np.trace(spreads[0] + spreads[1]) - 2 * root
    )
    assert frechet_distance(first, second) == pytest.approx(wanted, rel=1e-7)


def _symmetric_root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 30), st.integers(1, 12), st.integers(0, 1000))
def test_frechet_of_a_set_with_itself_and_of_a_shifted_one(count: int, width: int, seed: int):
    values = _features(count, width, seed)
    scale = float((values.astype(np.float64) ** 2).sum()) + 1
    assert frechet_distance(values, values) <= 1e-10 * scale
    assert frechet_distance(values, values[::-1]) <= 1e-10 * scale
    moved = values.astype(np.float64) + 2.0
    assert frechet_distance(values, moved) == pytest.approx(4.0 * width, rel=1e-6)


def test_kernel_is_the_sum_over_pairs():
    first, second = (_features(count, 6, seed).astype(np.float64) for count, seed in ((7, 1), (5, 2)))

    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        return float((x @ y / 6 + 1) ** 3)

    within = [
        np.mean([kernel(x, y) for x, y in itertools.permutations(values, 2)]) for values in (first, second)
    ]
    across = np.mean([kernel(x, y) for x, y in itertools.product(first, second)])
    assert kernel_distance(first, second) == pytest.approx(sum(within) - 2 * across, rel=1e-12)


def test_large_sets_go_block_by_block():
    first, second = _features(2100, 3, 1), _features(2050, 3, 2)
    x, y = first.astype(np.float64), second.astype(np.float64)
    full = [(a @ b.T / 3 + 1) ** 3 for a, b in ((x, x), (y, y), (x, y))]
    wanted = (full[0].sum() - np.trace(full[0])) / (2100 * 2099) + (full[1].sum() - np.trace(full[1])) / (
        2050 * 2049
    )
    assert kernel_distance(first, second) == pytest.approx(wanted - 2 * full[2].mean(), rel=1e-9, abs=1e-12)


def test_torchmetrics_says_the_same():
    torch = pytest.importorskip("torch")
    fids = pytest.importorskip("torchmetrics.image.fid")
    kids = pytest.importorskip("torchmetrics.image.kid")

    class Features(torch.nn.Module):
        num_features = 16

        def forward(self, images):  # type: ignore[no-untyped-def]
            return images.reshape(len(images), 16).double()

    first, second = _features(60, 16, 1), _features(50, 16, 2, shift=0.1)
    fid = fids.FrechetInceptionDistance(feature=Features(), input_img_size=(1, 4, 4), normalize=True)
    fid.set_dtype(torch.float64)
    for values, real in ((first, False), (second, True)):
        fid.update(torch.from_numpy(values).reshape(-1, 1, 4, 4), real=real)
    assert frechet_distance(first, second) == pytest.approx(float(fid.compute()), rel=1e-6)
    # Of sets of one size its one subset is the whole set.
    kid = kids.KernelInceptionDistance(feature=Features(), subsets=1, subset_size=50, normalize=True)
    for values, real in ((first[:50], False), (second, True)):
        kid.update(torch.from_numpy(values).reshape(-1, 1, 4, 4), real=real)
    assert kernel_distance(first[:50], second) == pytest.approx(float(kid.compute()[0]), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
def test_one_image_is_no_set(distance):  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="two rows"):
        distance(_features(1, 4, 1), _features(9, 4, 2))

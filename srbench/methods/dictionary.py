"""Super-resolution by dictionaries of patches: Zeyde's sparse coding, global and anchored regression, A+.

Sources: Zeyde, Elad, Protter, "On Single Image Scale-Up Using Sparse-Representations" (2010); Timofte, De
Smet, Van Gool, "Anchored Neighborhood Regression for Fast Example-Based Super-Resolution" (ICCV 2013) and
"A+: Adjusted Anchored Neighborhood Regression" (ACCV 2014); the authors' released code (scaleup_Zeyde.m,
scaleup_GR.m, scaleup_ANR.m). All enlarge the luma bicubically and add a correction to every patch of 3 x 3
input pixels, at every input pixel; overlapping corrections are averaged. Their border of one input pixel,
which the authors cut off, stays bicubic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from srbench.images.resize import Edges, imresize_double

WINDOW = 3  # input pixels on a side of a patch
_BORDER = 1
_BAND = 8192  # patches at a time: bounds the features and their products with the atoms
_SPARSITY = 3

# From features, D x N, to corrections of enlarged patches, P x N, columns of pixels one after the other.
Regression = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Dictionary:
    """A trained pair of dictionaries.

    `projection` (F x D) reduces the F = 4 (3 scale)² gradients of a patch; the columns of `low` (D x N) and
    `high` (P x N, P = (3 scale)²) are the atoms. float64.
    """

    projection: np.ndarray
    low: np.ndarray
    high: np.ndarray


def sparse_coding(dictionary: Dictionary) -> Regression:
    """Zeyde: orthogonal matching pursuit with three atoms."""

    def correct(features: np.ndarray) -> np.ndarray:
        chosen, weights = _pursuit(dictionary.low, features)
        parts = (dictionary.high[:, atom] * weight for atom, weight in zip(chosen, weights, strict=True))
        return np.asarray(sum(parts))

    return correct


def global_regression(dictionary: Dictionary) -> Regression:
    """GR: ridge regression on all atoms."""
    projection = _ridge(dictionary.low, dictionary.high, 0.1)
    return lambda features: projection @ features


def anchored_regression(dictionary: Dictionary, neighbours: int = 40) -> Regression:
    """ANR: the ridge regression of the 40 atoms that are nearest to the feature's own."""
    nearest = np.argsort(-np.abs(dictionary.low.T @ dictionary.low), axis=1, kind="stable")[:, :neighbours]
    projections = np.stack(
        [_ridge(dictionary.low[:, atoms], dictionary.high[:, atoms], 0.01) for atoms in nearest]
    )
    return projected(dictionary, projections)


def projected(dictionary: Dictionary, projections: np.ndarray) -> Regression:
    """A+, and ANR: each feature by the matrix (N x P x D) of the atom with the largest correlation."""

    def correct(features: np.ndarray) -> np.ndarray:
        anchors = np.argmax(np.abs(dictionary.low.T @ features), axis=0)
        order = np.argsort(anchors, kind="stable")
        corrections = np.empty((projections.shape[1], features.shape[1]))
        starts = np.flatnonzero(np.diff(anchors[order], prepend=-1))
        for patches in np.split(order, starts[1:]):
            corrections[:, patches] = projections[anchors[patches[0]]] @ features[:, patches]
        return corrections

    return correct


def enlarge(
    luma: np.ndarray, scale: int, dictionary: Dictionary, correct: Regression, edges: Edges
) -> np.ndarray:
    """Luma, H x W float64 in 0 to 1, to `scale` times its size; smaller than five pixels stays bicubic."""
    middle = imresize_double(luma, scale, edges=edges)
    rows, columns = (side - WINDOW - 2 * _BORDER + 1 for side in luma.shape)
    if min(rows, columns) < 1:
        return middle
    gradients = [_patches(image, scale) for image in _gradients(middle, scale)]
    total, count = np.zeros_like(middle), np.zeros_like(middle)
    band = max(1, _BAND // columns)
    for first in range(0, rows, band):
        part = [patches[first : first + band] for patches in gradients]
        features = np.concatenate([patches.reshape(-1, patches.shape[-1]) for patches in part], axis=1)
        corrections = correct(dictionary.projection.T @ features.T)
        _add(total, count, corrections.T.reshape(*part[0].shape), first, scale)
    return middle + total / np.maximum(count, 1)


def _gradients(image: np.ndarray, scale: int) -> list[np.ndarray]:
    """First differences over `scale` pixels and second over twice as many: across, down, across, down."""
    first = np.zeros(scale + 1)
    first[[0, -1]] = 1, -1
    second = np.zeros(2 * scale + 1)
    second[[0, scale, -1]] = 0.5, -1, 0.5
    return [_filtered(image, taps, axis) for taps in (first, second) for axis in (1, 0)]


def _filtered(image: np.ndarray, taps: np.ndarray, axis: int) -> np.ndarray:
    """MATLAB's `conv2(image, taps, 'same')` along one axis."""
    result = np.zeros_like(image)
    source, target = np.moveaxis(image, axis, 0), np.moveaxis(result, axis, 0)
    length = source.shape[0]
    for place in np.flatnonzero(taps):
        shift = taps.size // 2 - int(place)  # result[i] takes source[i + shift]
        low, high = max(0, -shift), min(length, length - shift)
        target[low:high] += taps[place] * source[low + shift : high + shift]
    return result


def _patches(image: np.ndarray, scale: int) -> np.ndarray:
    """Rows x columns x (3 scale)²: the patch at every inner input pixel, its columns one after the other."""
    side, skip = WINDOW * scale, _BORDER * scale
    inner = image[skip : image.shape[0] - skip, skip : image.shape[1] - skip]
    windows = sliding_window_view(inner, (side, side))[::scale, ::scale]
    return windows.transpose(0, 1, 3, 2).reshape(*windows.shape[:2], side * side)


def _add(total: np.ndarray, count: np.ndarray, patches: np.ndarray, first: int, scale: int) -> None:
    """Adds patches (rows x columns x pixels) where they lie, the rows of patches beginning with `first`."""
    rows, columns = patches.shape[:2]
    side = WINDOW * scale
    pixels = patches.reshape(rows, columns, side, side).transpose(0, 3, 1, 2)  # row, y, column, x
    for down in range(WINDOW):
        for across in range(WINDOW):
            y, x = down * scale, across * scale
            block = pixels[:, y : y + scale, :, x : x + scale].reshape(rows * scale, columns * scale)
            top, left = (first + down + _BORDER) * scale, (across + _BORDER) * scale
            place = slice(top, top + rows * scale), slice(left, left + columns * scale)
            total[place] += block
            count[place] += 1


def _ridge(low: np.ndarray, high: np.ndarray, strength: float) -> np.ndarray:
    """(1 + strength) high (low' low + strength)^-1 low', as the authors weigh it: P x D."""
    gram = low.T @ low + strength * np.eye(low.shape[1])
    return (1 + strength) * high @ np.linalg.solve(gram, low.T)


def _pursuit(atoms: np.ndarray, features: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Orthogonal matching pursuit: per step the atom of each feature, and all weights (steps x N)."""
    chosen: list[np.ndarray] = []
    gram = atoms.T @ atoms
    weights = np.zeros((0, features.shape[1]))
    residual = features
    for _ in range(_SPARSITY):
        chosen.append(np.argmax(np.abs(atoms.T @ residual), axis=0))
        each = np.stack(chosen)
        matrices = gram[each[:, None], each[None, :]].transpose(2, 0, 1)
        wanted = np.einsum("dkn,dn->nk", atoms[:, each], features)
        # A feature that is met exactly chooses an atom twice: the smallest solution leaves it met.
        weights = (np.linalg.pinv(matrices, hermitian=True) @ wanted[..., None])[..., 0].T
        residual = features - np.einsum("dkn,kn->dn", atoms[:, each], weights)
    return chosen, weights

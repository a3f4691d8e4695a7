"""Distances between two sets of features, N x D and M x D: float64, deterministic, no random subsets."""

from __future__ import annotations

import numpy as np

_BLOCK = 2048  # rows of the kernel's matrix at once: 32 MiB


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """The squared Fréchet distance of two Gaussians with the sets' means and (unbiased) covariances.

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), at least 0, lower is closer: Heusel et al., NeurIPS 2017
    (FID). With the centred sets A and B divided by the root of their sizes less one, C1 = A'A and C2 = B'B,
    and the trace of the root is the sum of the singular values of A B': no root of a matrix is taken, so
    nothing is imaginary and nothing is added to a singular covariance. `ValueError` for fewer than two rows.
    """
    one, other = (_scaled(features) for features in (first, second))
    means = [np.asarray(features, np.float64).mean(axis=0) for features in (first, second)]
    root = np.linalg.svd(_rows(one) @ _rows(other).T, compute_uv=False).sum()
    spread = float((one**2).sum() + (other**2).sum() - 2 * root)
    return max(0.0, float(((means[0] - means[1]) ** 2).sum()) + spread)


def _scaled(features: np.ndarray) -> np.ndarray:
    if len(features) < 2:
        raise ValueError("a covariance needs two rows or more")
    values = np.asarray(features, np.float64)
    return (values - values.mean(axis=0)) / np.sqrt(len(values) - 1)


def _rows(values: np.ndarray) -> np.ndarray:
    """At most D rows with the same product A'A: the triangle of a QR decomposition where there are more."""
    return np.asarray(np.linalg.qr(values, mode="r")) if len(values) > values.shape[1] else values


def kernel_distance(first: np.ndarray, second: np.ndarray) -> float:
    """The unbiased squared maximum mean discrepancy under (x'y / D + 1)^3, lower is closer, may be negative.

    Bińkowski et al., ICLR 2018 (KID), over the whole sets at once; the published program takes the mean over
    random subsets of 1000, which has the same expectation. `ValueError` for fewer than two rows.
    """
    one, other = (np.asarray(features, np.float64) for features in (first, second))
    n, m = len(one), len(other)
    if min(n, m) < 2:
        raise ValueError("an unbiased estimate needs two rows or more")
    within = _kernel_sum(one, one, diagonal=False) / (n * (n - 1))
    within += _kernel_sum(other, other, diagonal=False) / (m * (m - 1))
    return float(within - 2 * _kernel_sum(one, other, diagonal=True) / (n * m))


def _kernel_sum(first: np.ndarray, second: np.ndarray, *, diagonal: bool) -> float:
    """The sum of the kernel over all pairs of rows; of a set with itself the pairs of a row with itself are
    left out unless `diagonal`."""
    total = 0.0
    for start in range(0, len(first), _BLOCK):
        block = first[start : start + _BLOCK]
        values = (block @ second.T / first.shape[1] + 1.0) ** 3
        if not diagonal:
            rows = np.arange(len(block))
            values[rows, start + rows] = 0.0
        total += float(values.sum())
    return total

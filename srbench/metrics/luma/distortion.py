"""Distortion of the luma plane: PSNR and RMSE, as plain functions of two planes.

Planes are H x W, uint8 or float64, on the 0 to 255 scale, already cropped and converted by the
protocol. Sums are taken row by row in float64 (exact for 8-bit planes).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit


def mean_squared_error(output: np.ndarray, reference: np.ndarray) -> float:
    """Mean of the squared differences, in squared grey levels; 0 for identical planes."""
    if output.shape != reference.shape or output.ndim != 2:
        raise ValueError(f"two planes of one size are needed, not {output.shape} and {reference.shape}")
    return float(_squared_error(output, reference)) / output.size


def psnr(output: np.ndarray, reference: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB with peak 255; higher is better, infinite for identical planes."""
    error = mean_squared_error(output, reference)
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def rmse(output: np.ndarray, reference: np.ndarray) -> float:
    """Root of the mean squared error in grey levels; lower is better, 0 for identical planes."""
    return math.sqrt(mean_squared_error(output, reference))


@njit(cache=True, nogil=True)
def _squared_error(x, y):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(x.shape[0]):
        row = 0.0
        for j in range(x.shape[1]):
            difference = np.float64(x[i, j]) - np.float64(y[i, j])
            row += difference * difference
        total += row
    return total

"""Small things about pixels that networks and combinations share; imports no torch."""

from __future__ import annotations

import numpy as np

from srbench.images.codec import as_rgb


def to_bytes(values: np.ndarray) -> np.ndarray:
    """Grey levels (float32 or float64, any shape) to uint8: rounded half up and clamped."""
    from srbench.images.kernels import round_bytes

    result = np.empty(values.shape, np.uint8)
    round_bytes(values.reshape(-1), result.reshape(-1))
    return result


def same_kind(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as they are, or both H x W x 3 where one is in colour."""
    if first.ndim == second.ndim:
        return first, second
    return as_rgb(first), as_rgb(second)

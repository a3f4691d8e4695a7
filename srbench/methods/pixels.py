"""Small things about pixels that networks and combinations share; imports no torch."""

from __future__ import annotations

import numpy as np

from srbench.images import as_rgb


def to_bytes(values: np.ndarray) -> np.ndarray:
    """Grey levels to uint8: rounded half up and clamped."""
    return np.clip(np.floor(values + 0.5), 0, 255).astype(np.uint8)


def same_kind(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as they are, or both H x W x 3 where one is in colour."""
    if first.ndim == second.ndim:
        return first, second
    return as_rgb(first), as_rgb(second)

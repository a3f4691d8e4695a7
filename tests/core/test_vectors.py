"""What compiled functions ask of the vector units gives the same numbers with and without them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from numba import njit

from srbench.core.compiled import compiled
from srbench.core.vectors import aligned_zeros, multiply_add, widest_vectors


@njit
def fused(a: np.ndarray, b: np.ndarray, c: np.ndarray, result: np.ndarray) -> None:
    widest_vectors()
    for j in range(a.size):
        result[j] = multiply_add(a[j], b[j], c[j])


@compiled
def quotients(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a / b


def test_multiply_add_rounds_once() -> None:
    a, b, c = np.random.default_rng(3).normal(size=(3, 1003))
    c = -a * b * (1 + 1e-15 * np.arange(1003))  # what is left are the digits that two roundings lose
    result = np.empty(1003)
    fused(a, b, c, result)
    exact = [float(Fraction(x) * Fraction(y) + Fraction(z)) for x, y, z in zip(a, b, c, strict=True)]
    assert result.tolist() == exact
    assert (result != a * b + c).any()


def test_a_division_by_zero_is_numpys() -> None:
    np.testing.assert_array_equal(
        quotients(np.array([1.0, -1.0, 0.0]), np.zeros(3)), [np.inf, -np.inf, np.nan]
    )


@pytest.mark.parametrize("count", [1, 8, 1000, 1 << 20])
def test_aligned_zeros_begin_a_cache_line(count: int) -> None:
    zeros = aligned_zeros(count)
    assert zeros.ctypes.data % 64 == 0
    assert zeros.shape == (count,)
    assert not zeros.any()

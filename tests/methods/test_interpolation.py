"""The methods without weights."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from srbench.core.records import Pair, Sample, UsageError
from srbench.images.resize import Kernel, imresize
from srbench.methods.catalogue import METHODS, resolve
from srbench.methods.contract import Runtime
from tests.helpers import picture

NAMES = ["hr", "nearest", "bicubic", "lanczos"]


def sample(scale: int = 4, size: tuple[int, int] = (24, 36)) -> Sample:
    reference = picture(*size)
    pair = Pair(dataset="d", image="i", scale=scale, reference=Path("i.png"), low_resolution=None)
    return Sample(pair=pair, reference=reference, low_resolution=imresize(reference, Fraction(1, scale)))


def upscaled(name: str, given: Sample, runtime: Runtime | None = None) -> np.ndarray:
    return METHODS.get(name).open(runtime or Runtime())(given)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("name", NAMES)
def test_the_output_is_uint8_and_scale_times_as_large(name: str, scale: int) -> None:
    given = sample(scale)
    output = upscaled(name, given)
    assert output.dtype == np.uint8
    assert output.shape == given.reference.shape


def test_hr_is_the_reference_itself() -> None:
    given = sample()
    assert np.array_equal(upscaled("hr", given), given.reference)
    assert METHODS.get("hr").kind == "reference"


@pytest.mark.parametrize(
    ("name", "kernel"), [("nearest", "box"), ("bicubic", "cubic"), ("lanczos", "lanczos3")]
)
def test_interpolations_are_imresize_with_the_protocols_edges(name: str, kernel: Kernel) -> None:
    given = sample()
    low = given.low_resolution
    assert np.array_equal(upscaled(name, given), imresize(low, 4, kernel=kernel))
    symmetric = upscaled(name, given, Runtime(edges="symmetric"))
    assert np.array_equal(symmetric, imresize(low, 4, kernel=kernel, edges="symmetric"))


def test_grayscale_stays_grayscale() -> None:
    given = sample()
    gray = Sample(
        pair=given.pair, reference=given.reference[..., 0], low_resolution=given.low_resolution[..., 0]
    )
    for name in NAMES:
        assert upscaled(name, gray).ndim == 2


@pytest.mark.parametrize("name", NAMES)
def test_they_run_everywhere_at_every_scale(name: str) -> None:
    method = resolve(name)
    assert method.unavailable() is None
    assert [method.refuses(scale) for scale in (1, 2, 3, 4, 8, 16)] == [None] * 6


def test_an_unknown_method_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean bicubic"):
        resolve("bicubik")

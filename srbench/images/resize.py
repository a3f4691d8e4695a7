"""Resampling that fixes published numbers: MATLAB's `imresize`, PIL's reductions, TensorFlow 1's bicubic.

MATLAB's `imresize` of a uint8 image is reproduced bit for bit: Keys' cubic (a = -0.5), widened by
1/scale when shrinking, one dimension after the other, each pass rounded half up to uint8 before the
next; of a uint16 image to uint16. Source: the behaviour of `imresize.m` (MATLAB Image Processing Toolbox),
checked against the low-resolution images of SelfExSR (2015) and RCAN (2018).

Two edge rules are in use. `clamp` repeats the border pixel and is what made the images above;
`symmetric` mirrors the image and is what the ports in circulation do.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

Edges = Literal["clamp", "symmetric"]
Kernel = Literal["cubic", "lanczos3", "box", "triangle"]
Scale = int | float | Fraction


class Taps(NamedTuple):
    """How one dimension is resampled: output i sums `weight * input[column]` over start[i]:start[i + 1]."""

    start: np.ndarray
    column: np.ndarray
    weight: np.ndarray


def _cubic(x: np.ndarray) -> np.ndarray:
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))


def _lanczos3(x: np.ndarray) -> np.ndarray:
    # MATLAB adds eps to avoid 0/0, which also fixes the last bits of the weights.
    eps = np.finfo(np.float64).eps
    value = (np.sin(np.pi * x) * np.sin(np.pi * x / 3) + eps) / (np.pi**2 * x**2 / 3 + eps)
    return np.where(np.abs(x) < 3, value, 0.0)


def _box(x: np.ndarray) -> np.ndarray:
    return ((x >= -0.5) & (x < 0.5)).astype(np.float64)


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(1.0 - np.abs(x), 0.0)


_KERNELS: dict[Kernel, tuple[Callable[[np.ndarray], np.ndarray], float]] = {
    "cubic": (_cubic, 4.0),
    "lanczos3": (_lanczos3, 6.0),
    "box": (_box, 1.0),
    "triangle": (_triangle, 2.0),
}


def _source_index(index: np.ndarray, length: int, edges: Edges) -> np.ndarray:
    if edges == "clamp":
        return np.clip(index, 0, length - 1)
    folded = np.mod(index, 2 * length)
    return np.where(folded < length, folded, 2 * length - 1 - folded)


@lru_cache(maxsize=64)
def _weights(
    length: int, output_length: int, scale: Fraction, kernel: Kernel, edges: Edges, antialias: bool
) -> Taps:
    """The resampling of one dimension as a sparse (output_length x length) matrix of float64."""
    function, width = _KERNELS[kernel]
    step = float(scale)
    shrink = step if antialias and step < 1 else 1.0
    width /= shrink
    centre = np.arange(1, output_length + 1) / step + 0.5 * (1 - 1 / step)
    first = np.floor(centre - width / 2)
    taps = int(np.ceil(width)) + 2
    index = first[:, None] + np.arange(taps)
    weight = shrink * function(shrink * (centre[:, None] - index))
    weight /= weight.sum(axis=1, keepdims=True)
    column = _source_index(index.astype(np.int64) - 1, length, edges)
    row = np.repeat(np.arange(output_length), taps)
    used = weight.ravel() != 0
    # Repeated border pixels stay separate entries: adding them up first would change the rounding.
    counts = np.bincount(row[used], minlength=output_length)
    start = np.concatenate(([0], np.cumsum(counts)))
    return Taps(start, column.ravel()[used], weight.ravel()[used])


def output_size(size: tuple[int, int], scale: Scale) -> tuple[int, int]:
    """Height and width after MATLAB's `imresize(image, scale)`: rounded up, computed exactly."""
    factor = _exact(scale)
    height, width = (-(-length * factor.numerator // factor.denominator) for length in size)
    return height, width


def _exact(scale: Scale) -> Fraction:
    factor = Fraction(scale).limit_denominator(10**6) if isinstance(scale, float) else Fraction(scale)
    if factor <= 0:
        raise ValueError(f"the scale must be positive, not {scale}")
    return factor


def imresize(
    image: np.ndarray,
    scale: Scale,
    *,
    kernel: Kernel = "cubic",
    edges: Edges = "clamp",
    antialias: bool = True,
) -> np.ndarray:
    """MATLAB's `imresize(image, scale, kernel)` of a uint8 image, bit for bit; of uint16 by the same rule.

    `image` is uint8 or uint16, H x W or H x W x C; the result has the same type and
    `output_size(image.shape[:2], scale)`. Each pass is rounded to that type. Floats are read as the nearby
    fraction, so 1/3 is a third.
    """
    if image.dtype not in (np.uint8, np.uint16):
        raise TypeError(f"imresize takes uint8 or uint16, not {image.dtype}; imresize_double takes floats")
    return _imresize(image, scale, kernel, edges, antialias)


def imresize_double(
    image: np.ndarray,
    scale: Scale,
    *,
    kernel: Kernel = "cubic",
    edges: Edges = "clamp",
    antialias: bool = True,
) -> np.ndarray:
    """MATLAB's `imresize` of a double image: the same weights, no rounding; float64 in any range."""
    return _imresize(np.asarray(image, dtype=np.float64), scale, kernel, edges, antialias)


def pil_reduce(image: np.ndarray, scale: int, *, kernel: Literal["lanczos", "bicubic"]) -> np.ndarray:
    """PIL's antialiased reduction by a whole factor; uint8 in and out, sizes must be multiples of `scale`.

    The Lanczos form made the inputs of EnhanceNet (measured; see the `enhancenet` protocol).
    """
    from PIL import Image

    height, width = image.shape[:2]
    if height % scale or width % scale:
        raise ValueError(f"{width}x{height} is not a multiple of {scale}")
    resample = {"lanczos": Image.Resampling.LANCZOS, "bicubic": Image.Resampling.BICUBIC}[kernel]
    return np.asarray(Image.fromarray(image).resize((width // scale, height // scale), resample))


def tensorflow1_bicubic(image: np.ndarray, scale: int) -> np.ndarray:
    """TensorFlow 1's `resize_bicubic` by a whole factor: a = -0.75, no half-pixel offset, clamped edges.

    `image` is a float array, H x W or H x W x C, in any range; the result has the same range and
    float64, and is neither rounded nor clipped.
    """
    image = np.asarray(image, dtype=np.float64)
    taps = [_tensorflow1_weights(length, scale) for length in image.shape[:2]]
    return _resample(image, taps)


@lru_cache(maxsize=64)
def _tensorflow1_weights(length: int, scale: int) -> Taps:
    a = -0.75
    position = np.arange(length * scale) / scale
    first = np.floor(position).astype(np.int64)
    offset = position - first
    distance = np.stack([1 + offset, offset, 1 - offset, 2 - offset], axis=1)
    near = (a + 2) * distance**3 - (a + 3) * distance**2 + 1
    far = a * distance**3 - 5 * a * distance**2 + 8 * a * distance - 4 * a
    weight = np.where(distance <= 1, near, far)
    column = np.clip(first[:, None] + np.arange(-1, 3), 0, length - 1)
    start = np.arange(0, weight.size + 1, 4)
    return Taps(start, column.ravel(), weight.ravel())


def _imresize(image: np.ndarray, scale: Scale, kernel: Kernel, edges: Edges, antialias: bool) -> np.ndarray:
    factor = _exact(scale)
    taps = [
        _weights(image.shape[axis], length, factor, kernel, edges, antialias)
        for axis, length in enumerate(output_size(image.shape[:2], factor))
    ]
    return _resample(image, taps)


def _resample(image: np.ndarray, taps: list[Taps]) -> np.ndarray:
    """Rows, then columns (as the rows of the transposed image), each pass stored in the image's type."""
    from srbench.images.kernels import transpose

    shape = image.shape[2:]
    current = np.ascontiguousarray(image).reshape(*image.shape[:2], -1)
    for part in taps:
        current = transpose(_resample_rows(current, part))
    return current.reshape(*current.shape[:2], *shape)


def _resample_rows(image: np.ndarray, taps: Taps) -> np.ndarray:
    from srbench.images.kernels import resample_rows

    result: np.ndarray = np.empty((taps.start.size - 1, *image.shape[1:]), image.dtype)
    lines, out = (array.reshape(array.shape[0], -1) for array in (image, result))
    top = float(np.iinfo(image.dtype).max) if image.dtype.kind == "u" else 0.0
    resample_rows(lines, taps.start, taps.column, taps.weight, top, out)
    return result

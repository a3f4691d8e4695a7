"""Resamplers with which people make inputs and enlarge them, by name; uint8 in and out where not said."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial

import numpy as np

from srbench.images.pixels import to_bytes
from srbench.images.resize import Kernel, imresize, imresize_double, pil_reduce

Resampler = Callable[[np.ndarray, int], np.ndarray]


def _cubic_weights(length: int, size: int) -> np.ndarray:
    """`size` x `length`: OpenCV's INTER_CUBIC and PyTorch's bicubic (a = -0.75, no antialiasing)."""
    a = -0.75
    centre = (np.arange(size) + 0.5) * length / size - 0.5
    first = np.floor(centre).astype(np.int64) - 1
    weights = np.zeros((size, length))
    for tap in range(4):
        x = np.abs(centre - (first + tap))
        near = (a + 2) * x**3 - (a + 3) * x**2 + 1
        far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
        columns = np.clip(first + tap, 0, length - 1)
        np.add.at(weights, (np.arange(size), columns), np.where(x <= 1, near, far))
    return weights


def _opencv_cubic(image: np.ndarray, height: int, width: int) -> np.ndarray:
    rows, columns = _cubic_weights(image.shape[0], height), _cubic_weights(image.shape[1], width)
    planes = image[..., None] if image.ndim == 2 else image
    made = [rows @ planes[..., c].astype(np.float64) @ columns.T for c in range(planes.shape[2])]
    return to_bytes(np.stack(made, axis=-1).reshape(height, width, *image.shape[2:]))


def _pil_enlarged(image: np.ndarray, scale: int) -> np.ndarray:
    from PIL import Image

    size = (image.shape[1] * scale, image.shape[0] * scale)
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))


def _ported(image: np.ndarray, scale: int | Fraction, kernel: Kernel = "cubic") -> np.ndarray:
    """MATLAB's imresize as its ports have it: mirrored edges, rounded once at the end."""
    return to_bytes(imresize_double(image, scale, kernel=kernel, edges="symmetric"))


REDUCTIONS: dict[str, Resampler] = {
    "matlab": lambda image, scale: imresize(image, Fraction(1, scale)),
    "matlab-mirrored": lambda image, scale: imresize(image, Fraction(1, scale), edges="symmetric"),
    "matlab-port": lambda image, scale: _ported(image, Fraction(1, scale)),
    "pil-bicubic": lambda image, scale: pil_reduce(image, scale, kernel="bicubic"),
    "pil-lanczos": lambda image, scale: pil_reduce(image, scale, kernel="lanczos"),
    "opencv-cubic": lambda image, scale: _opencv_cubic(
        image, image.shape[0] // scale, image.shape[1] // scale
    ),
    "box": lambda image, scale: imresize(image, Fraction(1, scale), kernel="box"),
    # Never quantised: float64.
    "matlab-double": lambda image, scale: imresize_double(image, Fraction(1, scale)),
}
# Reductions that only some methods take.
_FLOATS = ("matlab-double",)
ENLARGEMENTS: dict[str, Resampler] = {
    "matlab": imresize,
    "matlab-mirrored": partial(imresize, edges="symmetric"),
    "matlab-port": _ported,
    "pil-bicubic": _pil_enlarged,
    "opencv-cubic": lambda image, scale: _opencv_cubic(image, image.shape[0] * scale, image.shape[1] * scale),
}


LUMA_ALONE = "luma-double"


def combinations(*, bicubic: bool, floats: bool) -> list[tuple[str, str]]:
    """(inputs, upscaler) that are looked at beside MATLAB's own, "matlab" and the method's own "given".

    Of bicubic interpolation the enlargement varies too: with inputs of its own kind, or one of them MATLAB's.
    `floats` says whether the method takes inputs that were never quantised, and Y alone as SRCNN's demo.
    """
    reductions = [name for name in REDUCTIONS if name != "matlab" and (floats or name not in _FLOATS)]
    others = [(name, "given") for name in reductions]
    if bicubic:
        others += [("matlab", name) for name in _OTHERS]
        others += [(name, name) for name in reductions if name in ENLARGEMENTS]
    return [*others, (LUMA_ALONE, "given")] if floats else others


_OTHERS = [name for name in ENLARGEMENTS if name != "matlab"]

"""The steerable pyramid of Ma's second feature group: two scales, six orientations, real bands.

Source: `buildSFpyr.m` of matlabPyrTools (Simoncelli), called by the authors' `global_gsm.m` with two
scales and order 5. A band is the inverse transform of the image's spectrum times a mask that is a table
of 1024 steps per half turn, interpolated linearly; the masks are made once per size of image. Because
image and bands are real, half of the spectrum is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import factorial

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from srbench.core.compiled import compiled
from srbench.metrics.natural.ma.moments import correlations
from srbench.metrics.natural.pyiqa_numerics import Compatibility, to_single

FloatArray = NDArray[np.float64]

ORIENTATIONS = 6
_ORDER = ORIENTATIONS - 1

# Masks of an image larger than this are not kept: they take 7 bytes per pixel and scale.
_KEEP_UP_TO = 1 << 21


@dataclass(frozen=True)
class Pyramid:
    """`planes` is 13 x H x W, `coarse` 6 x about H/2 x about W/2; float64.

    The planes are the six fine bands, room for their six enlarged parents, and the high-pass band. The
    correlations are those of `moments.correlations`.
    """

    planes: FloatArray
    coarse: FloatArray
    fine_correlations: FloatArray
    coarse_correlations: FloatArray

    @property
    def fine(self) -> FloatArray:
        """The six bands of the fine scale, 6 x H x W."""
        return self.planes[:ORIENTATIONS]

    @property
    def parents(self) -> FloatArray:
        """The room for the six parents, 6 x H x W."""
        return self.planes[ORIENTATIONS:-1]


@dataclass(frozen=True)
class _Masks:
    """Real masks on half spectra; a band's mask is to be multiplied by -i (order 5)."""

    highpass: FloatArray
    fine: FloatArray
    coarse: FloatArray


def build_pyramid(image: FloatArray, compatibility: Compatibility) -> Pyramid:
    """The pyramid of an H x W image in any range."""
    make = _kept_masks if image.size <= _KEEP_UP_TO else _make_masks
    masks = make(image.shape, compatibility)
    spectrum = fft.rfft2(image)
    planes = np.empty((2 * ORIENTATIONS + 1, *image.shape))
    _make_bands(spectrum, masks.highpass[None], planes[-1:])
    coarse_shape = (_coarse_length(image.shape[0]), _coarse_length(image.shape[1]))
    spectrum *= -1j
    _make_bands(spectrum, masks.fine, planes[:ORIENTATIONS])
    low = _low_frequencies(spectrum, coarse_shape)
    coarse = np.empty((ORIENTATIONS, *coarse_shape))
    _make_bands(low, masks.coarse, coarse)
    return Pyramid(
        planes,
        coarse,
        correlations(spectrum, masks.fine, image.shape),
        correlations(low, masks.coarse, coarse_shape),
    )


def _make_bands(spectrum: NDArray[np.complex128], masks: FloatArray, bands: FloatArray) -> None:
    product = np.empty_like(spectrum)
    for band, mask in zip(bands, masks, strict=True):
        _multiply(spectrum, mask, product)
        # One direction after the other takes half of the time of `irfft2`.
        columns = fft.ifft(product, axis=0, overwrite_x=True)
        band[:] = fft.irfft(columns, n=band.shape[1], axis=1, overwrite_x=True)


@compiled
def _multiply(spectrum: NDArray[np.complex128], mask: FloatArray, product: NDArray[np.complex128]) -> None:
    for i in range(spectrum.shape[0]):
        for j in range(spectrum.shape[1]):
            value, factor = spectrum[i, j], mask[i, j]
            product[i, j] = complex(value.real * factor, value.imag * factor)


def _coarse_length(length: int) -> int:
    return -(-(2 * length - 1) // 4)  # ceil((length - 0.5) / 2)


def _low_frequencies(spectrum: NDArray[np.complex128], shape: tuple[int, int]) -> NDArray[np.complex128]:
    """The half spectrum of the coarse scale: the frequencies around zero that it keeps."""
    rows, columns = shape
    upper, lower = -(-rows // 2), rows // 2
    cut = spectrum[:, : columns // 2 + 1]
    return np.concatenate([cut[:upper], cut[spectrum.shape[0] - lower :]])


def _make_masks(shape: tuple[int, int], compatibility: Compatibility) -> _Masks:
    rounded = to_single if compatibility == "pyiqa" else np.asarray
    log_radius, angle = _polar(shape)
    position, rise = _transition()
    fall = np.sqrt(np.abs(1 - rise**2))
    lowpass = rounded(np.interp(log_radius, position, fall))
    highpass = rounded(np.interp(log_radius, position, rise))
    fine = lowpass * rounded(np.interp(log_radius, position - 1, rise))
    second = lowpass * rounded(np.interp(log_radius, position - 1, fall))
    coarse = second * rounded(np.interp(log_radius, position - 2, rise))
    coarse_shape = (_coarse_length(shape[0]), _coarse_length(shape[1]))
    kept = tuple(
        slice(old // 2 - new // 2, old // 2 - new // 2 + new)
        for old, new in zip(shape, coarse_shape, strict=True)
    )
    coarse = coarse[kept]
    coarse_angle = angle[kept]
    fine_masks = np.empty((ORIENTATIONS, shape[0], shape[1] // 2 + 1))
    coarse_masks = np.empty((ORIENTATIONS, coarse_shape[0], coarse_shape[1] // 2 + 1))
    for band in range(ORIENTATIONS):
        fine_masks[band] = _half(fine * rounded(_angular(angle, band)), odd=True)
        coarse_masks[band] = _half(coarse * rounded(_angular(coarse_angle, band)), odd=True)
    return _Masks(_half(highpass, odd=False), fine_masks, coarse_masks)


_kept_masks = lru_cache(maxsize=4)(_make_masks)


def _polar(shape: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Binary logarithm of the radius (1: half the sampling rate) and angle; zero frequency in the middle."""
    rows, columns = shape
    y = (np.arange(rows) - rows // 2) / (rows / 2)
    x = (np.arange(columns) - columns // 2) / (columns / 2)
    radius = np.sqrt(x**2 + y[:, None] ** 2)
    radius[rows // 2, columns // 2] = radius[rows // 2, columns // 2 - 1]
    return np.log2(radius), np.arctan2(y[:, None], x)


def _transition() -> tuple[FloatArray, FloatArray]:
    """`rcosFn(1, -0.5)` and the square root of its values: the rise of the high-pass over one octave."""
    steps = np.pi * np.arange(-257, 2) / 512
    rise = np.cos(steps) ** 2
    rise[0], rise[-1] = rise[1], rise[-2]
    return -0.5 + 2 / np.pi * (steps + np.pi / 4), np.sqrt(rise)


def _angular(angle: FloatArray, band: int) -> FloatArray:
    """The angular mask of a band, proportional to cos(angle - band * pi / 6) ** 5."""
    steps = np.pi * np.arange(-2049, 1026) / 1024
    scale = 2 ** (2 * _ORDER) * factorial(_ORDER) ** 2 / (ORIENTATIONS * factorial(2 * _ORDER))
    return np.interp(angle, steps + np.pi * band / ORIENTATIONS, np.sqrt(scale) * np.cos(steps) ** _ORDER)


def _half(mask: FloatArray, *, odd: bool) -> FloatArray:
    """The columns of non-negative frequency of a mask, and of it the part that makes real bands.

    A real band is what the even part of a real mask leaves, or the odd part of one that is to be
    multiplied by i.
    """
    mask = fft.ifftshift(mask)
    mirrored = np.roll(mask[::-1, ::-1], (1, 1), axis=(0, 1))
    columns = mask.shape[1] // 2 + 1
    part = mask[:, :columns] - mirrored[:, :columns] if odd else mask[:, :columns] + mirrored[:, :columns]
    return part / 2

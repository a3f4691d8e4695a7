"""The kinds of SSIM that the field's programs compute, of a pair of planes.

- wang: the release of 2004 (11x11 Gaussian, positions inside the image), also TensorFlow's
- wang-downsampled: the release of 2011, which shrinks images above 256 pixels first
- matlab: MATLAB's own `ssim`, as wang but at every position, with replicated edges
- torchmetrics: torchmetrics' (1.9), as wang but at every position, with mirrored edges
- skimage: scikit-image's `structural_similarity` as it comes (7x7 of equal weights, sample covariance)
- skimage-gaussian: the same with `gaussian_weights=True`
- uniform: 7x7 of equal weights, with the covariance of the window itself
- daala: `dump_ssim`, as SRGAN reports it
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from srbench.core.records import Unscorable
from srbench.metrics.luma.filters import gaussian_taps
from srbench.metrics.luma.structural_similarity import ssim_daala
from srbench.studies.explain.conventions import SsimKind
from srbench.studies.explain.windows import similarity_map

_GAUSSIAN = gaussian_taps(11, 1.5)
_EQUAL = np.full(7, 1 / 7)
# Kinds whose windows lie inside the image: a crop of the image is a crop of their map.
_INSIDE: dict[SsimKind, tuple[np.ndarray, int]] = {
    "wang": (_GAUSSIAN, 0),
    "skimage-gaussian": (_GAUSSIAN, 121),
    "skimage": (_EQUAL, 49),
    "uniform": (_EQUAL, 0),
}


class Similarities:
    """The SSIM of one pair of whole planes (H x W, or H x W x 3: the mean over channels) after any crop."""

    def __init__(self, output: np.ndarray, reference: np.ndarray) -> None:
        self._output = output
        self._reference = reference
        self._maps: dict[tuple[SsimKind, float], np.ndarray] = {}

    def of(self, kind: SsimKind, peak: float, rows: slice, columns: slice) -> float:
        """Mean SSIM inside `rows` and `columns` (whose bounds are given); at most 1."""
        size = rows.stop - rows.start, columns.stop - columns.start
        if min(size) < _GAUSSIAN.size:
            raise Unscorable(f"{size[1]}x{size[0]} pixels are smaller than the 11x11 window of SSIM")
        if kind in _INSIDE:
            lost = _INSIDE[kind][0].size - 1
            found = self._map(kind, peak)
            return float(found[rows.start : rows.stop - lost, columns.start : columns.stop - lost].mean())
        # Their constants are made for 255.
        output, reference = (
            plane[rows, columns].astype(np.float64) * (255 / peak)
            for plane in (self._output, self._reference)
        )
        return float(np.mean(_by_channel(output, reference, lambda x, y: _of_cropped(x, y, kind))))

    def _map(self, kind: SsimKind, peak: float) -> np.ndarray:
        """The mean over channels of the SSIM at each position, computed once."""
        if (kind, peak) not in self._maps:
            taps, sample = _INSIDE[kind]
            made = _by_channel(
                self._output,
                self._reference,
                lambda x, y: similarity_map(x, y, taps, sample=sample, peak=peak),
            )
            self._maps[kind, peak] = made[0] if len(made) == 1 else np.mean(made, axis=0)
        return self._maps[kind, peak]


def _by_channel(
    output: np.ndarray, reference: np.ndarray, compute: Callable[[np.ndarray, np.ndarray], object]
) -> list[Any]:
    if reference.ndim == 2:
        return [compute(output, reference)]
    return [compute(output[..., c], reference[..., c]) for c in range(reference.shape[2])]


def _of_cropped(output: np.ndarray, reference: np.ndarray, kind: SsimKind) -> float:
    if kind == "daala":
        return ssim_daala(output, reference)
    if kind in ("matlab", "torchmetrics"):
        edges: Literal["edge", "reflect"] = "edge" if kind == "matlab" else "reflect"
        output, reference = (np.pad(plane, _GAUSSIAN.size // 2, mode=edges) for plane in (output, reference))
    else:
        factor = max(1, round(min(reference.shape) / 256))
        output, reference = _shrunk(output, factor), _shrunk(reference, factor)
    return float(similarity_map(output, reference, _GAUSSIAN, sample=0, peak=255).mean())


def _shrunk(plane: np.ndarray, factor: int) -> np.ndarray:
    """`imfilter(plane, ones(f) / f^2, 'symmetric')` and every f-th pixel, as in `ssim.m` of 2011."""
    if factor == 1:
        return plane
    # MATLAB's centre of an even window is the upper left of its middle, so it reaches further down and right.
    padded = np.pad(plane, ((factor - 1) // 2, factor // 2), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (factor, factor))[::factor, ::factor]
    return windows.mean(axis=(2, 3))

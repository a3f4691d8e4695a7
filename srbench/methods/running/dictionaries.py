"""Dictionary methods as upscalers of 8-bit images, with the colours of the authors' scripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from srbench.core.weights import WeightFile, load, locate, serving
from srbench.images.pixels import to_bytes
from srbench.images.ycbcr import enlarged_chroma, rgb_to_luma, ycbcr_to_rgb
from srbench.methods.dictionary import Dictionary, Regression, enlarge

if TYPE_CHECKING:
    from srbench.core.records import Sample
    from srbench.images.resize import Edges


class DictionaryUpscaler:
    """Y by a regression on a dictionary, Cb and Cr by bicubic enlargement, each in whole grey levels.

    `weights` are the method's, `build` makes the regression of a scale from the dictionary and all tensors.
    """

    def __init__(
        self,
        name: str,
        weights: tuple[WeightFile, ...],
        build: Callable[[Dictionary, Mapping[str, np.ndarray]], Regression],
        edges: Edges,
    ) -> None:
        self._name = name
        self._weights = weights
        self._build = build
        self._edges = edges
        self._of = lru_cache(maxsize=4)(self._open)

    def __call__(self, sample: Sample) -> np.ndarray:
        """uint8, `scale` times as large as the sample's input."""
        image, scale = sample.low_resolution, sample.pair.scale
        dictionary, correct = self._of(scale)
        luma = enlarge(rgb_to_luma(image) / 255.0, scale, dictionary, correct, self._edges)
        whole = to_bytes(255.0 * luma)
        if image.ndim == 2:
            return whole
        return ycbcr_to_rgb(whole, enlarged_chroma(image, scale, self._edges))

    def _open(self, scale: int) -> tuple[Dictionary, Regression]:
        tensors: dict[str, np.ndarray] = {}
        for file in serving(self._weights, scale):
            tensors |= load(locate(file, command=f"srbench methods pull {self._name}"))[0]
        dictionary = Dictionary(tensors["V_pca"], tensors["dict_lores"], tensors["dict_hires"])
        return dictionary, self._build(dictionary, tensors)

"""The list of metrics that compare whole sets of images, outputs with references.

To add one: an entry here. They have one value for a method and data set, not one for each image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from srbench.core.registry import Registry
from srbench.core.weights import WeightFile, missing_weights
from srbench.metrics.sets.distances import frechet_distance, kernel_distance
from srbench.metrics.sets.inception import FEATURES, FILE, Resize, features

PATCH = 256


@dataclass(frozen=True)
class SetMetric:
    """A metric of sets: `distance` of the features (N x D, M x D, float) of outputs and references.

    - `resize` is how an image, or a patch of side `patch`, becomes the network's input.
    - `version` changes with the numbers. Lower is better for all of them.
    """

    name: str
    title: str
    source: str
    note: str
    distance: Callable[[np.ndarray, np.ndarray], float]
    resize: Resize
    patch: int | None = None
    version: int = 1
    weights: tuple[WeightFile, ...] = (FILE,)

    @property
    def view(self) -> str:
        """What its features are of: metrics with the same share them."""
        return f"{self.resize} {self.patch or 'whole'}"

    def unavailable(self) -> str | None:
        """Why this metric cannot run here, with the command that mends it; None where it can."""
        return missing_weights(self.weights, command=f"srbench metrics pull {self.name}")

    def features(self, image: np.ndarray, device: str = "cpu") -> np.ndarray:
        """The features of an image (uint8, H x W x 3), float32: one row, or one for each patch."""
        found = [features(part, self.resize, device) for part in self._parts(image)]
        return np.stack(found) if found else np.empty((0, FEATURES), np.float32)

    def _parts(self, image: np.ndarray) -> Iterator[np.ndarray]:
        """The image, or its patches: of a grid from the corner, then of one that is half a patch off."""
        side = self.patch
        if side is None:
            yield image
            return
        height, width = image.shape[:2]
        for start in (0, side // 2):
            for top in range(start, height - side + 1, side):
                for left in range(start, width - side + 1, side):
                    yield image[top : top + side, left : left + side]


_FID = "Heusel et al., NeurIPS 2017"
_KID = "Bińkowski et al., ICLR 2018"
_CLEAN = "with the resizing of clean-fid (Parmar et al., CVPR 2022)"
_PATCHES = "over patches as in Mentzer et al., NeurIPS 2020"
_FID_NOTE = (
    "float64, sums of singular values; biased upwards for few images, so compare values of the same n only"
)
_KID_NOTE = "float64, unbiased, over the whole sets at once, not times 1000; may be below 0"
_GRID = f"{PATCH}x{PATCH} patches of two grids, the second half a patch off; smaller images have none"

_ALIASES = {"fid-bilinear": ("fid",), "kid-bilinear": ("kid",)}

SETS: Registry[SetMetric] = Registry("metric of sets", group=None, record=SetMetric)

for _metric in (
    SetMetric("fid-bilinear", "FID (bilinear)", _FID, _FID_NOTE, frechet_distance, "bilinear"),
    SetMetric("fid-clean", "FID (clean)", f"{_FID}, {_CLEAN}", _FID_NOTE, frechet_distance, "clean"),
    SetMetric(
        f"fid-patch{PATCH}", "patch FID", f"{_FID}, {_PATCHES}", f"{_GRID}; {_FID_NOTE}", frechet_distance,
        "bilinear", PATCH,
    ),
    SetMetric("kid-bilinear", "KID (bilinear)", _KID, _KID_NOTE, kernel_distance, "bilinear"),
    SetMetric("kid-clean", "KID (clean)", f"{_KID}, {_CLEAN}", _KID_NOTE, kernel_distance, "clean"),
    SetMetric(
        f"kid-patch{PATCH}", "patch KID", f"{_KID}, {_PATCHES}", f"{_GRID}; {_KID_NOTE}", kernel_distance,
        "bilinear", PATCH,
    ),
):  # fmt: skip
    SETS.add(_metric.name, _metric, aliases=_ALIASES.get(_metric.name, ()))

"""What a metric is, and the view of an image that it measures.

A metric is a plain function of a `View` of the output and one of the reference. A view computes each
form of its image (cropped, luma) once, and `keep` lets a metric store what it derived from a view: the
reference's view lives through all methods, so its side of the work is done once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import numpy as np

from srbench.core.records import Unscorable
from srbench.core.weights import WeightFile, missing_weights
from srbench.images.luma import luma, matlab_gray
from srbench.images.pixels import as_rgb, crop_border

if TYPE_CHECKING:
    from srbench.protocols import Protocol

T = TypeVar("T")


class View:
    """One image as a protocol measures it.

    `image` is uint8, H x W or H x W x 3. `gray_reference` says whether the reference is a grayscale
    file (None where there is none, or for the reference itself) and makes an output comparable with it:
    where the protocol takes gray as full-range luma, a colour output of a gray reference is reduced with
    MATLAB's `rgb2gray`, which leaves equal channels as they are; a gray output of a colour reference is
    replicated to three channels.
    """

    def __init__(
        self,
        image: np.ndarray,
        protocol: Protocol,
        scale: int,
        *,
        gray_reference: bool | None = None,
        device: str = "cpu",
    ) -> None:
        if gray_reference and protocol.gray == "full-range":
            image = matlab_gray(image)
        elif gray_reference is False:
            image = as_rgb(image)
        self.image = image
        self.protocol = protocol
        self.scale = scale
        self.device = device
        self._kept: dict[str, Any] = {}

    @cached_property
    def cropped(self) -> np.ndarray:
        """uint8, H x W or H x W x 3, without the protocol's border."""
        return crop_border(self.image, self.protocol.border_for(self.scale))

    @cached_property
    def rgb(self) -> np.ndarray:
        """uint8, H x W x 3, without the protocol's border."""
        return as_rgb(self.cropped)

    @cached_property
    def luma(self) -> np.ndarray:
        """The protocol's luma without its border: H x W, uint8 or (unrounded) float64."""
        return luma(self.cropped, self.protocol.luma, gray=self.protocol.gray)

    def keep(self, key: str, compute: Callable[[], T]) -> T:
        """The result of `compute`, from the first call with this key on."""
        if key not in self._kept:
            self._kept[key] = compute()
        return cast(T, self._kept[key])


@dataclass(frozen=True)
class Metric:
    """A metric and what users need to know of it.

    - `compute(output, reference)` gives one finite or infinite float or raises `Unscorable`; metrics
      without `needs_reference` must not look at the reference.
    - `version` changes with the numbers: stored scores of another version are computed again.
    - `weights` are the files that it needs; `modules` the optional packages.
    - `aggregate` is how image values become the value of a data set.
    """

    name: str
    title: str
    unit: str
    higher_is_better: bool
    needs_reference: bool
    source: str
    compute: Callable[[View, View], float]
    version: int | str = 1
    weights: tuple[WeightFile, ...] = ()
    modules: tuple[str, ...] = ()
    aggregate: Literal["mean", "root-mean-square"] = "mean"
    note: str = ""

    def unavailable(self) -> str | None:
        """Why this metric cannot run here, with the command that mends it; None where it can."""
        from importlib.util import find_spec

        for module in self.modules:
            if find_spec(module) is None:
                return f"the package {module} is not installed: pip install {module}"
        return missing_weights(self.weights, command=f"srbench metrics pull {self.name}")

    def score(self, output: View, reference: View | None) -> float:
        """`compute` with its contract enforced: sizes agree, and a NaN is a reason, not a number."""
        if self.needs_reference:
            if reference is None:
                raise Unscorable(f"{self.name} needs a reference")
            if output.image.shape[:2] != reference.image.shape[:2]:
                raise Unscorable(
                    f"the output is {_size(output.image)}, the reference {_size(reference.image)}"
                )
        value = self.compute(output, output if reference is None else reference)
        if math.isnan(value):
            raise Unscorable(f"{self.name} is not a number on this image")
        return value


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"

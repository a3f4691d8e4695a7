"""What a metric is: a plain function of a `View` of the output and one of the reference, and its facts.

A `View` is an image as a protocol measures it; each form of it (cropped, luma) is computed once. All commands
and trainings score with `measure`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from srbench.core.records import OK, Unscorable, reason_of
from srbench.core.weights import WeightFile, missing_weights
from srbench.images.codec import STEP
from srbench.images.pixels import as_rgb, border_width, crop_border, luma, luma_plane, matlab_gray
from srbench.statistics.intervals import UNBOUNDED, Aggregate, Bounds

if TYPE_CHECKING:
    from srbench.protocols import Protocol

T = TypeVar("T")


class View:
    """One image as a protocol measures it.

    `image` is uint8, H x W or H x W x 3; under a protocol of 16 bits uint16, and what comes as uint8 is
    multiplied by 257. `gray_reference` says whether the reference is a grayscale
    file (None where there is none, or for the reference itself) and makes an output comparable with it:
    where the protocol takes gray as full-range luma, a colour output of a gray reference is reduced with
    MATLAB's `rgb2gray`, which leaves equal channels as they are; a gray output of a colour reference is
    replicated to three channels. Where the protocol knows Y alone, colour becomes Y, and gray is Y.
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
        if protocol.bits == 16 and image.dtype == np.uint8:
            image = image.astype(np.uint16) * STEP
        if protocol.plane == "luma" and not gray_reference:
            image = luma_plane(image)
        elif gray_reference and protocol.gray == "full-range":
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
        """uint8 or uint16, H x W or H x W x 3, without the protocol's border."""
        return crop_border(self.image, border_width(self.protocol.border, self.scale))

    @cached_property
    def rgb(self) -> np.ndarray:
        """uint8 or uint16, H x W x 3, without the protocol's border."""
        return as_rgb(self.cropped)

    @cached_property
    def levels(self) -> np.ndarray:
        """RGB in grey levels from 0 to 255 without the protocol's border: H x W x 3, uint8, of 16 bits
        float64."""
        return self.rgb if self.rgb.dtype == np.uint8 else self.rgb / float(STEP)

    @cached_property
    def luma(self) -> np.ndarray:
        """The protocol's luma without its border: H x W, uint8 or (unrounded, or of 16 bits) float64."""
        return luma(self.cropped, self.protocol.luma, gray=self.protocol.gray)

    def keep(self, key: str, compute: Callable[[], T]) -> T:
        """The result of `compute`, from the first call with this key on.

        It is for what a metric derives from a view: the reference's lives through all methods, so its side of
        the work is done once.
        """
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
    - `bounds` are the least and the greatest value there can be, None where there is none; intervals keep
      to them.
    - `depths` are the bits a channel of images that it is defined for.
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
    aggregate: Aggregate = "mean"
    bounds: Bounds = UNBOUNDED
    note: str = ""
    depths: tuple[int, ...] = (8,)

    def unavailable(self) -> str | None:
        """Why this metric cannot run here, with the command that mends it; None where it can."""
        from importlib.util import find_spec

        for module in self.modules:
            if find_spec(module) is None:
                return f"the package {module} is not installed: pip install {module}"
        return missing_weights(self.weights, command=f"srbench metrics pull {self.name}")

    def score(self, output: View, reference: View | None) -> float:
        """`compute` with its contract enforced: sizes agree, the value is a float, and NaN is a reason."""
        if output.protocol.bits not in self.depths:
            raise Unscorable(f"{self.name} is of {self.depths[0]}-bit images; score these in 8 bits for it")
        if self.needs_reference:
            if reference is None:
                raise Unscorable(f"{self.name} needs a reference")
            if output.image.shape[:2] != reference.image.shape[:2]:
                raise Unscorable(
                    f"the output is {_size(output.image)}, the reference {_size(reference.image)}"
                )
        found = self.compute(output, output if reference is None else reference)
        if isinstance(found, str | bytes) or not hasattr(found, "__float__"):
            raise Unscorable(f"{self.name} gave {type(found).__name__}, not a number")
        # A NumPy or torch scalar would be stored as something else than the number that it is.
        value = float(found)
        if math.isnan(value):
            raise Unscorable(f"{self.name} is not a number on this image")
        return value


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"


@dataclass(frozen=True)
class Measured:
    """One metric of one output: a value with status "ok", or None and the reason."""

    metric: str
    value: float | None
    status: str
    seconds: float


def measure(
    metrics: Iterable[Metric],
    output: View,
    reference: View | None,
    *,
    before: Callable[[Metric], None] = lambda _: None,
) -> tuple[Measured, ...]:
    """Every metric of an output, in order; whatever fails becomes a reason.

    `reference` is None where there is none: metrics that need it say so. `before` is told of each metric.
    """
    found = []
    for metric in metrics:
        before(metric)
        start = time.perf_counter()
        value, status = None, OK
        try:
            value = metric.score(output, reference)
        # Also a plug-in's sys.exit: it must not end the run, and an exit code of 0 would hide that it did.
        except (Exception, SystemExit, GeneratorExit) as error:
            status = reason_of(error)
        found.append(Measured(metric.name, value, status, time.perf_counter() - start))
    return tuple(found)


def unmeasured(metrics: Iterable[str], reason: str) -> tuple[Measured, ...]:
    """The same reason for every metric."""
    return tuple(Measured(metric, None, reason, 0.0) for metric in metrics)

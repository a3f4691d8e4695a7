"""The view of an image that metrics measure: each form of it (cropped, luma) computed once.

`keep` lets a metric store what it derived from a view: the reference's view lives through all methods, so
its side of the work is done once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from srbench.images.codec import STEP
from srbench.images.pixels import as_rgb, crop_border, luma, luma_plane, matlab_gray

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
        if protocol.luma_alone and not gray_reference:
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
        return crop_border(self.image, self.protocol.border_for(self.scale))

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
        """The result of `compute`, from the first call with this key on."""
        if key not in self._kept:
            self._kept[key] = compute()
        return cast(T, self._kept[key])

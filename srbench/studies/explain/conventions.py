"""The conventions of the field as typed records, and the sets of them that a search looks through."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

Luma = Literal["bt601", "bt709", "yiq", "gray709", "rgb", "daala"]
Gray = Literal["any", "full-range", "replicate", "output-limited"]
SsimKind = Literal[
    "wang", "wang-float", "wang-uint8", "wang-downsampled", "matlab", "torchmetrics", "uniform", "skimage",
    "skimage-gaussian", "daala",
]  # fmt: skip
Average = Literal["images", "mse"]
DataRange = Literal["255", "219", "maximum", "span", "510"]
Channels = Literal["rgb", "bgr", "output-bgr"]
Light = Literal["encoded", "linear"]


@dataclass(frozen=True)
class Convention:
    """One way to turn outputs and references into a PSNR and an SSIM.

    - `luma`: the plane that is compared. bt601 and bt709 are limited range (16 to 235), yiq and gray709
      full range (MATLAB's and scikit-image's `rgb2gray`), rgb all three channels, daala png2y4m's Y.
    - `rounded`: whether that plane is rounded to whole grey levels.
    - `gray`: what happens to gray files: kept as luma, replicated to three channels, or (a mistake) the
      limited-range luma of the output against the full-range reference; "any" where there is none.
    - `border`: pixels cut from each side. `mod_crop`: both are cut to multiples of it first.
    - `ssim_kind`: see `similarity`; a plane of three channels is scored channel by channel.
    - `average`: the mean of the images' PSNRs, or the PSNR of a mean squared error, which is taken over
      images or, with `pooled`, over all their pixels.
    - `data_range`: the peak: 255, 219 (16 to 235), each reference's maximum or its maximum less its
      minimum, or 510 (what a library makes of floats when it takes their range for -1 to 1).
    - `shift`: rows and columns by which the reference is displaced. `channels`: bgr swaps red and blue.
      `light`: linear undoes the gamma of sRGB. `jpeg`: the quality with which outputs were saved, 0 for
      not at all.
    - `inputs`, `upscaler`: how the images were made, where a method was asked for.
    """

    luma: Luma = "bt601"
    rounded: bool = True
    gray: Gray = "any"
    border: int = 4
    ssim_kind: SsimKind = "wang"
    average: Average = "images"
    pooled: bool = False
    data_range: DataRange = "255"
    mod_crop: int = 1
    shift: tuple[int, int] = (0, 0)
    channels: Channels = "rgb"
    light: Light = "encoded"
    jpeg: int = 0
    inputs: str = "given"
    upscaler: str = "given"

    def as_dict(self) -> dict[str, Any]:
        """Every field by name; `shift` as a list of rows and columns."""
        return asdict(self) | {"shift": list(self.shift)}

    def departures(self) -> dict[str, Any]:
        """The fields of which no convention of a paper is known that sets them, where they are set."""
        return {name: getattr(self, name) for name, usual in _UNUSUAL.items() if getattr(self, name) != usual}


_UNUSUAL: dict[str, Any] = {
    field.name: field.default
    for field in fields(Convention)
    if field.name in ("data_range", "mod_crop", "shift", "channels", "light", "jpeg")
}
_PLANES: tuple[tuple[Luma, bool], ...] = (
    ("bt601", True), ("bt601", False), ("bt709", True), ("bt709", False), ("yiq", True), ("yiq", False),
    ("gray709", True), ("gray709", False), ("rgb", True), ("daala", True),
)  # fmt: skip
_SHIFTS = [shift for shift in itertools.product((-1, 0, 1), repeat=2) if shift != (0, 0)]


def borders(scale: int) -> list[int]:
    """The borders in use: none, the scale, 4, and 6 + scale (NTIRE)."""
    return sorted({0, scale, 4, 6 + scale})


def grays(luma: Luma, *, gray_files: bool) -> tuple[Gray, ...]:
    """The rules for gray files that a plane can have, where there are any."""
    if not gray_files:
        return ("any",)
    limited: tuple[Gray, ...] = ("output-limited",) if luma in ("bt601", "bt709") else ()
    return ("full-range", "replicate", *limited)


def ssim_kinds(luma: Luma, *, rounded: bool) -> tuple[SsimKind, ...]:
    """The kinds of SSIM that are looked at on a plane: all on the usual one, the usual ones on all."""
    if luma == "daala":
        return ("daala", "wang")
    if luma == "bt709":
        return ("wang",)
    if luma != "bt601":
        return ("wang", "skimage", "skimage-gaussian", "torchmetrics")
    usual: tuple[SsimKind, ...] = (
        "wang",
        "skimage",
        "skimage-gaussian",
        "uniform",
        "matlab",
        "wang-downsampled",
        "torchmetrics",
    )
    return (*usual, "wang-float", "daala") if rounded else (*usual, "wang-uint8")


def planes_and_borders(scale: int, *, gray_files: bool) -> list[Convention]:
    """Every plane with every border and gray rule: the conventions that decide a PSNR per image."""
    return [
        Convention(luma=luma, rounded=rounded, gray=gray, border=border)
        for (luma, rounded), border in itertools.product(_PLANES, borders(scale))
        for gray in grays(luma, gray_files=gray_files)
    ]


def averages(convention: Convention) -> tuple[Convention, ...]:
    """The convention with each way to average over images."""
    return (
        convention,
        replace(convention, average="mse"),
        replace(convention, average="mse", pooled=True),
    )


def with_similarities(conventions: Iterable[Convention]) -> Iterator[Convention]:
    """Each convention with each kind of SSIM that is looked at on its plane."""
    for convention in conventions:
        for kind in ssim_kinds(convention.luma, rounded=convention.rounded):
            yield replace(convention, ssim_kind=kind)


def single_departures(base: Convention, scale: int) -> Iterator[Convention]:
    """The convention with one thing done otherwise, by mistake or by choice."""
    for border in (scale - 1, scale + 1):
        if border > 0 and border not in borders(scale):
            yield replace(base, border=border)
    for change in _CHANGES:
        if _makes_sense(base.luma, change):
            yield replace(base, **change)


def _makes_sense(luma: Luma, change: dict[str, Any]) -> bool:
    if luma == "daala":
        return False
    if "light" in change:
        return luma in ("rgb", "yiq", "gray709")
    if "jpeg" in change:
        return luma in ("rgb", "yiq", "bt601")
    return luma != "rgb" or change.get("channels") != "bgr"


def double_departures(base: Convention) -> Iterator[Convention]:
    """The convention with two things done otherwise."""
    changes = [change for change in _CHANGES if _makes_sense(base.luma, change)]
    for first, second in itertools.combinations(changes, 2):
        if first.keys() != second.keys():
            yield replace(base, **first, **second)


_CHANGES: list[dict[str, Any]] = [
    *({"mod_crop": multiple} for multiple in (8, 12, 16)),
    *({"shift": shift} for shift in _SHIFTS),
    {"channels": "bgr"},
    {"channels": "output-bgr"},
    {"light": "linear"},
    *({"jpeg": quality} for quality in (75, 90, 95)),
    *({"data_range": name} for name in ("219", "maximum", "span", "510")),
]

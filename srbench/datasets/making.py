"""Writes the low-resolution images that srbench makes, in the layouts people use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from srbench.core.records import SILENT, Pair, Progress, UsageError
from srbench.datasets.samples import degrade
from srbench.images.codec import read_image, write_png
from srbench.images.pixels import crop_to_multiple

LayoutName = Literal["selfexsr", "edsr", "basicsr"]
LAYOUTS: tuple[LayoutName, ...] = get_args(LayoutName)
# BasicSR cuts its references once for all scales.
_BASICSR_MULTIPLE = 12


def paths(layout: LayoutName, image: str, scale: int) -> tuple[str, str]:
    """Where the reference and the input of an image lie below the data set's folder."""
    if layout == "selfexsr":
        return tuple(f"image_SRF_{scale}/{image}_SRF_{scale}_{role}.png" for role in ("HR", "LR"))  # type: ignore[return-value]
    if layout == "edsr":
        return f"HR/{image}.png", f"LR_bicubic/X{scale}/{image}x{scale}.png"
    return f"GTmod{_BASICSR_MULTIPLE}/{image}.png", f"LRbicx{scale}/{image}.png"


def make(
    pairs: Sequence[Pair],
    folder: Path,
    layout: LayoutName,
    *,
    progress: Progress = SILENT,
) -> int:
    """Writes references and MATLAB's bicubic reductions of all pairs below `folder`; returns how many images.

    References are cut to a multiple of the scale (of 12 in BasicSR's layout) first, except in EDSR's
    layout, which keeps them whole. An existing folder is not written into.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty; give another --out")
    if layout == "basicsr" and _BASICSR_MULTIPLE % pairs[0].scale:
        raise UsageError(
            f"BasicSR's layout has references of multiples of 12; x{pairs[0].scale} does not fit"
        )
    progress.begin(len(pairs))
    for pair in pairs:
        whole = read_image(pair.reference)
        multiple = _BASICSR_MULTIPLE if layout == "basicsr" else pair.scale
        reference = crop_to_multiple(whole, multiple)
        low = degrade(reference, pair.scale, "matlab-bicubic", "clamp")
        high_path, low_path = paths(layout, pair.image, pair.scale)
        write_png(folder / high_path, whole if layout == "edsr" else reference)
        write_png(folder / low_path, low)
        progress.advance()
    return len(pairs)

"""Metrics: plain functions of images, and their registry entries in `catalogue`.

`psnr`, `ssim` and the others of `srbench.metrics.functions` are attributes of this package, imported when
they are first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from srbench.metrics.functions import (
        Accumulated,
        gram,
        lpips,
        ma,
        measure,
        niqe,
        perceptual_index,
        psnr,
        rmse,
        ssim,
    )

__all__ = [
    "Accumulated",
    "gram",
    "lpips",
    "ma",
    "measure",
    "niqe",
    "perceptual_index",
    "psnr",
    "rmse",
    "ssim",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from srbench.metrics import functions

    return getattr(functions, name)


def __dir__() -> list[str]:
    return sorted(__all__)

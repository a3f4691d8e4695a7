"""Evaluation and perceptual-metrics benchmark suite for single-image super-resolution.

    import srbench

    srbench.score("out.png", "hr.png", metrics=["psnr_y", "niqe"])
    srbench.metrics.psnr(out, hr, protocol="basicsr", scale=4)
    srbench.upscale("lr.png", "bicubic", scale=4)
    run = srbench.run(["bicubic", "model.pth"], ["set5"], out="runs/a")
    srbench.load("runs/a").leaderboard()

Importing this package imports neither torch nor pandas; the functions do when they need them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from srbench.core.records import Unscorable, UsageError, UserError

if TYPE_CHECKING:
    from srbench import metrics
    from srbench.api import Run, Scores, load, run, score, upscale

__version__ = "0.1.0"

__all__ = [
    "Run",
    "Scores",
    "Unscorable",
    "UsageError",
    "UserError",
    "load",
    "metrics",
    "run",
    "score",
    "upscale",
]

_OF_API = frozenset({"Run", "Scores", "load", "run", "score", "upscale"})


def __getattr__(name: str) -> Any:
    """The public names, imported when they are first used."""
    if name in _OF_API:
        globals()[name] = found = getattr(import_module("srbench.api"), name)
        return found
    if name == "metrics":
        return import_module("srbench.metrics")
    raise AttributeError(f"module 'srbench' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])

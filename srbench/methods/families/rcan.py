"""RCAN."""

from __future__ import annotations

from srbench.methods.families.build import LEVELS_255, builder
from srbench.methods.networks.specification import NetworkSpec


def rcan(scale: int) -> NetworkSpec:
    """RCAN; its channel attention looks at the whole image, so `radius` does not bound it."""
    build = builder("rcan", "RCAN", scale)
    return NetworkSpec(build, scale, input_range=LEVELS_255, output_range=LEVELS_255, radius=None)


RCAN = rcan(4)

"""FSRCNN."""

from __future__ import annotations

from srbench.methods.families.build import builder
from srbench.methods.networks.specification import NetworkSpec


def fsrcnn(scale: int) -> NetworkSpec:
    """FSRCNN (56, 12, 4), on the low-resolution luma."""
    build = builder("fsrcnn", "FSRCNN", scale)
    return NetworkSpec(build, scale, color="luma", radius=6 + (scale + 3) // scale)


def fsrcnn_s(scale: int) -> NetworkSpec:
    """FSRCNN-s (32, 5, 1), on the low-resolution luma."""
    build = builder("fsrcnn", "FSRCNN", scale, 32, 5, 1)
    return NetworkSpec(build, scale, color="luma", radius=3 + (scale + 3) // scale)


FSRCNN = fsrcnn(4)

"""SRCNN and MMagic's variant of it."""

from __future__ import annotations

from srbench.methods.families.build import builder
from srbench.methods.networks.specification import NetworkSpec


def srcnn(scale: int) -> NetworkSpec:
    """SRCNN 9-5-5, on the enlarged luma."""
    return NetworkSpec(builder("srcnn", "SRCNN"), scale, color="luma", input="enlarged", radius=8)


ENLARGING_SRCNN = NetworkSpec(builder("srcnn", "EnlargingSRCNN"), 4, radius=3)


SRCNN = srcnn(4)

"""DRCN."""

from __future__ import annotations

from srbench.methods.families.build import builder
from srbench.methods.networks.specification import NetworkSpec


def drcn(scale: int) -> NetworkSpec:
    """DRCN with 16 recursions, on the enlarged luma."""
    return NetworkSpec(builder("drcn", "DRCN"), scale, color="luma", input="enlarged", radius=20)


DRCN = drcn(4)

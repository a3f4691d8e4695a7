"""ESPCN."""

from __future__ import annotations

from srbench.methods.families.build import builder
from srbench.methods.networks.specification import NetworkSpec


def espcn(scale: int) -> NetworkSpec:
    """ESPCN, on the low-resolution luma."""
    return NetworkSpec(builder("espcn", "ESPCN", scale), scale, color="luma", radius=4)


ESPCN = espcn(4)

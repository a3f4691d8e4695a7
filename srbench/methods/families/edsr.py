"""EDSR and EDSR-baseline."""

from __future__ import annotations

from srbench.methods.families.build import LEVELS_255, builder
from srbench.methods.networks.specification import NetworkSpec


def edsr(scale: int) -> NetworkSpec:
    """EDSR, 32 blocks of 256 features."""
    build = builder("edsr", "EDSR", scale)
    return NetworkSpec(build, scale, input_range=LEVELS_255, output_range=LEVELS_255, radius=68)


def edsr_baseline(scale: int) -> NetworkSpec:
    """EDSR-baseline, 16 blocks of 64 features."""
    build = builder("edsr", "EDSR", scale, 64, 16, 1.0)
    return NetworkSpec(build, scale, input_range=LEVELS_255, output_range=LEVELS_255, radius=36)


EDSR = edsr(4)


EDSR_BASELINE = edsr_baseline(4)

"""ESPCN."""

from __future__ import annotations

from srbench.methods.families.build import Checkpoint, Family, builder
from srbench.methods.networks.specification import NetworkSpec
from srbench.methods.trained import trained


def espcn(scale: int) -> NetworkSpec:
    """ESPCN, on the low-resolution luma."""
    return NetworkSpec(builder("espcn", "ESPCN", scale), scale, color="luma", radius=4)


ESPCN = espcn(4)

FAMILY = Family(
    checkpoints=(Checkpoint("conv1.weight", espcn, (2, 3, 4, 8), shape=(64, 1, 5, 5)),),
    recipes={"espcn": espcn},
    methods=(
        trained(
            "espcn",
            "ESPCN, sub-pixel convolution on the luma (colours are bicubic)",
            "Shi et al., ESPCN, CVPR 2016",
            ESPCN,
        ),
    ),
)

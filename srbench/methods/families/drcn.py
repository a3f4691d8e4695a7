"""DRCN."""

from __future__ import annotations

from srbench.methods.families.build import Checkpoint, Family, builder
from srbench.methods.networks.specification import NetworkSpec
from srbench.methods.trained import trained


def drcn(scale: int) -> NetworkSpec:
    """DRCN with 16 recursions, on the enlarged luma."""
    return NetworkSpec(builder("drcn", "DRCN"), scale, color="luma", input="enlarged", radius=20)


DRCN = drcn(4)

FAMILY = Family(
    checkpoints=(Checkpoint("reconstruct2.weight", drcn, any_scale=True),),
    methods=(
        trained(
            "drcn",
            "DRCN, sixteen recursions on the enlarged luma (colours are bicubic)",
            "Kim et al., DRCN, CVPR 2016",
            DRCN,
        ),
    ),
    recipes={"drcn": drcn},
)

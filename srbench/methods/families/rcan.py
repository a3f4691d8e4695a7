"""RCAN."""

from __future__ import annotations

from srbench.methods.families.build import LEVELS_255, Checkpoint, Family, builder
from srbench.methods.networks.specification import NetworkSpec
from srbench.methods.published import published


def rcan(scale: int) -> NetworkSpec:
    """RCAN; its channel attention looks at the whole image, so `radius` does not bound it."""
    build = builder("rcan", "RCAN", scale)
    return NetworkSpec(build, scale, input_range=LEVELS_255, output_range=LEVELS_255, radius=None)


RCAN = rcan(4)

FAMILY = Family(
    checkpoints=(Checkpoint("body.0.body.0.body.3.conv_du.0.weight", rcan, (2, 3, 4, 8)),),
    methods=(
        published(
            "rcan",
            "RCAN, 200 blocks with channel attention (RCAN_BIX4.pt of the authors' archive)",
            "Zhang, Li, Li, Wang, Zhong, Fu: Residual Channel Attention Networks, ECCV 2018",
            RCAN,
            by="the authors",
            homepage="https://github.com/yulunzhang/RCAN",
        ),
    ),
    recipes={"rcan": rcan},
)

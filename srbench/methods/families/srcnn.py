"""SRCNN 9-5-5, and MMagic's variant of SRCNN 9-1-5."""

from __future__ import annotations

from srbench.methods.families.build import Checkpoint, Family, builder
from srbench.methods.networks.specification import NetworkSpec, only
from srbench.methods.published import published
from srbench.methods.trained import trained


def srcnn(scale: int) -> NetworkSpec:
    """SRCNN 9-5-5, on the enlarged luma."""
    return NetworkSpec(builder("srcnn", "SRCNN"), scale, color="luma", input="enlarged", radius=8)


SRCNN = srcnn(4)
ENLARGING_SRCNN = NetworkSpec(builder("srcnn", "EnlargingSRCNN"), 4, radius=3)

FAMILY = Family(
    checkpoints=(
        Checkpoint("conv3.weight", srcnn, any_scale=True),
        Checkpoint("conv3.weight", only(ENLARGING_SRCNN)),
    ),
    recipes={"srcnn": srcnn},
    methods=(
        trained(
            "srcnn",
            "SRCNN 9-5-5 on the enlarged luma (colours are bicubic)",
            "Dong et al., SRCNN, TPAMI 2016; a third party's weights: "
            "https://github.com/yjn870/SRCNN-pytorch",
            SRCNN,
        ),
        published(
            "srcnn-mmagic",
            "SRCNN 9-1-5 on RGB (MMagic's variant, not the paper's network)",
            "Dong, Loy, He, Tang: Image Super-Resolution Using Deep Convolutional Networks, TPAMI 2016",
            ENLARGING_SRCNN,
            by="a third party",
            homepage="https://github.com/open-mmlab/mmagic/tree/main/configs/srcnn",
            sha256=("4186f232",),
            license="Apache-2.0",
        ),
    ),
)

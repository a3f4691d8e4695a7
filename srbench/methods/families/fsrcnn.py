"""FSRCNN and FSRCNN-s."""

from __future__ import annotations

from srbench.methods.families.build import Checkpoint, Family, builder
from srbench.methods.networks.specification import NetworkSpec
from srbench.methods.trained import trained


def fsrcnn(scale: int) -> NetworkSpec:
    """FSRCNN (56, 12, 4), on the low-resolution luma."""
    build = builder("fsrcnn", "FSRCNN", scale)
    return NetworkSpec(build, scale, color="luma", radius=6 + (scale + 3) // scale)


def fsrcnn_s(scale: int) -> NetworkSpec:
    """FSRCNN-s (32, 5, 1), on the low-resolution luma."""
    build = builder("fsrcnn", "FSRCNN", scale, 32, 5, 1)
    return NetworkSpec(build, scale, color="luma", radius=3 + (scale + 3) // scale)


FSRCNN = fsrcnn(4)

FAMILY = Family(
    checkpoints=(
        # The tensors of all scales have one shape; only the stride differs.
        Checkpoint("last_part.weight", fsrcnn, any_scale=True),
        Checkpoint("last_part.weight", fsrcnn_s, any_scale=True),
    ),
    recipes={"fsrcnn": fsrcnn},
    methods=(
        trained(
            "fsrcnn",
            "FSRCNN (56, 12, 4), transposed convolution on the luma (colours are bicubic)",
            "Dong et al., FSRCNN, ECCV 2016",
            FSRCNN,
        ),
    ),
)

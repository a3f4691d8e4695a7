"""VDSR."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.methods.families.build import Checkpoint, Family, builder
from srbench.methods.families.convert import Rules, renamed
from srbench.methods.networks.specification import NetworkSpec
from srbench.methods.published import published

if TYPE_CHECKING:
    from srbench.core.weights import Tensors


def vdsr(scale: int) -> NetworkSpec:
    """VDSR without biases, on the enlarged luma."""
    return NetworkSpec(builder("vdsr", "VDSR"), scale, color="luma", input="enlarged", radius=20)


VDSR = vdsr(4)
VDSR_RULES: Rules = (
    (r"input\.", "head."),
    (r"residual_layer\.(\d+)\.conv\.", r"body.\1."),
    (r"output\.", "tail."),
)


def vdsr_names(tensors: Tensors) -> Tensors:
    """twtygqyy/pytorch-vdsr: `input`, `residual_layer.N.conv`, `output`."""
    return renamed(tensors, VDSR_RULES)


FAMILY = Family(
    checkpoints=(Checkpoint("body.17.weight", vdsr, rename=vdsr_names, any_scale=True),),
    recipes={"vdsr": vdsr},
    methods=(
        published(
            "vdsr",
            "VDSR, twenty layers on the enlarged luma (a third party's weights; colours are bicubic)",
            "Kim, Lee, Lee: Accurate Image Super-Resolution Using Very Deep CNNs, CVPR 2016",
            vdsr,
            vdsr_names,
            by="a third party",
            scales=(4, 2, 3),
            homepage="https://github.com/twtygqyy/pytorch-vdsr",
        ),
    ),
)

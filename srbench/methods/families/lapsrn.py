"""LapSRN and MS-LapSRN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.methods.families.build import Checkpoint, Family, builder
from srbench.methods.families.convert import renamed
from srbench.methods.networks.specification import NetworkSpec
from srbench.methods.published import published
from srbench.methods.trained import trained

if TYPE_CHECKING:
    from srbench.core.weights import Tensors


def lapsrn(scale: int) -> NetworkSpec:
    """LapSRN without biases, on the low-resolution luma."""
    radius = {2: 12, 4: 17, 8: 20}[scale]
    return NetworkSpec(builder("lapsrn", "LapSRN", scale), scale, color="luma", radius=radius)


def ms_lapsrn(scale: int) -> NetworkSpec:
    """MS-LapSRN D5R8, on the low-resolution luma."""
    radius = {2: 42, 4: 62, 8: 72}[scale]
    return NetworkSpec(builder("lapsrn", "MSLapSRN", scale), scale, color="luma", radius=radius)


LAPSRN = lapsrn(4)
MS_LAPSRN = ms_lapsrn(4)


def lapsrn_names(tensors: Tensors) -> Tensors:
    """twtygqyy/pytorch-LapSRN: one name per level, convolutions at the even places of a sequence."""
    rules: list[tuple[str, str]] = [(r"conv_input\.", "head.")]
    for level in range(3):
        old, new = f"{level + 1}", f"levels.{level}"
        sequence = rf"convt_F{old}\.0\.cov_block"
        rules += [(rf"{sequence}\.{2 * place}\.", f"{new}.body.{place}.") for place in range(10)]
        rules += [
            (rf"{sequence}\.20\.", f"{new}.up_features."),
            (rf"convt_I{old}\.", f"{new}.up_image."),
            (rf"convt_R{old}\.", f"{new}.residual."),
        ]
    return renamed(tensors, tuple(rules))


FAMILY = Family(
    checkpoints=(
        Checkpoint("levels.0.up_image.weight", lapsrn, (2, 4, 8), rename=lapsrn_names),
        Checkpoint("up_features.weight", ms_lapsrn, any_scale=True),
    ),
    methods=(
        published(
            "lapsrn",
            "LapSRN, a two-level Laplacian pyramid on the luma "
            "(a third party's weights; colours are bicubic)",
            "Lai, Huang, Ahuja, Yang: Deep Laplacian Pyramid Networks, CVPR 2017",
            LAPSRN,
            lapsrn_names,
            by="a third party",
            homepage="https://github.com/twtygqyy/pytorch-LapSRN",
        ),
        trained(
            "ms-lapsrn",
            "MS-LapSRN D5R8, shared pyramid levels on the luma (colours are bicubic)",
            "Lai et al., TPAMI 2018",
            MS_LAPSRN,
            recipe="",
        ),
    ),
)

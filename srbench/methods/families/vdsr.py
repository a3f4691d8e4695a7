"""VDSR."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.methods.authors import Source, authors
from srbench.methods.families import matlab
from srbench.methods.families.build import Checkpoint, Family, Rules, builder, renamed
from srbench.methods.networks.specification import NetworkSpec
from srbench.methods.published import published

if TYPE_CHECKING:
    from srbench.core.weights import Tensors


def vdsr(scale: int) -> NetworkSpec:
    """VDSR without biases, on the enlarged luma."""
    return NetworkSpec(builder("vdsr", "VDSR"), scale, color="luma", input="enlarged", radius=20)


def authors_vdsr(scale: int) -> NetworkSpec:
    """The authors' VDSR, one network for all scales, on the enlarged luma."""
    return NetworkSpec(builder("vdsr", "VDSR", True), scale, color="luma", input="enlarged", radius=20)


_CITATION = "Kim, Lee, Lee: Accurate Image Super-Resolution Using Very Deep CNNs, CVPR 2016"
_OFFICIAL = Source(
    "f613166660840af1a2ca47e31b0337b951e7c4e094364f6135a16d81a55c323c",
    2_490_083,
    "https://raw.githubusercontent.com/huangzehao/caffe-vdsr/5a839232d179c10736ed94e7142068b168b61cf6"
    "/Test/VDSR_Official.mat",
)

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
    checkpoints=(
        Checkpoint(
            "body.17.weight",
            vdsr,
            older=("residual_layer.17.conv.weight",),
            rename=vdsr_names,
            any_scale=True,
        ),
    ),
    recipes={"vdsr": vdsr},
    methods=(
        authors(
            "vdsr",
            "VDSR, twenty layers on the enlarged luma (the authors' weights; colours are bicubic)",
            _CITATION,
            authors_vdsr,
            matlab.vdsr,
            _OFFICIAL,
            scales=(4, 2, 3),
            homepage="https://github.com/huangzehao/caffe-vdsr",
            license="none is stated",
        ),
        published(
            "vdsr-twtygqyy",
            "VDSR, twenty layers on the enlarged luma (a third party's weights; colours are bicubic)",
            _CITATION,
            vdsr,
            vdsr_names,
            by="a third party",
            scales=(4, 2, 3),
            homepage="https://github.com/twtygqyy/pytorch-vdsr",
        ),
    ),
)

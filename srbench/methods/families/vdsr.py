"""VDSR."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.methods.families.build import builder
from srbench.methods.families.convert import Rules, renamed
from srbench.methods.networks.specification import NetworkSpec

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

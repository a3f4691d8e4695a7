"""SRResNet, the network of SRGAN, and its variants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.methods.families.build import SIGNED, builder
from srbench.methods.families.convert import renamed
from srbench.methods.networks.specification import NetworkSpec

if TYPE_CHECKING:
    from srbench.core.weights import Tensors


def srresnet(scale: int) -> NetworkSpec:
    """SRResNet as in the SRGAN paper: inputs 0 to 1, outputs -1 to 1."""
    return NetworkSpec(builder("srresnet", "SRResNet", scale), scale, output_range=SIGNED, radius=40)


def srresnet_unsigned(scale: int) -> NetworkSpec:
    """SRResNet with outputs 0 to 1, as Lornatang/SRGAN-PyTorch trains it."""
    return NetworkSpec(builder("srresnet", "SRResNet", scale), scale, radius=40)


MSRRESNET = NetworkSpec(builder("srresnet", "MSRResNet"), 4, radius=35)
SRRESNET = srresnet(4)
SRRESNET_UNSIGNED = srresnet_unsigned(4)


def srresnet_names(tensors: Tensors) -> Tensors:
    """Lornatang/SRGAN-PyTorch, whose first versions call the outer layers `conv_blockN`."""
    return renamed(tensors, ((r"conv_block([123])\.", r"conv\1."),))

"""SRResNet, the network of SRGAN, and its variants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.methods.families.build import SIGNED, Checkpoint, Family, builder, renamed
from srbench.methods.networks.specification import NetworkSpec, only
from srbench.methods.published import published
from srbench.methods.trained import trained

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


_CITATION = "Ledig et al.: Photo-Realistic Single Image Super-Resolution Using a GAN, CVPR 2017"
_TABLES = "Ledig et al., SRGAN, CVPR 2017, Tables 1 and 2"
_MMAGIC = "https://github.com/open-mmlab/mmagic/tree/main/configs/srgan_resnet"
_MMAGIC_FILES = "https://download.openmmlab.com/mmediting/restorers/srresnet_srgan/"
_LORNATANG = "https://github.com/Lornatang/SRGAN-PyTorch"
_TRAINED = (
    ("srresnet-mse", "SRResNet trained with the mean squared error"),
    ("srresnet-vgg22", "SRResNet trained with a VGG22 loss"),
    ("srgan-mse", "SRGAN with a mean squared error content loss"),
    ("srgan-vgg22", "SRGAN with a VGG22 content loss"),
    ("srgan-vgg54", "SRGAN with a VGG54 content loss, the paper's SRGAN"),
    # The features of a random network in the place of ImageNet's: not the paper's model.
    ("srgan-vgg54-random", "SRGAN-VGG54 trained with random VGG-19 features, not the paper's"),
)

FAMILY = Family(
    checkpoints=(
        Checkpoint("trunk_net.0.conv1.weight", only(MSRRESNET)),
        Checkpoint("trunk.0.rcb.0.weight", srresnet, (2, 4, 8), rename=srresnet_names),
    ),
    recipes={"srresnet": srresnet, "msrresnet": only(MSRRESNET)},
    methods=(
        *(trained(name, summary, _TABLES, SRRESNET) for name, summary in _TRAINED),
        published(
            "msrresnet",
            "SRResNet without batch normalisation (MMagic's variant, not the paper's network)",
            _CITATION,
            MSRRESNET,
            by="a third party",
            homepage=_MMAGIC,
            sha256=("61556be5",),
            url=f"{_MMAGIC_FILES}msrresnet_x4c64b16_1x16_300k_div2k_20200521-61556be5.pth",
            license="Apache-2.0",
        ),
        published(
            "srgan-mmagic",
            "SRGAN on MMagic's variant of SRResNet, not the paper's network",
            _CITATION,
            MSRRESNET,
            by="a third party",
            homepage=_MMAGIC,
            sha256=("a1f0810e",),
            url=f"{_MMAGIC_FILES}srgan_x4c64b16_1x16_1000k_div2k_20200606-a1f0810e.pth",
            license="Apache-2.0",
        ),
        published(
            "srresnet-lornatang",
            "SRResNet as in the paper (a third party's weights, trained on ImageNet)",
            _CITATION,
            SRRESNET_UNSIGNED,
            srresnet_names,
            by="a third party",
            homepage=_LORNATANG,
            sha256=("2096ee7f",),
            license="Apache-2.0",
        ),
        published(
            "srgan-lornatang",
            "SRGAN as in the paper (a third party's weights, trained on ImageNet)",
            _CITATION,
            SRRESNET_UNSIGNED,
            srresnet_names,
            by="a third party",
            homepage=_LORNATANG,
            sha256=("8c4a7569",),
            license="Apache-2.0",
        ),
    ),
)

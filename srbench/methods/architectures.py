"""The interfaces of the networks. Building one imports torch; the records themselves do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.methods.specification import NetworkSpec

if TYPE_CHECKING:
    from torch import nn


def _enhancenet() -> nn.Module:
    from srbench.methods.networks.enhancenet import EnhanceNet

    return EnhanceNet()


def _vdsr() -> nn.Module:
    from srbench.methods.networks.vdsr import VDSR

    return VDSR()


def _lapsrn() -> nn.Module:
    from srbench.methods.networks.lapsrn import LapSRN

    return LapSRN()


ENHANCENET = NetworkSpec(build=_enhancenet, scale=4, residual="tensorflow1-bicubic", radius=23)
VDSR = NetworkSpec(build=_vdsr, scale=4, color="luma", input="enlarged", radius=20)
LAPSRN = NetworkSpec(build=_lapsrn, scale=4, color="luma", radius=20)

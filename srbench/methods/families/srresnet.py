"""The interfaces of the networks. Building one imports torch; the records themselves do not.

Each function gives the record of one scale; the constants are the usual 4x.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from srbench.methods.networks.specification import NetworkSpec

if TYPE_CHECKING:
    from torch import nn

LEVELS_255 = (0.0, 255.0)
SIGNED = (-1.0, 1.0)


def _network(family: str, kind: str, *arguments: Any) -> Callable[[], nn.Module]:
    """Builds `networks.<family>.<kind>(*arguments)`, imported when it is called."""
    return partial(_build, family, kind, arguments)


def _build(family: str, kind: str, arguments: tuple[Any, ...]) -> nn.Module:
    module = import_module(f"srbench.methods.networks.{family}")
    return cast("nn.Module", getattr(module, kind)(*arguments))


def srcnn(scale: int) -> NetworkSpec:
    """SRCNN 9-5-5, on the enlarged luma."""
    return NetworkSpec(_network("srcnn", "SRCNN"), scale, color="luma", input="enlarged", radius=8)


def vdsr(scale: int) -> NetworkSpec:
    """VDSR without biases, on the enlarged luma."""
    return NetworkSpec(_network("vdsr", "VDSR"), scale, color="luma", input="enlarged", radius=20)


def drcn(scale: int) -> NetworkSpec:
    """DRCN with 16 recursions, on the enlarged luma."""
    return NetworkSpec(_network("drcn", "DRCN"), scale, color="luma", input="enlarged", radius=20)


def espcn(scale: int) -> NetworkSpec:
    """ESPCN, on the low-resolution luma."""
    return NetworkSpec(_network("espcn", "ESPCN", scale), scale, color="luma", radius=4)


def fsrcnn(scale: int) -> NetworkSpec:
    """FSRCNN (56, 12, 4), on the low-resolution luma."""
    return NetworkSpec(
        _network("fsrcnn", "FSRCNN", scale), scale, color="luma", radius=6 + (scale + 3) // scale
    )


def fsrcnn_s(scale: int) -> NetworkSpec:
    """FSRCNN-s (32, 5, 1), on the low-resolution luma."""
    build = _network("fsrcnn", "FSRCNN", scale, 32, 5, 1)
    return NetworkSpec(build, scale, color="luma", radius=3 + (scale + 3) // scale)


def lapsrn(scale: int) -> NetworkSpec:
    """LapSRN without biases, on the low-resolution luma."""
    radius = {2: 12, 4: 17, 8: 20}[scale]
    return NetworkSpec(_network("lapsrn", "LapSRN", scale), scale, color="luma", radius=radius)


def ms_lapsrn(scale: int) -> NetworkSpec:
    """MS-LapSRN D5R8, on the low-resolution luma."""
    radius = {2: 42, 4: 62, 8: 72}[scale]
    return NetworkSpec(_network("lapsrn", "MSLapSRN", scale), scale, color="luma", radius=radius)


def edsr(scale: int) -> NetworkSpec:
    """EDSR, 32 blocks of 256 features."""
    build = _network("edsr", "EDSR", scale)
    return NetworkSpec(build, scale, input_range=LEVELS_255, output_range=LEVELS_255, radius=68)


def edsr_baseline(scale: int) -> NetworkSpec:
    """EDSR-baseline, 16 blocks of 64 features."""
    build = _network("edsr", "EDSR", scale, 64, 16, 1.0)
    return NetworkSpec(build, scale, input_range=LEVELS_255, output_range=LEVELS_255, radius=36)


def rcan(scale: int) -> NetworkSpec:
    """RCAN; its channel attention looks at the whole image, so `radius` does not bound it."""
    build = _network("rcan", "RCAN", scale)
    return NetworkSpec(build, scale, input_range=LEVELS_255, output_range=LEVELS_255, radius=None)


def srresnet(scale: int) -> NetworkSpec:
    """SRResNet as in the SRGAN paper: inputs 0 to 1, outputs -1 to 1."""
    return NetworkSpec(_network("srresnet", "SRResNet", scale), scale, output_range=SIGNED, radius=40)


def srresnet_unsigned(scale: int) -> NetworkSpec:
    """SRResNet with outputs 0 to 1, as Lornatang/SRGAN-PyTorch trains it."""
    return NetworkSpec(_network("srresnet", "SRResNet", scale), scale, radius=40)


def tsrn(scale: int) -> NetworkSpec:
    """TSRN: the residual over PIL's bicubic enlargement."""
    return NetworkSpec(_network("tsrn", "TSRN", scale), scale, residual="pil-bicubic", radius=23)


def rrdb(blocks: int) -> NetworkSpec:
    """RRDBNet with 16 or 23 blocks, 4x."""
    return NetworkSpec(_network("rrdb", "RRDBNet", blocks), 4, radius=15 * blocks + 4)


ENHANCENET = NetworkSpec(_network("enhancenet", "EnhanceNet"), 4, residual="tensorflow1-bicubic", radius=23)
MSRRESNET = NetworkSpec(_network("srresnet", "MSRResNet"), 4, radius=35)
ENLARGING_SRCNN = NetworkSpec(_network("srcnn", "EnlargingSRCNN"), 4, radius=3)
SRCNN = srcnn(4)
VDSR = vdsr(4)
DRCN = drcn(4)
ESPCN = espcn(4)
FSRCNN = fsrcnn(4)
LAPSRN = lapsrn(4)
MS_LAPSRN = ms_lapsrn(4)
EDSR = edsr(4)
EDSR_BASELINE = edsr_baseline(4)
RCAN = rcan(4)
SRRESNET = srresnet(4)
SRRESNET_UNSIGNED = srresnet_unsigned(4)
TSRN = tsrn(4)
TSRN_8X = tsrn(8)
RRDB_16 = rrdb(16)
RRDB_23 = rrdb(23)

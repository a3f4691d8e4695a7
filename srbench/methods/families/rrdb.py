"""RRDBNet, the network of ESRGAN."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from srbench.methods.families.build import Checkpoint, Family, Rules, builder, renamed
from srbench.methods.networks.specification import NetworkSpec, only
from srbench.methods.published import published

if TYPE_CHECKING:
    from srbench.core.weights import Tensors
    from srbench.methods.networks.specification import SpecOfScale


def rrdb(blocks: int) -> NetworkSpec:
    """RRDBNet of so many RRDBs, 4x; the paper has 23, its "16 residual blocks" (section 4.1) are plain."""
    return NetworkSpec(builder("rrdb", "RRDBNet", blocks), 4, radius=15 * blocks + 4)


RRDB_23 = rrdb(23)


def rrdb_names(tensors: Tensors) -> Tensors:
    """The three generations of RRDB names, to the newest (BasicSR's)."""
    if "model.0.weight" in tensors:
        tensors = renamed(tensors, _first_generation(tensors))
    return {_newest(name): tensor for name, tensor in tensors.items()}


def _first_generation(tensors: Tensors) -> Rules:
    """`model.1.sub.N.RDB1.conv1.0`: layers are numbered, and the last of the trunk is its closing one."""
    places = [name.split(".")[3] for name in tensors if name.startswith("model.1.sub.")]
    close = max((int(place) for place in places if place.isdigit()), default=0)
    return (
        (r"model\.0\.", "conv_first."),
        (rf"model\.1\.sub\.{close}\.", "trunk_conv."),
        (r"model\.1\.sub\.(\d+)\.(RDB\d)\.(conv\d)\.0\.", r"RRDB_trunk.\1.\2.\3."),
        (r"model\.3\.", "upconv1."),
        (r"model\.6\.", "upconv2."),
        (r"model\.8\.", "HRconv."),
        (r"model\.10\.", "conv_last."),
    )


def _newest(name: str) -> str:
    for old, new in (
        ("RRDB_trunk.", "body."),
        ("trunk_conv.", "conv_body."),
        ("upconv1.", "conv_up1."),
        ("upconv2.", "conv_up2."),
        ("HRconv.", "conv_hr."),
    ):
        if name.startswith(old):
            name = new + name.removeprefix(old)
    return re.sub(r"\.RDB(\d)\.", r".rdb\1.", name)


def _as_deep(tensors: Tensors) -> SpecOfScale:
    """RRDBNet with as many blocks as the file has."""
    return only(
        rrdb(len({match[1] for name in tensors if (match := re.match(r"body\.(\d+)\.rdb1\.", name))}))
    )


_CITATION = "Wang et al.: ESRGAN, ECCVW 2018"

FAMILY = Family(
    checkpoints=(
        Checkpoint(
            "conv_body.weight",
            only(RRDB_23),
            older=("trunk_conv.weight", "model.0.weight"),
            rename=rrdb_names,
            sized=_as_deep,
        ),
    ),
    recipes={"rrdb": only(RRDB_23)},
    methods=(
        published(
            "rrdb-psnr",
            "RRDB with 23 blocks, trained for PSNR",
            _CITATION,
            RRDB_23,
            rrdb_names,
            by="the authors",
            homepage="https://github.com/XPixelGroup/BasicSR/blob/master/docs/ModelZoo.md",
            sha256=("150ff491",),
        ),
        published(
            "esrgan",
            "ESRGAN, RRDB with 23 blocks and a relativistic adversary (the authors' weights)",
            _CITATION,
            RRDB_23,
            rrdb_names,
            by="the authors",
            homepage="https://github.com/xinntao/ESRGAN",
            sha256=("ff704c30",),
            url="https://github.com/xinntao/Real-ESRGAN/releases/download/v0.1.1/"
            "ESRGAN_SRx4_DF2KOST_official-ff704c30.pth",
            license="Apache-2.0",
        ),
    ),
)

"""Which of this package's networks a set of tensors belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from srbench.core.records import UserError
from srbench.methods.families.convert import Renaming
from srbench.methods.families.drcn import drcn
from srbench.methods.families.edsr import edsr, edsr_baseline
from srbench.methods.families.enhancenet import ENHANCENET, enhancenet_names
from srbench.methods.families.espcn import espcn
from srbench.methods.families.lapsrn import lapsrn, lapsrn_names, ms_lapsrn
from srbench.methods.families.rcan import rcan
from srbench.methods.families.rrdb import rrdb, rrdb_names
from srbench.methods.families.srcnn import ENLARGING_SRCNN, srcnn
from srbench.methods.families.srresnet import MSRRESNET, srresnet, srresnet_names
from srbench.methods.families.tsrn import tsrn, tsrn_names
from srbench.methods.families.vdsr import vdsr, vdsr_names

if TYPE_CHECKING:
    from srbench.core.weights import Tensors
    from srbench.methods.networks.specification import NetworkSpec

SpecOfScale = Callable[[int], "NetworkSpec"]


@dataclass(frozen=True)
class Recognised:
    """Tensors in the names of our network, the network's interface, and its scales (None: any)."""

    tensors: Tensors
    network: SpecOfScale
    scales: tuple[int, ...] | None


@dataclass(frozen=True)
class Misfit:
    """Why tensors are of no network of ours; `near` where a network has some of them."""

    reason: str
    near: bool


@dataclass(frozen=True)
class _Family:
    """`signature` is a tensor that only this family has, after `rename`."""

    signature: str
    rename: Renaming
    network: SpecOfScale
    scales: tuple[int, ...]
    any_scale: bool = False


def _same(tensors: Tensors) -> Tensors:
    return tensors


def _fixed(spec: NetworkSpec) -> SpecOfScale:
    return lambda _: spec


_FAMILIES = (
    _Family("up_first.weight", enhancenet_names, _fixed(ENHANCENET), (4,)),
    _Family("up_first.weight", _same, _fixed(ENHANCENET), (4,)),
    _Family("body.17.weight", vdsr_names, vdsr, (4,), any_scale=True),
    _Family("levels.0.up_image.weight", lapsrn_names, lapsrn, (2, 4, 8)),
    _Family("up_features.weight", _same, ms_lapsrn, (4,), any_scale=True),
    _Family("reconstruct2.weight", _same, drcn, (4,), any_scale=True),
    _Family("conv_up_new.weight", tsrn_names, tsrn, (4, 8)),
    _Family("trunk_net.0.conv1.weight", _same, _fixed(MSRRESNET), (4,)),
    _Family("trunk.0.rcb.0.weight", srresnet_names, srresnet, (2, 4, 8)),
    _Family("body.0.body.0.body.3.conv_du.0.weight", _same, rcan, (2, 3, 4, 8)),
    _Family("body.0.body.2.weight", _same, edsr, (2, 3, 4, 8)),
    _Family("body.0.body.2.weight", _same, edsr_baseline, (2, 3, 4, 8)),
    _Family("conv3.weight", _same, srcnn, (4,), any_scale=True),
    _Family("conv3.weight", _same, _fixed(ENLARGING_SRCNN), (4,)),
    _Family("conv3.weight", _same, espcn, (2, 3, 4, 8)),
)


def recognise(tensors: Tensors, source: str) -> Recognised | Misfit:
    """The network whose names and shapes all agree with the tensors.

    Where there is none, the first tensor that does not fit the nearest network.
    """
    from srbench.methods.files.checkpoints.fitting import fitted

    misfit = Misfit(f"{source} is of no network that srbench defines", near=False)
    most = 0
    for family in (*_FAMILIES, *_rrdb(tensors)):
        try:
            renamed = family.rename(tensors)
        except (ValueError, IndexError):
            continue
        if family.signature not in renamed:
            continue
        for scale in family.scales:
            try:
                fit = fitted(renamed, family.network(scale), source)
            except UserError as error:
                shared = _shared(renamed, family.network(scale))
                if shared > most:
                    most, misfit = shared, Misfit(str(error), near=True)
                continue
            scales = None if family.any_scale else (scale,)
            return Recognised(fit, family.network, scales)
    return misfit


def _shared(tensors: Tensors, spec: NetworkSpec) -> int:
    """How many tensors agree with the network by name and shape."""
    import torch

    from srbench.methods.files.checkpoints.fitting import shapes_of

    with torch.device("meta"):
        shapes = shapes_of(spec.build())
    return sum(shapes.get(name) == tensor.shape for name, tensor in tensors.items())


def _rrdb(tensors: Tensors) -> tuple[_Family, ...]:
    """RRDB with as many blocks as the file has."""
    names = rrdb_names(tensors)
    blocks = {match[1] for name in names if (match := re.match(r"body\.(\d+)\.rdb1\.", name))}
    if not blocks:
        return ()
    return (_Family("conv_body.weight", rrdb_names, _fixed(rrdb(len(blocks))), (4,)),)

"""Which of this package's networks a set of tensors belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from srbench.core.records import UserError
from srbench.methods.families.catalogue import FAMILIES

if TYPE_CHECKING:
    from srbench.core.weights import Tensors
    from srbench.methods.networks.specification import NetworkSpec, SpecOfScale


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


def recognise(tensors: Tensors, source: str) -> Recognised | Misfit:
    """The network whose names and shapes all agree with the tensors.

    Where there is none, the first tensor that does not fit the nearest network.
    """
    from srbench.methods.files.checkpoints.fitting import fitted

    misfit = Misfit(f"{source} is of no network that srbench defines", near=False)
    most = 0
    for checkpoint in (one for family in FAMILIES for one in family.checkpoints):
        if not checkpoint.may_be(tensors):
            continue
        try:
            renamed = checkpoint.rename(tensors)
        except (ValueError, IndexError):
            continue
        network = checkpoint.sized(renamed) if checkpoint.sized else checkpoint.network
        for scale in checkpoint.scales:
            try:
                fit = fitted(renamed, network(scale), source)
            except UserError as error:
                shared = _shared(renamed, network(scale))
                if shared > most:
                    most, misfit = shared, Misfit(str(error), near=True)
                continue
            scales = None if checkpoint.any_scale else (scale,)
            return Recognised(fit, network, scales)
    return misfit


def _shared(tensors: Tensors, spec: NetworkSpec) -> int:
    """How many tensors agree with the network by name and shape."""
    import torch

    from srbench.methods.files.checkpoints.fitting import shapes_of

    with torch.device("meta"):
        shapes = shapes_of(spec.build())
    return sum(shapes.get(name) == tensor.shape for name, tensor in tensors.items())

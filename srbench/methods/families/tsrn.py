"""TSRN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.methods.families.build import builder
from srbench.methods.networks.specification import NetworkSpec

if TYPE_CHECKING:
    from srbench.core.weights import Tensors


def tsrn(scale: int) -> NetworkSpec:
    """TSRN: the residual over PIL's bicubic enlargement."""
    return NetworkSpec(builder("tsrn", "TSRN", scale), scale, residual="pil-bicubic", radius=23)


TSRN = tsrn(4)


TSRN_8X = tsrn(8)


def tsrn_names(tensors: Tensors) -> Tensors:
    """The authors' names, without the normalisation layers that their networks never use."""
    unused = ("bn1.", "instance_normalization.")
    return {name: tensor for name, tensor in tensors.items() if not name.startswith(unused)}

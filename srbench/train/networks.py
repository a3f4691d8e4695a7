"""The networks that recipes train, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from srbench.core.records import UsageError
from srbench.methods.families.enhancenet import ENHANCENET
from srbench.methods.families.espcn import espcn
from srbench.methods.families.fsrcnn import fsrcnn
from srbench.methods.families.rrdb import RRDB_16, RRDB_23, rrdb
from srbench.methods.families.srcnn import srcnn
from srbench.methods.families.srresnet import srresnet
from srbench.methods.families.tsrn import tsrn
from srbench.methods.families.vdsr import vdsr

if TYPE_CHECKING:
    from torch import nn

    from srbench.methods.networks.specification import NetworkSpec
    from srbench.train.recipe import Recipe

_OF_SCALE: dict[str, Callable[[int], NetworkSpec]] = {
    "srcnn": srcnn,
    "espcn": espcn,
    "fsrcnn": fsrcnn,
    "vdsr": vdsr,
    "srresnet": srresnet,
    "tsrn": tsrn,
}
_OF_FOUR: dict[str, Callable[[], NetworkSpec]] = {
    "enhancenet": lambda: ENHANCENET,
    "rrdb-23": lambda: RRDB_23,
    "rrdb-16": lambda: RRDB_16,
    "rrdb-1": lambda: rrdb(1),
}


def specification(recipe: Recipe) -> NetworkSpec:
    """The interface of a recipe's network; `UsageError` for an unknown name or scale."""
    name, scale = recipe.network, recipe.scale
    if name in _OF_SCALE:
        return _OF_SCALE[name](scale)
    if name not in _OF_FOUR:
        raise UsageError(f"unknown network '{name}'; there are: {', '.join([*_OF_SCALE, *_OF_FOUR])}")
    if scale != 4:
        raise UsageError(f"the network {name} exists for 4x only, not {scale}x")
    return _OF_FOUR[name]()


def build_generator(recipe: Recipe) -> nn.Module:
    """The recipe's network with its initial weights, drawn from torch's global generator."""
    from srbench.train.initialisation import initialise

    try:
        module = specification(recipe).build()
    except ValueError as error:
        raise UsageError(str(error)) from None
    initialise(module, recipe)
    return module


def build_discriminator(recipe: Recipe) -> nn.Module | None:
    """The adversary for patches of the recipe's crop, None where it has none."""
    from srbench.methods.networks import discriminators
    from srbench.train.initialisation import keep_variance

    kinds = {
        "srgan": discriminators.SRGANDiscriminator,
        "enhancenet": discriminators.EnhanceNetDiscriminator,
        "esrgan": discriminators.ESRGANDiscriminator,
    }
    if recipe.discriminator is None:
        return None
    module = kinds[recipe.discriminator](recipe.crop)
    keep_variance(module, discriminators.SLOPE)
    return module


def freeze_statistics(module: nn.Module) -> None:
    """Has batch normalisation use its running statistics and leave them as they are."""
    from torch import nn

    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()

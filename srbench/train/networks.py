"""The networks that recipes train, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.core.records import UsageError
from srbench.methods.families.catalogue import FAMILIES

if TYPE_CHECKING:
    from torch import nn

    from srbench.methods.networks.specification import NetworkSpec
    from srbench.train.recipe import Recipe


def specification(recipe: Recipe) -> NetworkSpec:
    """The interface of a recipe's network; `UsageError` for an unknown name or scale."""
    networks = {name: network for family in FAMILIES for name, network in family.recipes.items()}
    if recipe.network not in networks:
        raise UsageError(f"unknown network '{recipe.network}'; there are: {', '.join(networks)}")
    try:
        return networks[recipe.network](recipe.scale)
    except ValueError as error:
        raise UsageError(f"the network {recipe.network} {error}") from None


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

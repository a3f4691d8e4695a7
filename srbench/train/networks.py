"""The networks that recipes train, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from srbench.core.records import UsageError
from srbench.methods.families.build import builder
from srbench.methods.families.catalogue import FAMILIES

if TYPE_CHECKING:
    from torch import Tensor, nn

    from srbench.methods.networks.specification import NetworkSpec
    from srbench.train.recipe import Recipe

    Build = Callable[[], nn.Module]

# How a network with another number of residual blocks is built: by scale and blocks.
_OF_BLOCKS: dict[str, Callable[[int, int], Build]] = {
    "srresnet": lambda scale, blocks: builder("srresnet", "SRResNet", scale, 64, blocks),
    "msrresnet": lambda _, blocks: builder("srresnet", "MSRResNet", 64, blocks),
    "enhancenet": lambda scale, blocks: builder("enhancenet", "EnhanceNet", 64, blocks, scale),
    "edsr": lambda scale, blocks: builder("edsr", "EDSR", scale, 256, blocks),
    "edsr-baseline": lambda scale, blocks: builder("edsr", "EDSR", scale, 64, blocks, 1.0),
    "rrdb": lambda _, blocks: builder("rrdb", "RRDBNet", blocks),
}


def specification(recipe: Recipe) -> NetworkSpec:
    """The interface of a recipe's network; `UsageError` for an unknown name, scale or number of blocks."""
    networks = {name: network for family in FAMILIES for name, network in family.recipes.items()}
    if recipe.network not in networks:
        raise UsageError(f"unknown network '{recipe.network}'; there are: {', '.join(networks)}")
    try:
        spec = networks[recipe.network](recipe.scale)
    except ValueError as error:
        raise UsageError(f"the network {recipe.network} {error}") from None
    if recipe.blocks is None:
        return spec
    if recipe.network not in _OF_BLOCKS:
        raise UsageError(f"the network {recipe.network} has no blocks; these have: {', '.join(_OF_BLOCKS)}")
    # Training sees whole patches; how far a pixel depends on others matters for tiles only.
    return replace(spec, build=_OF_BLOCKS[recipe.network](recipe.scale, recipe.blocks), radius=None)


def build_generator(recipe: Recipe) -> nn.Module:
    """The recipe's network with its initial weights, drawn from torch's global generator."""
    from srbench.train.initialisation import initialise

    try:
        module = specification(recipe).build()
    except ValueError as error:
        raise UsageError(str(error)) from None
    initialise(module, recipe)
    return module


def supervised(module: nn.Module, recipe: Recipe) -> nn.Module:
    """The module as training runs it: with all its outputs, the result last, where the loss compares them."""
    if not recipe.supervision:
        return module
    from torch import nn as layers

    class Outputs(layers.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(self, x: Tensor) -> list[Tensor]:
            return self.module.outputs(x)  # type: ignore[operator]

    if not hasattr(module, "outputs"):
        raise UsageError(
            f"the network {recipe.network} has one output; supervision is for those with several"
        )
    return Outputs()


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

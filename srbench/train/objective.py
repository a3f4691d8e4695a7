"""A recipe's terms as one objective: the value of every term for a batch, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from srbench.train import losses
from srbench.train.perception import stride

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from srbench.methods.networks.specification import NetworkSpec
    from srbench.train.perception import FeatureNetwork
    from srbench.train.recipe import Recipe, Term

# Losses that compare images pixel by pixel.
_PIXELS = {
    "mse": losses.mean_squared_error,
    "l1": losses.mean_absolute_error,
    "charbonnier": losses.charbonnier,
}


class Objective:
    """The generator's loss and the discriminator's.

    Outputs and targets come in the network's output range; the features see them between 0 and 1.
    """

    def __init__(self, recipe: Recipe, spec: NetworkSpec, features: FeatureNetwork | None) -> None:
        self.recipe = recipe
        self.relativistic = any(term.kind == "relativistic" for term in recipe.terms)
        self._features = features
        self._low, self._high = spec.output_range

    def generator(
        self,
        output: Tensor,
        target: Tensor,
        *,
        earlier: Sequence[Tensor] = (),
        masks: Tensor | None = None,
        judge: Callable[[Tensor], Tensor] | None = None,
    ) -> dict[str, Tensor]:
        """Weighted terms by kind, to be added up.

        `earlier` are a network's outputs before the last one, `judge` is the discriminator, frozen.
        """
        terms: dict[str, Tensor] = {}
        plain = [term for term in self.recipe.terms if term.layers and term.kind != "gram-masks"]
        found = self._both(output, target) if plain else {}
        for term in self.recipe.terms:
            if term.kind == "gram-masks":
                assert masks is not None, "masks come with the data of recipes that need them"
                value = self.of_layers(term, self._both(*(losses.masked(x, masks) for x in (output, target))))
                value = value * masks.shape[1]  # equation 4 adds the regions up; the mean is over images
            elif term.layers:
                value = self.of_layers(term, found)
            else:
                value = self._of_pixels(term, output, target, judge)
                for one in earlier if term.kind in _PIXELS else ():
                    value = value + self.recipe.supervision * self._of_pixels(
                        term, one, losses.reduced_to(target, one), None
                    )
            terms[term.kind] = (
                terms.get(term.kind, torch.zeros((), device=output.device)) + term.weight * value
            )
        return terms

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """The discriminator's loss from its logits."""
        if self.relativistic:
            return losses.relativistic_discriminator(real, fake)
        return losses.adversarial_discriminator(real, fake)

    def _of_pixels(
        self, term: Term, output: Tensor, target: Tensor, judge: Callable[[Tensor], Tensor] | None
    ) -> Tensor:
        if term.kind in _PIXELS:
            return _PIXELS[term.kind](output, target)
        if term.kind == "total-variation":
            return losses.total_variation(output)
        assert judge is not None, "adversarial terms need a discriminator"
        if term.kind == "adversarial":
            return losses.adversarial_generator(judge(output).float())
        with torch.no_grad():
            real = judge(target).float()
        return losses.relativistic_generator(real, judge(output).float())

    def _both(self, output: Tensor, target: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        """The features of output and target by layer; only the output's carry gradients."""
        assert self._features is not None, "terms with layers need a feature network"
        with torch.no_grad():
            wanted = self._features(self._visible(target))
        given = self._features(self._visible(output))
        return {name: (given[name].float(), wanted[name].float()) for name in wanted}

    def _visible(self, images: Tensor) -> Tensor:
        return (images - self._low) / (self._high - self._low)

    def of_layers(self, term: Term, found: dict[str, tuple[Tensor, Tensor]]) -> Tensor:
        """A term over the features of output and reference by layer."""
        weights = term.layer_weights or (1.0,) * len(term.layers)
        # Gram matrices are sums over thousands of positions: too much for bfloat16.
        with torch.autocast(next(iter(found.values()))[0].device.type, enabled=False):
            values = [
                weight * _layer_loss(term, layer, *found[layer])
                for layer, weight in zip(term.layers, weights, strict=True)
            ]
            return torch.stack(values).sum()


def _layer_loss(term: Term, layer: str, output: Tensor, target: Tensor) -> Tensor:
    if term.scaling == "unit-mean":
        output, target = losses.unit_mean(output, target)
    if term.kind == "features":
        return losses.mean_squared_error(output, target)
    if term.kind == "gram-patches":
        return losses.patch_gram_loss(output, target, max(1, term.patch // stride(layer)))
    return losses.gram_loss(output, target)


def frozen(module: nn.Module) -> Callable[[Tensor], Tensor]:
    """The module as a function whose parameters get no gradients while its input does."""

    def judge(images: Tensor) -> Tensor:
        """The logits of images, with gradients for the images only."""
        parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        for parameter in parameters:
            parameter.requires_grad_(False)
        try:
            result: Tensor = module(images)
        finally:
            for parameter in parameters:
                parameter.requires_grad_(True)
        return result

    return judge

"""The feature network of perceptual and texture losses: VGG-19 by the names of its layers.

Weights are a choice of the recipe: ImageNet's, a file (VGG-19 in torchvision's names, such as the one
fine-tuned on MINC), or random ones with a fixed seed. That random convolutions carry texture is known
from Ustyuzhaninov, Brendel, Gatys, Bethge, "What does it take to generate natural textures?" (ICLR 2017)
and He, Wang, Hopcroft, "A powerful generative model using random weights" (NIPS 2016).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from srbench.core.records import UsageError, UserError
from srbench.core.torch_files import fill, read_state_dict
from srbench.metrics.deep.features import VGG19, bare_layers, open_network

if TYPE_CHECKING:
    from collections.abc import Iterable

    from srbench.train.recipe import Recipe

IMAGENET = "vgg19-imagenet"
RANDOM = "vgg19-random"
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
_RANDOM_SEED = 20170424


def _layer_indices() -> dict[str, int]:
    """`conv1_1`, `relu1_1`, ..., `pool5` to indices of torchvision's `features`."""
    indices: dict[str, int] = {}
    place = 0
    for block, convolutions in enumerate((2, 2, 4, 4, 4), start=1):
        for number in range(1, convolutions + 1):
            indices[f"conv{block}_{number}"], indices[f"relu{block}_{number}"] = place, place + 1
            place += 2
        indices[f"pool{block}"] = place
        place += 1
    return indices


LAYERS = _layer_indices()


class FeatureNetwork(nn.Module):
    """VGG-19 up to the deepest layer that is asked for; frozen.

    Images are N x 3 x H x W between 0 and 1; `standardise` brings them to ImageNet's mean and deviation.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, layers: nn.Sequential, wanted: Iterable[str], *, standardise: bool) -> None:
        super().__init__()
        names = tuple(dict.fromkeys(wanted))
        unknown = [name for name in names if name not in LAYERS]
        if unknown:
            raise UsageError(f"VGG-19 has no layer '{unknown[0]}'; there are: {', '.join(LAYERS)}")
        self.places = {LAYERS[name]: name for name in names}
        whole = [*layers, nn.MaxPool2d(2, 2)][: max(self.places, default=-1) + 1]
        # In-place activations would overwrite the features before them.
        self.layers = nn.ModuleList(nn.ReLU() if isinstance(one, nn.ReLU) else one for one in whole)
        self.standardise = standardise
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(_DEVIATION)[:, None, None], persistent=False)
        self.eval().requires_grad_(False)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """The features of the wanted layers, N x C x h x w each."""
        x = (images - self.mean) / self.deviation if self.standardise else images
        found = {}
        for place, layer in enumerate(self.layers):
            x = layer(x)
            if place in self.places:
                found[self.places[place]] = x
        return found


def stride(layer: str) -> int:
    """How many image pixels lie between two positions of a layer's features."""
    name, block = layer[:4], int(layer[4])
    return 1 << (block if name == "pool" else block - 1)


def open_features(recipe: Recipe) -> FeatureNetwork | None:
    """The recipe's feature network, None where no term needs one.

    `UserError` in one line with the choices where the weights are not here.
    """
    if not recipe.needs_features:
        return None
    wanted = [layer for term in recipe.terms for layer in term.layers]
    return feature_network(recipe.feature_network, wanted, standardise=recipe.feature_input == "imagenet")


def feature_network(choice: str, wanted: Iterable[str], *, standardise: bool = True) -> FeatureNetwork:
    """VGG-19 with ImageNet's, random or a file's weights, as `--features` says it."""
    return FeatureNetwork(_layers(choice), wanted, standardise=standardise)


def at_hand() -> str:
    """ImageNet's features where their weights are here, random ones otherwise."""
    try:
        open_network(VGG19)
    except UserError:
        return RANDOM
    return IMAGENET


def _layers(choice: str) -> nn.Sequential:
    if choice == RANDOM:
        return _random_layers()
    if choice == IMAGENET:
        try:
            return open_network(VGG19).layers
        except UserError:
            raise UserError(
                f"the weights of VGG-19 are not here; choose: srbench metrics pull {VGG19.pulled_as} and "
                f"--features {IMAGENET}, --features FILE (torchvision's names), or --features {RANDOM} "
                "(fixed seed, not the paper's)"
            ) from None
    path = Path(choice).expanduser()
    if not path.is_file():
        raise UsageError(f"--features is {IMAGENET}, {RANDOM} or a file; '{choice}' is none of them")
    layers = bare_layers(VGG19)
    state = read_state_dict(path)
    named = {name.removeprefix("features."): tensor for name, tensor in state.items()}
    fill(layers, {name: named[name] for name in layers.state_dict() if name in named}, path, VGG19.title)
    return layers


def _random_layers() -> nn.Sequential:
    """He's initialisation from a fixed seed, zero biases: the same weights on every machine."""
    layers = bare_layers(VGG19).to_empty(device="cpu")
    generator = torch.Generator().manual_seed(_RANDOM_SEED)
    with torch.no_grad():
        for layer in layers:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, generator=generator)
                cast("nn.Parameter", layer.bias).zero_()
    return layers

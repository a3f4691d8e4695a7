"""The Gram distance of TSRN (Net-G): how differently two images correlate the features of a layer.

d = sum over layers of 1 / C^2 times the sum over i, j of (G_ij - A_ij)^2, where G and A are the Gram
matrices of the C channels. Source: Gondal et al., The Unreasonable Effectiveness of Texture Transfer
for Single Image Super-resolution, ECCVW 2018, section 7 and equation 5.

What the paper leaves open is a field of `GramDistance`, and `srbench bapps-2afc --gram-variants`
evaluates the alternatives side by side, to be judged by the paper's Table 5:

- which layers "not before the first pooling layer and after the penultimate pooling layer" leaves:
  "penultimate" takes the words literally, the layers of LPIPS between the network's first and its last
  pooling but one (one layer of AlexNet and of SqueezeNet, three of VGG-16); "last" goes on to the last
  pooling; "all" takes every layer that LPIPS reads;
- whether "normalized Gram matrices" are those of features of unit length per position, as LPIPS has
  them ("unit"), or of the features themselves ("raw");
- whether they are divided by the number of positions ("positions"), which makes images of different
  sizes comparable, or not ("none", equation 1 as it stands).

Importing this module does not import torch.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from srbench.core.devices import measuring
from srbench.images.pixels import as_rgb
from srbench.metrics.deep.features import Backbone, Network, channels_inside, open_network, sum_dtype
from srbench.metrics.deep.lpips import fits, say_streamed, view_features

if TYPE_CHECKING:
    import torch

    from srbench.metrics.contract import View

Layers = Literal["penultimate", "last", "all"]
Features = Literal["unit", "raw"]
Normalisation = Literal["positions", "none"]

# Numbers of the layers that LPIPS reads, by where the poolings of torchvision's networks are.
LAYERS: dict[tuple[str, Layers], tuple[int, ...]] = {
    ("alex", "penultimate"): (1,),
    ("alex", "last"): (1, 2, 3, 4),
    ("alex", "all"): (0, 1, 2, 3, 4),
    ("squeeze", "penultimate"): (1,),
    ("squeeze", "last"): (1, 2),
    ("squeeze", "all"): (0, 1, 2, 3, 4, 5, 6),
    ("vgg", "penultimate"): (1, 2, 3),
    ("vgg", "last"): (1, 2, 3, 4),
    ("vgg", "all"): (0, 1, 2, 3, 4),
}
_BLOCK = 1 << 18


@dataclass(frozen=True)
class GramDistance:
    """A metric: `gram-*`. Lower is better; 0 for identical images; symmetric.

    Calling it with the views of an output and a reference compares the whole images, without a border
    crop. Gram matrices are computed in float64 from float32 features and kept with the view.
    """

    backbone: Backbone
    layers: Layers = "penultimate"
    features: Features = "unit"
    normalisation: Normalisation = "positions"

    @property
    def used(self) -> tuple[int, ...]:
        """Numbers of the layers that are compared."""
        return LAYERS[self.backbone.name, self.layers]

    def __call__(self, output: View, reference: View) -> float:
        network = open_network(self.backbone, reference.device)
        with measuring():
            return float(gram_distance(self.kept(network, output), self.kept(network, reference)))

    def kept(self, network: Network, view: View) -> list[torch.Tensor]:
        """The Gram matrices of a view, computed once: 1 x C x C in float64 per layer that is used."""
        reading = f"{self.layers}:{self.features}:{self.normalisation}"
        key = f"gram:{network.backbone.key}:{network.dtype}:{reading}"
        return view.keep(key, lambda: self._of_view(network, view))

    def of_layers(self, features: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Gram matrices of the layers used, from the features of all (N x h x w x C each)."""
        return [
            self.divided(gram_sum(features[layer]), features[layer].shape[1] * features[layer].shape[2])
            for layer in self.used
        ]

    def divided(self, gram: torch.Tensor, positions: int) -> torch.Tensor:
        """The normalisation of a Gram matrix that was summed over this many positions."""
        return gram / positions if self.normalisation == "positions" else gram

    def _of_view(self, network: Network, view: View) -> list[torch.Tensor]:
        import torch

        image = as_rgb(view.image)
        if fits(network, image):
            try:
                return self.of_layers(self._whole(network, view))
            except torch.OutOfMemoryError:
                say_streamed(view)
            torch.cuda.empty_cache()
        return self._streamed(network, network.images([image]))

    def _whole(self, network: Network, view: View) -> list[torch.Tensor]:
        if self.features == "unit":
            return view_features(network, view)
        return [channels_inside(raw) for raw in network.raw_features(network.images([as_rgb(view.image)]))]

    def _streamed(self, network: Network, images: torch.Tensor) -> list[torch.Tensor]:
        from srbench.metrics.deep.streaming import stream_features

        grams: dict[int, torch.Tensor] = {}
        positions = dict.fromkeys(self.used, 0)

        def consume(layer: int, strip: torch.Tensor) -> None:
            if layer in positions:
                gram = gram_sum(strip)
                grams[layer] = grams[layer] + gram if layer in grams else gram
                positions[layer] += strip.shape[1] * strip.shape[2]

        stream_features(network, images, consume, unit=self.features == "unit")
        return [self.divided(grams[layer], positions[layer]) for layer in self.used]


def gram_sum(features: torch.Tensor) -> torch.Tensor:
    """F^T F over the positions of N x h x w x C features: N x C x C in float64, block by block."""
    import torch

    count, channels = features.shape[0], features.shape[-1]
    rows = features.reshape(count, -1, channels)
    # The difference of two similar matrices keeps its digits only in float64.
    dtype = sum_dtype(features.device)
    total = torch.zeros(count, channels, channels, dtype=dtype, device=features.device)
    for block in rows.split(max(1, _BLOCK // (count * channels)), dim=1):
        wide = block.to(dtype)
        total.baddbmm_(wide.transpose(1, 2), wide)
    return total


def gram_distance(output: Sequence[torch.Tensor], reference: Sequence[torch.Tensor]) -> torch.Tensor:
    """Equation 5 for N pairs: Gram matrices N x C x C per layer, N distances in float64."""
    import torch

    terms = [(a - b).square().mean(dim=(1, 2)) for a, b in zip(output, reference, strict=True)]
    return torch.stack(terms).sum(dim=0)


def variants(backbone: Backbone) -> Iterator[GramDistance]:
    """Every reading of what the paper leaves open; layers first, the default reading among them."""
    choices = itertools.product(("penultimate", "last", "all"), ("unit", "raw"), ("positions", "none"))
    for layers, features, normalisation in choices:
        yield GramDistance(backbone, layers, features, normalisation)  # type: ignore[arg-type]

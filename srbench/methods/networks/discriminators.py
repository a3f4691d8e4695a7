"""The discriminators of SRGAN, EnhanceNet and ESRGAN: logits for fixed-size RGB patches.

All return N x 1 logits; the papers' sigmoid belongs to the loss, where it can be computed stably.
"""

from __future__ import annotations

from itertools import pairwise
from typing import cast

from torch import Tensor, nn

from srbench.methods.networks.layers import convolution

SLOPE = 0.2


class _Discriminator(nn.Module):
    """Convolutions, then two dense layers."""

    def __init__(self, layers: list[nn.Module], flat: int, hidden: int) -> None:
        super().__init__()
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(flat, hidden), nn.LeakyReLU(SLOPE, inplace=True), nn.Linear(hidden, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """N x 3 x S x S to N x 1 logits; S is the constructor's size."""
        return cast(Tensor, self.classifier(self.features(x).flatten(1)))


class SRGANDiscriminator(_Discriminator):
    """SRGAN, Figure 4: eight 3x3 convolutions from 64 to 512, strided at every second one, dense 1024.

    Batch normalisation after all but the first, leaky ReLU 0.2. The paper trains on 96 px patches.
    """

    def __init__(self, size: int = 96) -> None:
        layers: list[nn.Module] = [convolution(3, 64), nn.LeakyReLU(SLOPE, inplace=True)]
        widths = [64, 64, 128, 128, 256, 256, 512, 512]
        for place, (inputs, outputs) in enumerate(pairwise(widths)):
            stride = 2 if place % 2 == 0 else 1
            layers += [
                nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.LeakyReLU(SLOPE, inplace=True),
            ]
        super().__init__(layers, 512 * (size // 16) ** 2, 1024)


class EnhanceNetDiscriminator(_Discriminator):
    """EnhanceNet, supplementary Table 2: pairs of 3x3 convolutions of 32 to 512, the second of each
    strided, dense 1024; no normalisation. The paper trains on 128 px patches.
    """

    def __init__(self, size: int = 128) -> None:
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise([3, 32, 64, 128, 256, 512]):
            layers += [
                convolution(inputs, outputs),
                nn.LeakyReLU(SLOPE, inplace=True),
                nn.Conv2d(outputs, outputs, 3, stride=2, padding=1),
                nn.LeakyReLU(SLOPE, inplace=True),
            ]
        super().__init__(layers, 512 * (size // 32) ** 2, 1024)


class ESRGANDiscriminator(_Discriminator):
    """ESRGAN: VGG style for 128 px patches, 4x4 strided convolutions, dense 100.

    Source: xinntao/BasicSR `discriminator_arch.py` (`VGGStyleDiscriminator`); section 3.2 of the paper
    compares two images' logits (relativistic average), which the loss does.
    """

    def __init__(self, size: int = 128, features: int = 64) -> None:
        widths = [features * factor for factor in (1, 2, 4, 8, 8)]
        layers: list[nn.Module] = [convolution(3, features), nn.LeakyReLU(SLOPE, inplace=True)]
        inputs = features
        for place, width in enumerate(widths):
            if place:
                layers += _normalised(nn.Conv2d(inputs, width, 3, padding=1, bias=False))
            layers += _normalised(nn.Conv2d(width, width, 4, stride=2, padding=1, bias=False))
            inputs = width
        super().__init__(layers, inputs * (size // 32) ** 2, 100)


def _normalised(layer: nn.Conv2d) -> list[nn.Module]:
    return [layer, nn.BatchNorm2d(layer.out_channels), nn.LeakyReLU(SLOPE, inplace=True)]

"""EnhanceNet: ten residual blocks, nearest-neighbour upsampling, a residual over bicubic enlargement.

Source: Sajjadi, Schölkopf, Hirsch, "EnhanceNet" (ICCV 2017), section 3 and Table 1; `enhancenet.py` and
`nnlib.py` of the authors' code fix what the paper leaves open (means, bicubic of TensorFlow 1).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNEL_MEANS = (0.47614917, 0.45001204, 0.40904046)  # PER_CHANNEL_MEANS of the authors' code


def convolution(inputs: int, outputs: int) -> nn.Conv2d:
    """3x3, stride 1, zero padding ("SAME"), with bias."""
    return nn.Conv2d(inputs, outputs, 3, padding=1)


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(x))); no activation after the sum (Table 1: "Residual block")."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.first = convolution(features, features)
        self.second = convolution(features, features)

    def forward(self, x: Tensor) -> Tensor:
        """N x F x H x W in and out."""
        return self.second(functional.relu_(self.first(x))).add_(x)


class EnhanceNet(nn.Module):
    """RGB, N x 3 x H x W in 0 to 1, to the residual over bicubic enlargement, N x 3 x 4H x 4W.

    The output is to be added to the TensorFlow 1 bicubic enlargement of the input. The paper has 4x only; at
    8x there is one more enlargement with its convolution.
    """

    channel_means: Tensor

    def __init__(self, features: int = 64, blocks: int = 10, scale: int = 4) -> None:
        super().__init__()
        if scale not in (4, 8):
            raise ValueError(f"EnhanceNet exists for scale 4 and 8, not {scale}")
        self.head = convolution(3, features)
        self.blocks = nn.ModuleList(ResidualBlock(features) for _ in range(blocks))
        self.up_first = convolution(features, features)
        self.up_second = convolution(features, features)
        self.up_third = convolution(features, features) if scale == 8 else None
        self.merge = convolution(features, features)
        self.tail = convolution(features, 3)
        means = torch.tensor(CHANNEL_MEANS).reshape(1, 3, 1, 1)
        self.register_buffer("channel_means", means, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """The residual image; see the class for shapes and ranges."""
        x = functional.relu_(self.head(x - self.channel_means))
        for block in self.blocks:
            x = block(x)
        for layer in (self.up_first, self.up_second, self.up_third):
            if layer is None:
                continue
            x = functional.relu_(layer(functional.interpolate(x, scale_factor=2.0, mode="nearest")))
        x = functional.relu_(self.merge(x))
        return cast(Tensor, self.tail(x))

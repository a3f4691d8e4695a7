"""RRDBNet, the generator of ESRGAN: residual-in-residual dense blocks.

Source: Wang et al., "ESRGAN" (ECCVW 2018), section 3.1 and Figure 4: no batch normalisation, residual
scaling 0.2, 16 or 23 blocks, 64 features, growth 32, leaky ReLU 0.2, nearest-neighbour upsampling. The
names are those of BasicSR's `rrdbnet_arch.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from srbench.methods.networks.layers import convolution, skip_stages

if TYPE_CHECKING:
    from srbench.methods.networks.specification import Stage

RESIDUAL_SCALE = 0.2
SLOPE = 0.2


class DenseBlock(nn.Module):
    """Five convolutions, each on everything before it."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.conv1 = convolution(features, growth)
        self.conv2 = convolution(features + growth, growth)
        self.conv3 = convolution(features + 2 * growth, growth)
        self.conv4 = convolution(features + 3 * growth, growth)
        self.conv5 = convolution(features + 4 * growth, features)

    def forward(self, x: Tensor) -> Tensor:
        """N x F x H x W in and out."""
        dense = x
        for layer in (self.conv1, self.conv2, self.conv3, self.conv4):
            dense = torch.cat((dense, functional.leaky_relu_(layer(dense), SLOPE)), dim=1)
        return cast(Tensor, self.conv5(dense)).mul_(RESIDUAL_SCALE).add_(x)


class RRDB(nn.Module):
    """Three dense blocks in a residual block."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = DenseBlock(features, growth)
        self.rdb2 = DenseBlock(features, growth)
        self.rdb3 = DenseBlock(features, growth)

    def forward(self, x: Tensor) -> Tensor:
        """N x F x H x W in and out."""
        return cast(Tensor, self.rdb3(self.rdb2(self.rdb1(x)))).mul_(RESIDUAL_SCALE).add_(x)


class RRDBNet(nn.Module):
    """RGB, N x 3 x H x W in 0 to 1, to four times the size, same range."""

    def __init__(self, blocks: int = 23, features: int = 64, growth: int = 32) -> None:
        super().__init__()
        self.conv_first = convolution(3, features)
        self.body = nn.Sequential(*(RRDB(features, growth) for _ in range(blocks)))
        self.conv_body = convolution(features, features)
        self.conv_up1 = convolution(features, features)
        self.conv_up2 = convolution(features, features)
        self.conv_hr = convolution(features, features)
        self.conv_last = convolution(features, 3)

    def forward(self, x: Tensor) -> Tensor:
        """The enlarged image."""
        features = self.conv_first(x)
        return self._tail(cast(Tensor, self.conv_body(self.body(features))).add_(features))

    def stages(self) -> tuple[Stage, ...]:
        """One stage per block; see `srbench.methods.networks.specification.Stage`."""
        return skip_stages(
            self.conv_first,
            [(block, 15) for block in self.body],
            self.conv_body,
            self._tail,
            head_radius=1,
            close_radius=1,
            tail_radius=2,
            scale=4,
        )

    def _tail(self, x: Tensor) -> Tensor:
        for layer in (self.conv_up1, self.conv_up2):
            enlarged = functional.interpolate(x, scale_factor=2.0, mode="nearest")
            x = functional.leaky_relu_(layer(enlarged), SLOPE)
        return cast(Tensor, self.conv_last(functional.leaky_relu_(self.conv_hr(x), SLOPE)))

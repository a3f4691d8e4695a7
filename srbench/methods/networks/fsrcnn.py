"""FSRCNN: features of the low-resolution luma, shrunk, mapped, expanded; then a transposed convolution.

Source: Dong, Loy, Tang, "Accelerating the Super-Resolution Convolutional Neural Network" (ECCV 2016),
section 3.1: FSRCNN(d, s, m) = Conv(5, d, 1) - PReLU - Conv(1, s, d) - PReLU - m x Conv(3, s, s) - PReLU -
Conv(1, d, s) - PReLU - DeConv(9, 1, d); FSRCNN is (56, 12, 4), FSRCNN-s (32, 5, 1). The layer names are
those of yjn870/FSRCNN-pytorch.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from srbench.methods.networks.layers import convolution


class FSRCNN(nn.Module):
    """Luma, N x 1 x H x W in 0 to 1, to luma `scale` times as large."""

    def __init__(self, scale: int = 4, features: int = 56, shrunk: int = 12, mappings: int = 4) -> None:
        super().__init__()
        self.scale = scale
        self.first_part = nn.Sequential(convolution(1, features, 5), nn.PReLU(features))
        middle: list[nn.Module] = [convolution(features, shrunk, 1), nn.PReLU(shrunk)]
        for _ in range(mappings):
            middle += [convolution(shrunk, shrunk), nn.PReLU(shrunk)]
        self.mid_part = nn.Sequential(*middle, convolution(shrunk, features, 1), nn.PReLU(features))
        # Tap 4 of an input pixel falls on the first of its `scale` output pixels.
        self.last_part = nn.ConvTranspose2d(features, 1, 9, scale, padding=4, output_padding=scale - 1)

    def forward(self, x: Tensor) -> Tensor:
        """The enlarged image."""
        return cast(Tensor, self.last_part(self.mid_part(self.first_part(x))))

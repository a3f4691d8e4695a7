"""FSRCNN: features of the low-resolution luma, shrunk, mapped, expanded; then a transposed convolution.

Source: Dong, Loy, Tang, "Accelerating the Super-Resolution Convolutional Neural Network" (ECCV 2016),
section 3.1: FSRCNN(d, s, m) = Conv(5, d, 1) - PReLU - Conv(1, s, d) - PReLU - m x Conv(3, s, s) - PReLU -
Conv(1, d, s) - PReLU - DeConv(9, 1, d); FSRCNN is (56, 12, 4), FSRCNN-s (32, 5, 1). The layer names are
those of yjn870/FSRCNN-pytorch. The authors' test code (FSRCNN.m, deconv.m) repeats the border pixels around
the input of every layer, and of their 3x network the output is one pixel off (shave_x3.m puts it right).
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torch.nn import functional

from srbench.methods.networks.layers import Padding, convolution


class FSRCNN(nn.Module):
    """Luma, N x 1 x H x W in 0 to 1, to luma `scale` times as large."""

    def __init__(
        self,
        scale: int = 4,
        features: int = 56,
        shrunk: int = 12,
        mappings: int = 4,
        padding: Padding = "zeros",
    ) -> None:
        super().__init__()
        self.scale = scale
        self.first_part = nn.Sequential(convolution(1, features, 5, padding=padding), nn.PReLU(features))
        middle: list[nn.Module] = [convolution(features, shrunk, 1), nn.PReLU(shrunk)]
        for _ in range(mappings):
            middle += [convolution(shrunk, shrunk, padding=padding), nn.PReLU(shrunk)]
        self.mid_part = nn.Sequential(*middle, convolution(shrunk, features, 1), nn.PReLU(features))
        self.last_part = self._enlargement(features)

    def _enlargement(self, features: int) -> nn.Module:
        # Tap 4 of an input pixel falls on the first of its `scale` output pixels.
        return nn.ConvTranspose2d(features, 1, 9, self.scale, padding=4, output_padding=self.scale - 1)

    def forward(self, x: Tensor) -> Tensor:
        """The enlarged image."""
        return cast(Tensor, self.last_part(self.mid_part(self.first_part(x))))


class AuthorsFSRCNN(FSRCNN):
    """The authors' released network: every layer, the last one too, sees repeated border pixels."""

    def __init__(self, scale: int = 4, features: int = 56, shrunk: int = 12, mappings: int = 4) -> None:
        super().__init__(scale, features, shrunk, mappings, "replicate")

    def _enlargement(self, features: int) -> nn.Module:
        return nn.ConvTranspose2d(features, 1, 9, self.scale)

    def forward(self, x: Tensor) -> Tensor:
        """The enlarged image."""
        features = self.mid_part(self.first_part(x))
        enlarged = self.last_part(functional.pad(features, (1, 1, 1, 1), mode="replicate"))
        first = self.scale + (3 if self.scale == 3 else 4)
        height, width = (self.scale * side for side in x.shape[-2:])
        return cast(Tensor, enlarged[..., first : first + height, first : first + width])

"""SRCNN: three convolutions on the bicubically enlarged luma.

Source: Dong, Loy, He, Tang, "Image Super-Resolution Using Deep Convolutional Networks" (TPAMI 2016),
section 4.3.3: filters 9-5-5, 64 and 32 maps; the authors' test code (SRCNN.m) repeats the border pixels
around the input of every layer. The layer names are those of yjn870/SRCNN-pytorch and MMagic.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torch.nn import functional

from srbench.methods.networks.layers import Padding, convolution


class SRCNN(nn.Module):
    """Enlarged luma, N x 1 x H x W in 0 to 1, to luma of the same size and range."""

    def __init__(
        self, sizes: tuple[int, int, int] = (9, 5, 5), channels: int = 1, padding: Padding = "zeros"
    ) -> None:
        super().__init__()
        self.conv1 = convolution(channels, 64, sizes[0], padding=padding)
        self.conv2 = convolution(64, 32, sizes[1], padding=padding)
        self.conv3 = convolution(32, channels, sizes[2], padding=padding)

    def forward(self, x: Tensor) -> Tensor:
        """The restored image."""
        x = functional.relu_(self.conv1(x))
        x = functional.relu_(self.conv2(x))
        return cast(Tensor, self.conv3(x))


class EnlargingSRCNN(SRCNN):
    """MMagic's variant: 9-1-5 on RGB, which enlarges its input itself (torch bicubic, a = -0.75).

    N x 3 x H x W in 0 to 1, to `scale` times the size. Source: mmagic/models/editors/srcnn/srcnn_net.py.
    """

    def __init__(self, scale: int = 4) -> None:
        super().__init__((9, 1, 5), channels=3)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """The restored enlargement."""
        factor = float(self.scale)
        return super().forward(functional.interpolate(x, scale_factor=factor, mode="bicubic"))

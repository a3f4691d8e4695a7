"""ESPCN: three convolutions on the low-resolution luma, the last one sub-pixel.

Source: Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel
Convolutional Neural Network" (CVPR 2016), section 3.1: (f1, n1) = (5, 64), (f2, n2) = (3, 32), f3 = 3;
tanh, as section 3.3.2 prefers it to ReLU.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from srbench.methods.networks.layers import convolution


class ESPCN(nn.Module):
    """Luma, N x 1 x H x W in 0 to 1, to luma `scale` times as large."""

    def __init__(self, scale: int = 4) -> None:
        super().__init__()
        self.scale = scale
        self.conv1 = convolution(1, 64, 5)
        self.conv2 = convolution(64, 32)
        self.conv3 = convolution(32, scale * scale)

    def forward(self, x: Tensor) -> Tensor:
        """The enlarged image."""
        x = torch.tanh(self.conv1(x))
        x = torch.tanh(self.conv2(x))
        return functional.pixel_shuffle(self.conv3(x), self.scale)

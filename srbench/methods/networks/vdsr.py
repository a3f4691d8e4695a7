"""VDSR: twenty 3x3 convolutions that predict the residual of the bicubically enlarged luma.

Source: Kim, Lee, Lee, "Accurate Image Super-Resolution Using Very Deep Convolutional Networks"
(CVPR 2016), section 3.1: depth 20, 64 filters of 3x3, zero padding; the authors' network has biases. The
reimplementation in circulation (twtygqyy/pytorch-vdsr) has no biases, which leaves 664,704 parameters.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torch.nn import functional


class VDSR(nn.Module):
    """Enlarged luma, N x 1 x H x W in 0 to 1, to luma of the same size and range."""

    def __init__(self, bias: bool = False, features: int = 64, depth: int = 20) -> None:
        super().__init__()
        self.head = nn.Conv2d(1, features, 3, padding=1, bias=bias)
        self.body = nn.ModuleList(
            nn.Conv2d(features, features, 3, padding=1, bias=bias) for _ in range(depth - 2)
        )
        self.tail = nn.Conv2d(features, 1, 3, padding=1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """The input plus the residual that the layers predict."""
        features = functional.relu_(self.head(x))
        for layer in self.body:
            features = functional.relu_(layer(features))
        return cast(Tensor, self.tail(features)).add_(x)

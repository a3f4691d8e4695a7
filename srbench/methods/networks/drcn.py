"""DRCN: one convolution applied sixteen times, with a supervised output after each.

Source: Kim, Lee, Lee, "Deeply-Recursive Convolutional Network for Image Super-Resolution" (CVPR 2016),
section 3: embedding (two layers), inference (one layer, 16 recursions), reconstruction (two layers), 256
filters of 3x3, skip connections from the input, and a learned weighted sum of all predictions.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from srbench.methods.networks.layers import convolution


class DRCN(nn.Module):
    """Enlarged luma, N x 1 x H x W in 0 to 1, to luma of the same size and range."""

    def __init__(self, features: int = 256, recursions: int = 16) -> None:
        super().__init__()
        self.recursions = recursions
        self.embed1 = convolution(1, features)
        self.embed2 = convolution(features, features)
        self.infer = convolution(features, features)
        self.reconstruct1 = convolution(features, features)
        self.reconstruct2 = convolution(features, 1)
        self.weights = nn.Parameter(torch.full((recursions,), 1.0 / recursions))

    def outputs(self, x: Tensor) -> list[Tensor]:
        """The prediction after each recursion, and their weighted sum: what the paper's loss compares."""
        features = functional.relu(self.embed2(functional.relu(self.embed1(x))))
        results = []
        for _ in range(self.recursions):
            features = functional.relu(self.infer(features))
            results.append(self._reconstruct(features) + x)
        total = torch.zeros_like(x)
        for weight, result in zip(self.weights, results, strict=True):
            total = total + weight * result
        return [*results, total]

    def forward(self, x: Tensor) -> Tensor:
        """The weighted sum of the predictions."""
        return self.outputs(x)[-1]

    def _reconstruct(self, features: Tensor) -> Tensor:
        return cast(Tensor, self.reconstruct2(functional.relu(self.reconstruct1(features))))

"""Networks that spandrel defines, called as it calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor


class OwnCall(nn.Module):
    """A network of spandrel, called as spandrel calls it: with the padding that its own code does."""

    def __init__(self, descriptor: ImageModelDescriptor[Any]) -> None:
        super().__init__()
        self.model = descriptor.model
        self._descriptor = descriptor

    def forward(self, x: Tensor) -> Tensor:
        """N x C x H x W in 0 to 1 of any size, to `scale` times the size."""
        return torch.cat([self._descriptor(image[None]) for image in x])

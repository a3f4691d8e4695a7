"""TSRN: EnhanceNet's blocks with sub-pixel upsampling, for 4x and 8x.

Source: Gondal, Schölkopf, Hirsch, "The Unreasonable Effectiveness of Texture Transfer for Single Image
Super-Resolution" (ECCVW 2018), section 3; layers and names as in the authors' `model.py`. The output is
to be added to PIL's bicubic enlargement of the input (`test.py`).
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torch.nn import functional

from srbench.methods.networks.layers import convolution


class TSRN(nn.Module):
    """RGB, N x 3 x H x W in 0 to 1, to the residual over bicubic enlargement at 4 or 8 times the size."""

    def __init__(self, scale: int = 4, features: int = 64, blocks: int = 10) -> None:
        super().__init__()
        if scale not in (4, 8):
            raise ValueError(f"TSRN exists for 4x and 8x, not {scale}x")
        self.conv_in = convolution(3, features)
        self.conv_blocks = nn.ModuleList(
            nn.ModuleList([convolution(features, features), convolution(features, features)])
            for _ in range(blocks)
        )
        self.conv_up_new = convolution(features, 4 * features)
        self.conv_up1 = convolution(features, 4 * features)
        if scale == 8:
            self.conv_up2 = convolution(features, 4 * features)
            self.conv_up3 = convolution(features, features)
        else:
            self.conv_up2 = convolution(features, features)
        self.conv_out = convolution(features, 3)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """The residual image; see the class."""
        x = functional.relu_(self.conv_in(x))
        for block in self.conv_blocks:
            first, second = cast(nn.ModuleList, block)
            x = cast(Tensor, second(functional.relu_(first(x)))).add_(x)
        enlarging = [self.conv_up_new, self.conv_up1, *([self.conv_up2] if self.scale == 8 else [])]
        for layer in enlarging:
            x = functional.pixel_shuffle(functional.relu_(layer(x)), 2)
        merge = self.conv_up3 if self.scale == 8 else self.conv_up2
        return cast(Tensor, self.conv_out(functional.relu_(merge(x))))

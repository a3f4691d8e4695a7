"""EDSR and EDSR-baseline: residual blocks without batch normalisation.

Source: Lim et al., "Enhanced Deep Residual Networks for Single Image Super-Resolution" (CVPRW 2017),
sections 3.2 and 3.3 and Table 1; names and mean shift as in sanghyun-son/EDSR-PyTorch (`edsr.py`,
`common.py`). Values are 0 to 255. Baseline: 16 blocks of 64; EDSR: 32 blocks of 256, residuals times 0.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from torch import Tensor, nn

from srbench.methods.networks.layers import MeanShift, SubPixelUpsampler, convolution, skip_stages

if TYPE_CHECKING:
    from srbench.methods.networks.specification import Stage


class ResBlock(nn.Module):
    """x + s (conv relu conv)(x)."""

    def __init__(self, features: int, residual_scale: float) -> None:
        super().__init__()
        self.body = nn.Sequential(
            convolution(features, features), nn.ReLU(inplace=True), convolution(features, features)
        )
        self.residual_scale = residual_scale

    def forward(self, x: Tensor) -> Tensor:
        """N x F x H x W in and out."""
        return cast(Tensor, self.body(x)).mul_(self.residual_scale).add_(x)


class EDSR(nn.Module):
    """RGB, N x 3 x H x W in 0 to 255, to `scale` (2, 3, 4, 8) times the size, same range."""

    def __init__(self, scale: int = 4, features: int = 256, blocks: int = 32, residual_scale: float = 0.1):
        super().__init__()
        self.scale = scale
        self.sub_mean = MeanShift(-1)
        self.add_mean = MeanShift(1)
        self.head = nn.Sequential(convolution(3, features))
        body = [ResBlock(features, residual_scale) for _ in range(blocks)]
        self.body = nn.Sequential(*body, convolution(features, features))
        self.tail = nn.Sequential(SubPixelUpsampler(scale, features), convolution(features, 3))

    def forward(self, x: Tensor) -> Tensor:
        """The enlarged image."""
        features = self._head(x)
        return self._tail(cast(Tensor, self.body(features)).add_(features))

    def stages(self) -> tuple[Stage, ...]:
        """One stage per block; see `srbench.methods.networks.specification.Stage`."""
        return skip_stages(
            self._head,
            [(block, 2) for block in list(self.body)[:-1]],
            self.body[-1],
            self._tail,
            head_radius=1,
            close_radius=1,
            tail_radius=3,
            scale=self.scale,
        )

    def _head(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.head(self.sub_mean(x)))

    def _tail(self, features: Tensor) -> Tensor:
        return cast(Tensor, self.add_mean(self.tail(features)))

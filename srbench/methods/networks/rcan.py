"""RCAN: ten residual groups of twenty blocks with channel attention.

Source: Zhang et al., "Image Super-Resolution Using Very Deep Residual Channel Attention Networks" (ECCV
2018), section 3 and section 4.1; names as in yulunzhang/RCAN (`rcan.py`). Values are 0 to 255. Channel
attention pools over the whole image, so an output pixel depends on all of the input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from torch import Tensor, nn

from srbench.methods.networks.layers import MeanShift, SubPixelUpsampler, convolution
from srbench.methods.networks.specification import Stage


class ChannelAttention(nn.Module):
    """Each channel times a gate that is computed from the means of all channels."""

    def __init__(self, features: int, reduction: int) -> None:
        super().__init__()
        self.conv_du = nn.Sequential(
            convolution(features, features // reduction, 1),
            nn.ReLU(inplace=True),
            convolution(features // reduction, features, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """N x F x H x W in and out."""
        return x * self.conv_du(x.mean(dim=(2, 3), keepdim=True))


class Block(nn.Module):
    """Residual channel attention block."""

    def __init__(self, features: int, reduction: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            convolution(features, features),
            nn.ReLU(inplace=True),
            convolution(features, features),
            ChannelAttention(features, reduction),
        )

    def forward(self, x: Tensor) -> Tensor:
        """N x F x H x W in and out."""
        return cast(Tensor, self.body(x)).add_(x)

    def local(self, x: Tensor) -> Tensor:
        """The part that depends on a neighbourhood only."""
        return cast(Tensor, self.body[2](self.body[1](self.body[0](x))))


class Group(nn.Module):
    """Blocks, a convolution and a skip connection."""

    def __init__(self, features: int, reduction: int, blocks: int) -> None:
        super().__init__()
        body = [Block(features, reduction) for _ in range(blocks)]
        self.body = nn.Sequential(*body, convolution(features, features))

    def forward(self, x: Tensor) -> Tensor:
        """N x F x H x W in and out."""
        return cast(Tensor, self.body(x)).add_(x)


class RCAN(nn.Module):
    """RGB, N x 3 x H x W in 0 to 255, to `scale` (2, 3, 4, 8) times the size, same range."""

    def __init__(
        self, scale: int = 4, features: int = 64, groups: int = 10, blocks: int = 20, reduction: int = 16
    ) -> None:
        super().__init__()
        self.scale = scale
        self.sub_mean = MeanShift(-1)
        self.add_mean = MeanShift(1)
        self.head = nn.Sequential(convolution(3, features))
        body = [Group(features, reduction, blocks) for _ in range(groups)]
        self.body = nn.Sequential(*body, convolution(features, features))
        self.tail = nn.Sequential(SubPixelUpsampler(scale, features), convolution(features, 3))

    def forward(self, x: Tensor) -> Tensor:
        """The enlarged image."""
        features = self.head(self.sub_mean(x))
        features = cast(Tensor, self.body(features)).add_(features)
        return cast(Tensor, self.add_mean(self.tail(features)))

    def stages(self) -> tuple[Stage, ...]:
        """Convolutions on tiles, pooling on whole feature maps."""
        stages = [Stage(lambda state: (self.head(self.sub_mean(state[0])),), 1)]
        for place, group in enumerate(cast("list[Group]", list(self.body)[:-1])):
            stages += _group_stages(group, skips=1 if place == 0 else 2)
        stages.append(Stage(lambda state: (self.body[-1](state[1]).add_(state[0]),), 1))
        stages.append(Stage(lambda state: (self.add_mean(self.tail(state[0])),), 3, self.scale))
        return tuple(stages)


def _group_stages(group: Group, *, skips: int) -> list[Stage]:
    """From the skip connections (long, group; the same tensor in the first group) to (long, features)."""
    stages = []
    for place, block in enumerate(cast("list[Block]", list(group.body)[:-1])):
        current = skips - 1 if place == 0 else skips
        stages.append(Stage(_local(block, current), 2, keeps=current + 1))
        stages.append(Stage(_gate(block, current), None, keeps=skips))
    close = group.body[-1]
    stages.append(Stage(lambda state: (close(state[-1]).add_(state[skips - 1]),), 1, keeps=1))
    return stages


def _local(block: Block, current: int) -> Callable[[tuple[Tensor, ...]], tuple[Tensor, ...]]:
    return lambda state: (block.local(state[current]),)


def _gate(block: Block, current: int) -> Callable[[tuple[Tensor, ...]], tuple[Tensor, ...]]:
    attention = cast(ChannelAttention, block.body[3])

    def run(state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        residual = state[-1]
        gates = attention.conv_du(residual.mean(dim=(2, 3), keepdim=True))
        return (residual.mul_(gates).add_(state[current]),)

    return run

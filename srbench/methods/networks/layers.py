"""Layers that several families share, with the names of their published checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from srbench.methods.networks.specification import Stage

DIV2K_MEANS = (0.4488, 0.4371, 0.4040)  # of DIV2K's training images, EDSR section 3 (code: rgb_mean)


Padding = Literal["zeros", "replicate"]


def convolution(
    inputs: int, outputs: int, size: int = 3, *, bias: bool = True, padding: Padding = "zeros"
) -> nn.Conv2d:
    """Stride 1, padded with zeros or repeated border pixels: the output has the size of the input."""
    return nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=bias, padding_mode=padding)


class PReLU(nn.PReLU):
    """A PReLU of one slope whose gradient is taken by fast kernels on a CPU; elsewhere torch's own.

    There torch's own backward pass takes a third of a training step of SRResNet in bfloat16.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape in and out."""
        if x.device.type == "cpu" and torch.is_grad_enabled():
            return cast(Tensor, _OneSlope.apply(x, self.weight))
        return super().forward(x)


class _OneSlope(torch.autograd.Function):
    """max(x, 0) + slope min(x, 0), with the slope's gradient as a dot product over the pixels."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        ctx.slope = float(slope)
        ctx.kind = slope.dtype
        return functional.leaky_relu(x, ctx.slope)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        (x,) = ctx.saved_tensors
        of_x = torch.ops.aten.leaky_relu_backward(gradient, x, ctx.slope, False)
        # Both in the order of the memory of channels_last tensors, so that neither is copied.
        flat, below = (t.movedim(1, -1).reshape(-1) for t in (gradient, x))
        return of_x, torch.dot(flat, below.clamp(max=0.0)).reshape(1).to(ctx.kind)


class MeanShift(nn.Module):
    """EDSR's shift of the channel means as a fixed 1x1 convolution; stored, not trained."""

    weight: Tensor
    bias: Tensor

    def __init__(self, sign: int, value_range: float = 255.0) -> None:
        super().__init__()
        self.register_buffer("weight", torch.eye(3).reshape(3, 3, 1, 1))
        self.register_buffer("bias", sign * value_range * torch.tensor(DIV2K_MEANS))

    def forward(self, x: Tensor) -> Tensor:
        """N x 3 x H x W in and out."""
        return functional.conv2d(x, self.weight, self.bias)


class SubPixelUpsampler(nn.Sequential):
    """Convolution and pixel shuffle per factor of 2, or once for 3 (EDSR's `Upsampler`)."""

    def __init__(self, scale: int, features: int) -> None:
        if scale & (scale - 1) and scale != 3:
            raise ValueError(f"scale 3 or a power of 2, not {scale}")
        steps = [3] if scale == 3 else [2] * int(math.log2(scale))
        layers: list[nn.Module] = []
        for step in steps:
            layers += [convolution(features, step * step * features), nn.PixelShuffle(step)]
        super().__init__(*layers)


def skip_stages(
    head: Callable[[Tensor], Tensor],
    blocks: Iterable[tuple[nn.Module, int]],
    close: Callable[[Tensor], Tensor],
    tail: Callable[[Tensor], Tensor],
    *,
    head_radius: int,
    close_radius: int,
    tail_radius: int,
    scale: int,
) -> tuple[Stage, ...]:
    """The stages of the usual form: head, blocks (each with its radius), close plus long skip, tail."""

    def through(block: nn.Module) -> Callable[[tuple[Tensor, ...]], tuple[Tensor, ...]]:
        return lambda state: (cast(Tensor, block(state[-1])),)

    return (
        Stage(lambda state: (head(state[0]),), head_radius),
        *(Stage(through(block), radius, keeps=1) for block, radius in blocks),
        Stage(lambda state: (close(state[-1]).add_(state[0]),), close_radius),
        Stage(lambda state: (tail(state[0]),), tail_radius, scale),
    )

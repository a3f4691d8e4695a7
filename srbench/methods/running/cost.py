"""What running a network costs: activation bytes per pixel, and multiply-adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

    from srbench.methods.networks.specification import Stage


class _Widest:
    """A forward hook that remembers the largest sum of input and output bytes of one layer."""

    def __init__(self) -> None:
        self.bytes = 0

    def __call__(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:  # noqa: ARG002
        tensors = [item for item in (*inputs, output) if isinstance(item, torch.Tensor)]
        self.bytes = max(self.bytes, sum(_size(tensor) for tensor in tensors))


def stage_costs(module: nn.Module, stages: Sequence[Stage], x: Tensor) -> tuple[tuple[float, float], ...]:
    """Per stage of `module`: the widest layer's and the result's bytes per pixel of the stage's input `x`.

    Activations grow with the number of pixels, so a small `x` tells for all sizes.
    """
    widest = _Widest()
    leaves = [layer for layer in module.modules() if not any(layer.children())]
    handles = [layer.register_forward_hook(widest) for layer in leaves]
    state: tuple[Tensor, ...] = (x,)
    costs = []
    try:
        for stage in stages:
            pixels = state[0].shape[-1] * state[0].shape[-2]
            widest.bytes = 0
            with torch.inference_mode():
                new = stage.run(state)
            result = sum(map(_size, new))
            costs.append((max(widest.bytes, result + sum(map(_size, state))) / pixels, result / pixels))
            state = (*state[: stage.keeps], *new)
    finally:
        for handle in handles:
            handle.remove()
    return tuple(costs)


def multiply_adds(module: nn.Module, height: int, width: int, channels: int) -> int:
    """Multiply-adds of one H x W image: half the floating-point operations of torch's flop counter.

    The counter sees convolutions and matrix products, which is what papers count.
    """
    from torch.utils.flop_counter import FlopCounterMode

    device = next(iter(module.parameters())).device
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(torch.zeros(1, channels, height, width, device=device))
    return int(counter.get_total_flops()) // 2


def _size(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()

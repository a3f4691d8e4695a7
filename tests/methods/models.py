"""Networks, images and helpers that the tests of methods share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from srbench.core.records import Pair, Sample
from srbench.methods.contract import Runtime
from srbench.methods.networks.specification import NetworkSpec
from srbench.methods.running.inference import NetworkUpscaler

CPU = Runtime(device="cpu")


def picture(height: int, width: int, *, seed: int = 0, gray: bool = False) -> np.ndarray:
    """A smooth image with noise, uint8."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = 127 + 90 * np.sin(x / 5 + seed)[..., None] * np.cos(y[..., None] / 7 + np.arange(3))
    image = np.clip(waves + random.normal(0, 20, (height, width, 3)), 0, 255).astype(np.uint8)
    return image[..., 0] if gray else image


def sample(image: np.ndarray, scale: int) -> Sample:
    """The image as the input of a pair; the reference is empty."""
    pair = Pair(dataset="test", image="image", scale=scale, reference=Path("none"), low_resolution=None)
    reference = np.zeros((image.shape[0] * scale, image.shape[1] * scale, *image.shape[2:]), np.uint8)
    return Sample(pair=pair, reference=reference, low_resolution=image)


def random_network(spec: NetworkSpec, *, seed: int = 0) -> nn.Module:
    """The network with weights that keep the signal at its size through all layers.

    Initialisations of torch let it die out in deep networks, which would hide errors of tiling.
    """
    generator = torch.Generator().manual_seed(seed)
    module = spec.build().eval()
    layers = sum(isinstance(layer, nn.Conv2d) for layer in module.modules())
    gain = 2.0 if layers < 100 else 0.2  # hundreds of residual branches of full size add up
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point() and tensor.ndim == 4 and "mean" not in name:
            fan_in = tensor[0].numel()
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * (gain / fan_in) ** 0.5)
        elif name.endswith("running_mean"):
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.1)
        elif name.endswith("running_var"):
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
        elif name.endswith("bias") and "mean" not in name:
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.05)
    _level(module, spec)
    return module


def _level(module: nn.Module, spec: NetworkSpec) -> None:
    """Scales the last convolution so that the output spreads over a fifth of its range."""
    low, high = spec.output_range
    channels = 1 if spec.color == "luma" else 3
    last = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]
    with torch.no_grad():
        x = torch.rand(1, channels, 8, 8, generator=torch.Generator().manual_seed(1))
        spread = module(x * (spec.input_range[1] - spec.input_range[0])).std()
        last[-1].weight.mul_((high - low) / 5 / spread)


def upscaler(spec: NetworkSpec, module: nn.Module | None = None, runtime: Runtime = CPU) -> NetworkUpscaler:
    return NetworkUpscaler(module or random_network(spec), spec, runtime, "test-network")


def grey_difference(first: np.ndarray, second: np.ndarray) -> int:
    return int(np.abs(first.astype(int) - second.astype(int)).max())

"""EnhanceNet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.methods.families.build import builder
from srbench.methods.networks.specification import NetworkSpec

if TYPE_CHECKING:
    import numpy as np

    from srbench.core.weights import Tensors


ENHANCENET = NetworkSpec(builder("enhancenet", "EnhanceNet"), 4, residual="tensorflow1-bicubic", radius=23)


def enhancenet_names(tensors: Tensors) -> Tensors:
    """The authors' TensorFlow checkpoint: `generator/Conv_N/{weights,biases}` in order, HWIO."""
    blocks = [f"blocks.{block}.{layer}" for block in range(10) for layer in ("first", "second")]
    layers = ["head", *blocks, "up_first", "up_second", "merge", "tail"]
    names = {}
    for place, layer in enumerate(layers):
        scope = f"generator/Conv_{place}" if place else "generator/Conv"
        names[f"{scope}/weights"] = f"{layer}.weight"
        names[f"{scope}/biases"] = f"{layer}.bias"
    return {names.get(name, name): _outputs_first(tensor) for name, tensor in tensors.items()}


def _outputs_first(tensor: np.ndarray) -> np.ndarray:
    return tensor.transpose(3, 2, 0, 1).copy() if tensor.ndim == 4 else tensor

"""EnhanceNet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.methods.families.build import Checkpoint, Family, builder
from srbench.methods.networks.specification import NetworkSpec, only
from srbench.methods.published import published
from srbench.methods.trained import trained

if TYPE_CHECKING:
    import numpy as np

    from srbench.core.records import Degradation
    from srbench.core.weights import Tensors


def enhancenet(scale: int) -> NetworkSpec:
    """EnhanceNet: the residual over TensorFlow's bicubic enlargement; at 8x with one more doubling."""
    build = builder("enhancenet", "EnhanceNet", 64, 10, scale)
    return NetworkSpec(build, scale, residual="tensorflow1-bicubic", radius=23)


ENHANCENET = enhancenet(4)
# Measured on the authors' weights: they give the paper's numbers on these inputs only.
_INPUTS: Degradation = "pil-lanczos"


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


_TABLE = "Sajjadi et al., EnhanceNet, ICCV 2017, Table 2"
_TRAINED = (
    ("enet-e", "EnhanceNet trained with the mean squared error"),
    ("enet-p", "EnhanceNet trained with a perceptual loss"),
    ("enet-ea", "EnhanceNet trained with squared error and adversary"),
    ("enet-pa", "EnhanceNet trained with perceptual loss and adversary"),
    ("enet-eat", "EnhanceNet trained with squared error, adversary and texture"),
    # The features of a random network in the place of ImageNet's: not the paper's model.
    ("enet-pat-random", "ENet-PAT trained with random VGG-19 features, not the paper's"),
)

FAMILY = Family(
    checkpoints=(
        Checkpoint("generator/Conv/weights", only(ENHANCENET), rename=enhancenet_names),
        Checkpoint("up_first.weight", only(ENHANCENET)),
    ),
    recipes={"enhancenet": enhancenet},
    methods=(
        *(trained(name, summary, _TABLE, ENHANCENET, trained_on=_INPUTS) for name, summary in _TRAINED),
        published(
            "enet-pat",
            "EnhanceNet trained with perceptual, adversarial and texture losses (the authors' weights)",
            "Sajjadi, Schölkopf, Hirsch: EnhanceNet, ICCV 2017",
            ENHANCENET,
            enhancenet_names,
            by="the authors",
            trained_on=_INPUTS,
            homepage="https://github.com/msmsajjadi/EnhanceNet-Code",
            sha256=("4250b3dc5e69c5bd625e90543fd588ce2fff88510f874f9e9394c48c44b96434",),
            url="https://raw.githubusercontent.com/msmsajjadi/EnhanceNet-Code/master/weights",
            size=3_418_142,
            license="CC BY-NC-ND 4.0",
        ),
    ),
)

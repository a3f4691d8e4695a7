"""TSRN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.methods.families.build import Checkpoint, Family, builder
from srbench.methods.networks.specification import NetworkSpec
from srbench.methods.published import published
from srbench.methods.trained import trained

if TYPE_CHECKING:
    from srbench.core.weights import Tensors


def tsrn(scale: int) -> NetworkSpec:
    """TSRN: the residual over PIL's bicubic enlargement."""
    return NetworkSpec(builder("tsrn", "TSRN", scale), scale, residual="pil-bicubic", radius=23)


TSRN = tsrn(4)
TSRN_8X = tsrn(8)


def tsrn_names(tensors: Tensors) -> Tensors:
    """The authors' names, without the normalisation layers that their networks never use."""
    unused = ("bn1.", "instance_normalization.")
    return {name: tensor for name, tensor in tensors.items() if not name.startswith(unused)}


FAMILY = Family(
    checkpoints=(Checkpoint("conv_up_new.weight", tsrn, (4, 8), rename=tsrn_names),),
    recipes={"tsrn": tsrn},
    methods=(
        *(
            published(
                f"tsrn-{letter}{suffix}",
                f"TSRN with {kind} texture loss at {spec.scale}x "
                f"(tsrn_{file}_{spec.scale}x.pth of the authors)",
                "Gondal, Schölkopf, Hirsch: The Unreasonable Effectiveness of Texture Transfer, ECCVW 2018",
                spec,
                tsrn_names,
                by="the authors",
                trained_on=None,
                homepage="https://github.com/waleedgondal/Texture-based-Super-Resolution-Network",
            )
            for letter, kind, file in (("g", "global", "global"), ("s", "segmented", "segment"))
            for spec, suffix in ((TSRN, ""), (TSRN_8X, "-8x"))
        ),
        # The features of a random network in the place of ImageNet's: not the paper's model.
        trained(
            "tsrn-g-random",
            "TSRN-G trained with random VGG-19 features, not the paper's",
            "Gondal et al., TSRN, ECCVW 2018",
            TSRN,
        ),
    ),
)

"""What a recipe is: everything that decides a training run, as one frozen record.

Recipes live in `srbench.train.recipes`, one file per paper, with the section beside each constant. This
module imports no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Literal

from srbench.core.records import Degradation

TermKind = Literal[
    "mse",
    "l1",
    "charbonnier",
    "features",
    "gram",
    "gram-patches",
    "gram-masks",
    "total-variation",
    "adversarial",
    "relativistic",
]


@dataclass(frozen=True)
class Term:
    """One term of the generator's objective; see `srbench.train.losses` for the formulas.

    - `weight` multiplies the term; `layer_weights` (1 each where empty) the parts of its `layers`.
    - `layers` name places of VGG-19: `conv5_4` is before the activation, `relu5_4` after it, `pool5`
      after the pooling.
    - `scaling`: "none" takes features as they are, "unit-mean" divides them by the target's mean.
    - `patch` is the side of the image patches of "gram-patches".
    """

    kind: TermKind
    weight: float = 1.0
    layers: tuple[str, ...] = ()
    layer_weights: tuple[float, ...] = ()
    scaling: Literal["none", "unit-mean"] = "none"
    patch: int = 0


@dataclass(frozen=True)
class Recipe:
    """A paper's training, constant by constant.

    - `method` is the method that the weights are for (its name in `srbench methods list`); `paper`
      names the source of the constants, and `chosen` says which of them the paper does not give.
    - `network` is a key of `srbench.train.networks`; its value ranges come from there.
    - `blocks` is the number of residual blocks, None for the network's own.
    - `supervision` is the weight of the terms of pixels on each earlier output of a network that has several
      (pyramid levels, recursions); 0 compares the result only.
    - `crop` is the side of the high-resolution patches, `batch` their number per process.
    - `border` pixels are cut from each side of output and target before the loss, so that the padding of
      small patches, which whole images do not see, is not trained on. Whole images have edges of their
      own, and a network that never saw padding does badly there: end a training with large crops and a
      border no wider than the one that is cut before measuring.
    - `augment`: "none", "flips" (left-right and up-down), or "dihedral" (with transposition, all eight).
    - `shrink` adds copies of each training image, reduced by these factors with MATLAB's bicubic kernel
      (FSRCNN, section 4.1). An epoch goes through copies as through images of their own.
    - `learning_rate` is multiplied by `decay` at each of `milestones` (iterations), or falls to zero
      along a cosine with "cosine"; `slow_layers` are parameters by name prefix that learn `slow_factor`
      times as fast. `momentum` is Adam's beta 1, or SGD's momentum.
    - `optimizer`: "adam", "sgd", or "muon", which turns the step of each convolution into a matrix with equal
      singular values and leaves biases, normalisation and narrow layers to Adam (with Nesterov's momentum) at
      half the rate; or "soap", Adam along the axes in which the gradients of a layer vary. None of the papers
      had these two (reference_models/README.md says what they bring).
    - `hold` iterations run at the full rate before a cosine begins.
    - `clip` bounds each gradient value to +-clip / learning rate (VDSR), `clip_norm` the length of all
      gradients together; 0 does nothing.
    - `discriminator` is None for recipes without an adversary; it is updated where its accuracy of the
      step before was below `discriminator_limit`.
    - `start_from` is where the initial weights come from: a recipe's name, a run's folder or a file.
    - `feature_network` is "vgg19-imagenet", "vgg19-random" or a path to a file of weights.
    - `feature_input`: "imagenet" standardises images before it, "plain" gives them as they are, 0 to 1.
    - `initial_scale` multiplies the initial weights (He's) of the convolutions in residual blocks;
      `start_at_bicubic` adds a path that gives bicubic enlargement (SRCNN, ESPCN, SRResNet; FSRCNN: linear).
    - `normalisation`: "batch" as usual; "frozen" keeps the statistics of the generator and the
      discriminator as they start, so that small batches do not disturb each other, and learns what stands
      around them.
    - `average` is the decay of the exponential moving average of the weights, 0 for none.
    - `keep` says which weights are the result: those of the best validation PSNR, or the last ones.
    """

    name: str
    method: str
    paper: str
    summary: str
    network: str
    terms: tuple[Term, ...]
    crop: int
    batch: int
    iterations: int
    learning_rate: float
    chosen: str
    scale: int = 4
    blocks: int | None = None
    supervision: float = 0.0
    degradation: Degradation = "matlab-bicubic"
    border: int = 0
    augment: Literal["none", "flips", "dihedral"] = "flips"
    shrink: tuple[float, ...] = ()
    optimizer: Literal["adam", "sgd", "muon", "soap"] = "adam"
    momentum: float = 0.9
    second_momentum: float = 0.999
    weight_decay: float = 0.0
    schedule: Literal["steps", "cosine"] = "steps"
    milestones: tuple[int, ...] = ()
    decay: float = 0.5
    hold: int = 0
    slow_layers: tuple[str, ...] = ()
    slow_factor: float = 1.0
    clip: float = 0.0
    clip_norm: float = 0.0
    discriminator: Literal["srgan", "enhancenet", "esrgan"] | None = None
    discriminator_limit: float = 1.0
    start_from: str | None = None
    feature_network: str = "vgg19-imagenet"
    feature_input: Literal["imagenet", "plain"] = "imagenet"
    initial_scale: float = 1.0
    start_at_bicubic: bool = False
    normalisation: Literal["batch", "frozen"] = "batch"
    average: float = 0.0
    keep: Literal["best", "last"] = "best"
    validate_every: int = 5000
    checkpoint_every: int = 5000
    seed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Every constant, as saved in checkpoints and cards."""
        return asdict(self)

    @property
    def needs_features(self) -> bool:
        """Whether a term looks at the features of VGG-19."""
        return any(term.layers for term in self.terms)

    @property
    def needs_masks(self) -> bool:
        """Whether a term needs semantic masks with the images."""
        return any(term.kind == "gram-masks" for term in self.terms)


def completed(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe's constants as an older version stored them, with the defaults of those that came since."""
    terms = [{**_defaults(Term), **term} for term in stored["terms"]]
    return {**_defaults(Recipe), **stored, "terms": terms}


def _defaults(record: type[Recipe | Term]) -> dict[str, Any]:
    """The optional constants of a record, as JSON and checkpoints hold them."""
    given = ((one.name, one.default) for one in fields(record) if one.default is not MISSING)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in given}


def shortened(recipe: Recipe, iterations: int) -> tuple[int, ...]:
    """The milestones of a recipe that runs for another number of iterations, moved in proportion."""
    return tuple(max(1, milestone * iterations // recipe.iterations) for milestone in recipe.milestones)

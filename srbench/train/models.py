"""The networks of a run, with their optimisers, objective and averaged weights, where the run is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from srbench.train.initialisation import load_start
from srbench.train.networks import build_discriminator, build_generator, freeze_statistics, supervised
from srbench.train.objective import Objective
from srbench.train.optimisation import Average, make_optimizer
from srbench.train.perception import open_features
from srbench.train.processes import scaler_state, set_scaler_state

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from torch import nn

    from srbench.methods.networks.specification import NetworkSpec
    from srbench.train.checkpoints import State
    from srbench.train.recipe import Recipe


@dataclass(frozen=True)
class Models:
    """The modules as they are saved; `run_…` are the same as Fabric runs them.

    The discriminator's three are None where the recipe has none. `start` says what the generator began with.
    """

    generator: nn.Module
    run_generator: Any
    optimizer: Any
    discriminator: nn.Module | None
    run_discriminator: Any
    judging_optimizer: Any
    objective: Objective
    average: Average
    start: str

    def state(self, fabric: Fabric) -> State:
        """What a checkpoint keeps of them."""
        return {
            "generator": self.generator.state_dict(),
            "average": self.average.module.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "discriminator": _state(self.discriminator),
            "discriminator_optimizer": _state(self.judging_optimizer),
            "scaler": scaler_state(fabric),
        }

    def restore(self, stored: State, fabric: Fabric) -> None:
        """Puts back what `state` gave."""
        self.generator.load_state_dict(stored["generator"])
        self.average.module.load_state_dict(stored["average"])
        self.optimizer.load_state_dict(stored["optimizer"])
        if self.discriminator is not None:
            self.discriminator.load_state_dict(stored["discriminator"])
            self.judging_optimizer.load_state_dict(stored["discriminator_optimizer"])
        set_scaler_state(fabric, stored["scaler"])


def make_models(
    recipe: Recipe, spec: NetworkSpec, fabric: Fabric, *, resumed: bool, compiled: bool
) -> Models:
    """Builds them; the recipe's seed decides the initial weights, the same on every process.

    A run that is `resumed` does not load the weights that its recipe starts from.
    """
    torch.manual_seed(recipe.seed)
    generator, discriminator = build_generator(recipe), build_discriminator(recipe)
    features = open_features(recipe)
    start = ""
    if recipe.start_from is not None and not resumed:
        start = load_start(generator, recipe, recipe.start_from)
    for module in (generator, discriminator):
        if module is not None and recipe.normalisation == "frozen":
            freeze_statistics(module)
    for module in (generator, discriminator, features):
        if module is not None:
            module.to(fabric.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer, judging_optimizer = make_optimizer(recipe, generator), None
    run_generator, optimizer = fabric.setup(_compiled(supervised(generator, recipe), compiled), optimizer)
    run_discriminator = None
    if discriminator is not None:
        judging_optimizer = make_optimizer(recipe, discriminator)
        run_discriminator, judging_optimizer = fabric.setup(
            _compiled(discriminator, compiled), judging_optimizer
        )
    return Models(
        generator,
        run_generator,
        optimizer,
        discriminator,
        run_discriminator,
        judging_optimizer,
        Objective(recipe, spec, features),
        Average(generator, recipe.average),
        start,
    )


def _compiled(module: nn.Module, wanted: bool) -> nn.Module:
    return torch.compile(module) if wanted else module  # type: ignore[return-value]


def _state(part: nn.Module | torch.optim.Optimizer | None) -> dict[str, Any] | None:
    return None if part is None else part.state_dict()

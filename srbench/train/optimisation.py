"""Optimisers, learning rates (functions of the iteration, so they need no state) and averaged weights."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.optim.swa_utils import update_bn

from srbench.core.records import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor, nn

    from srbench.train.recipe import Recipe


_LONGEST = 2048  # SRCNN's second layer has 1,600 inputs and taps


def learning_rate(recipe: Recipe, iteration: int) -> float:
    """The rate of an iteration, counted from 0."""
    if recipe.schedule == "cosine":
        part = max(0, iteration - recipe.hold) / (recipe.iterations - recipe.hold)
        return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * part))
    passed = sum(iteration >= milestone for milestone in recipe.milestones)
    return recipe.learning_rate * float(recipe.decay**passed)


def make_optimizer(recipe: Recipe, module: nn.Module) -> torch.optim.Optimizer:
    """The recipe's optimiser; slow layers are a group of their own with their factor."""
    named = list(module.named_parameters())
    slow = [parameter for name, parameter in named if name.startswith(recipe.slow_layers or ("\0",))]
    fast = [parameter for name, parameter in named if not name.startswith(recipe.slow_layers or ("\0",))]
    groups = [{"params": fast, "factor": 1.0}]
    if slow:
        groups.append({"params": slow, "factor": recipe.slow_factor})
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(
            groups, lr=recipe.learning_rate, momentum=recipe.momentum, weight_decay=recipe.weight_decay
        )
    betas = (recipe.momentum, recipe.second_momentum)
    if recipe.optimizer == "muon":
        return _muon(groups, recipe, betas)
    if recipe.optimizer == "soap":
        return _soap(groups, recipe, betas)
    # One kernel for all parameters; on a CPU it would sum in another order than the plain one.
    fused = all(parameter.is_cuda for _, parameter in named)
    return torch.optim.Adam(
        groups, lr=recipe.learning_rate, betas=betas, weight_decay=recipe.weight_decay, fused=fused
    )


def _muon(groups: list[dict[str, Any]], recipe: Recipe, betas: tuple[float, float]) -> torch.optim.Optimizer:
    """Muon (Jordan et al., 2024), its steps as long as Adam's (Liu et al., arXiv:2502.16982)."""
    from timm.optim.muon import Muon

    return Muon(
        groups, lr=recipe.learning_rate, betas=betas, weight_decay=recipe.weight_decay,
        momentum=0.95, nesterov=True, adjust_lr_fn="match_rms_adamw", fallback_lr_scale=0.5,
    )  # fmt: skip


def _soap(groups: list[dict[str, Any]], recipe: Recipe, betas: tuple[float, float]) -> torch.optim.Optimizer:
    """SOAP (Vyas et al., arXiv:2409.11321): Adam along the axes in which the gradients of a layer vary.

    `UserError` where the package is not installed.
    """
    try:
        from pytorch_optimizer import SOAP
    except ImportError:
        raise UserError("the optimiser soap needs pytorch-optimizer: pip install 'srbench[train]'") from None
    apart = [
        {**group, "params": [parameter], **_axes(parameter)}
        for group in groups
        for parameter in group["params"]
    ]
    return cast(
        torch.optim.Optimizer,
        SOAP(
            apart,
            lr=recipe.learning_rate,
            betas=betas,
            weight_decay=recipe.weight_decay,
            precondition_1d=True,
        ),
    )


def _axes(parameter: Tensor) -> dict[str, Any]:
    """A convolution as a matrix, outputs x (inputs and taps), where SOAP's joining of dimensions gives it.

    It joins neighbours from the left up to a bound, so that the outputs must not fit under it together with
    the next dimension; with fewer of them every dimension has axes of its own. Longer dimensions than
    `_LONGEST` stay as they are: finding their axes takes minutes and gigabytes.
    """
    outputs, *others = parameter.shape
    bound = min(max(outputs, parameter[0].numel()), _LONGEST)
    following = next((side for side in others if side > 1), 1)
    return {"merge_dims": outputs * following > bound, "max_precondition_dim": bound}


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Gives every group the rate times its factor."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("factor", 1.0)


class Average:
    """A copy of a module that follows it; with `decay` 0 the module itself."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._followed = module
        self._decay = decay
        self.module = copy.deepcopy(module).requires_grad_(False) if decay else module

    def update(self) -> None:
        """One step: average = decay x average + (1 - decay) x weights. Statistics are `renew`'s."""
        if not self._decay:
            return
        with torch.no_grad():
            for mine, theirs in zip(self.module.parameters(), self._followed.parameters(), strict=True):
                mine.lerp_(theirs, 1 - self._decay)

    def renew(self, inputs: Iterable[Tensor]) -> None:
        """Measures the running statistics of batch normalisation for the average, which saw no batch yet.

        Those of the weights in training are not the average's: SRResNet lost half a decibel by them. As in
        Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", UAI 2018,
        section 3.2.
        """
        if self._decay:
            update_bn(inputs, self.module)

"""Optimisers and learning rates. The rate is a function of the iteration, so it needs no state."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn

    from srbench.train.recipe import Recipe


def learning_rate(recipe: Recipe, iteration: int) -> float:
    """The rate of an iteration, counted from 0."""
    if recipe.schedule == "cosine":
        part = max(0, iteration - recipe.hold) / (recipe.iterations - recipe.hold)
        return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * part))
    passed = sum(iteration >= milestone for milestone in recipe.milestones)
    return recipe.learning_rate * float(recipe.decay**passed)


def make_optimizer(recipe: Recipe, module: nn.Module) -> torch.optim.Optimizer:
    """The recipe's optimiser; slow layers are a group of their own with their factor."""
    import torch

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
    # One kernel for all parameters; on a CPU it would sum in another order than the plain one.
    fused = all(parameter.is_cuda for _, parameter in named)
    return torch.optim.Adam(
        groups, lr=recipe.learning_rate, betas=betas, weight_decay=recipe.weight_decay, fused=fused
    )


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Gives every group the rate times its factor."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("factor", 1.0)

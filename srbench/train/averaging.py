"""The exponential moving average of a network's weights."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn


class Average:
    """A copy of a module that follows it; with `decay` 0 the module itself."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._followed = module
        self._decay = decay
        self.module = copy.deepcopy(module).requires_grad_(False) if decay else module

    def update(self) -> None:
        """One step: average = decay x average + (1 - decay) x weights; buffers are copied."""
        if not self._decay:
            return
        with torch.no_grad():
            for mine, theirs in zip(self.module.parameters(), self._followed.parameters(), strict=True):
                mine.lerp_(theirs, 1 - self._decay)
            for kept, current in zip(self.module.buffers(), self._followed.buffers(), strict=True):
                kept.copy_(current)

"""FSRCNN against the counts of its paper."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from srbench.methods.families.fsrcnn import fsrcnn, fsrcnn_s
from srbench.methods.networks.fsrcnn import FSRCNN


@pytest.mark.parametrize(
    ("module", "weights"),
    # Dong et al., ECCV 2016, Table 1: the weights of all filters, without biases and slopes.
    [(FSRCNN(), 12464), (FSRCNN(4, 32, 5, 1), 3937)],
)
def test_the_filters_are_as_many_as_in_the_paper(module: nn.Module, weights: int) -> None:
    layers = [one for one in module.modules() if isinstance(one, nn.Conv2d | nn.ConvTranspose2d)]
    assert sum(layer.weight.numel() for layer in layers) == weights


@pytest.mark.parametrize("spec", [fsrcnn(2), fsrcnn(3), fsrcnn(4), fsrcnn_s(4)])
def test_the_stated_radius_is_that_of_the_gradients(spec) -> None:
    module = spec.build().double()
    image = torch.rand(1, 1, 33, 33, dtype=torch.float64, requires_grad=True)
    reached = 0
    for phase in range(spec.scale):
        place = 16 * spec.scale + phase
        (seen,) = torch.autograd.grad(module(image)[0, 0, place, place], image)
        columns = seen[0, 0].abs().sum(dim=0).nonzero()
        reached = max(reached, 16 - int(columns.min()), int(columns.max()) - 16)
    assert reached <= spec.radius

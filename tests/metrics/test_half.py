"""Half precision: used where it keeps distances, refused with a remark where it does not."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from srbench.metrics.features import ALEX, VGG, Backbone, Network, open_network
from srbench.metrics.half import TOLERANCE, half_where_faithful
from srbench.metrics.lpips import sum_layers
from tests.metrics.deep_fixtures import distorted, pulled


@pytest.fixture(params=[ALEX, VGG], ids=lambda backbone: backbone.name)
def network(request: pytest.FixtureRequest, tmp_path: Path) -> Network:
    backbone: Backbone = pulled(request.param, tmp_path)[0]
    return open_network(backbone)


def test_distances_in_half_precision_are_float32s_within_the_tolerance(network: Network) -> None:
    said: list[str] = []
    halved = half_where_faithful(network, said.append)
    assert halved.half
    assert not network.half
    assert not said
    images = [network.images([image]) for image in distorted((64, 64), 3)]
    exact, found = (distance(chosen, *images) for chosen in (network, halved))
    assert 0 < abs(found - exact) < 2 * TOLERANCE * exact


def test_a_network_that_overflows_stays_in_float32(network: Network) -> None:
    """Weights of 1e5 in the first layer take activations beyond 65504."""
    large = copy.copy(network)
    large.layers = copy.deepcopy(network.layers)
    first = next(module for module in large.layers.modules() if isinstance(module, torch.nn.Conv2d))
    with torch.no_grad():
        first.weight.mul_(1e5)
    said: list[str] = []
    assert half_where_faithful(large, said.append) is large
    assert len(said) == 1
    assert "stays in float32" in said[0]


def distance(network: Network, first: torch.Tensor, second: torch.Tensor) -> float:
    weights = [torch.ones(count) for count in network.backbone.channels]
    with torch.inference_mode():
        return float(sum_layers(network.features(first), network.features(second), weights))

"""Half precision: used where it keeps every metric's distances, refused with a remark where it does not."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from srbench.metrics.catalogue import METRICS
from srbench.metrics.deep.features import ALEX
from srbench.studies.bapps import half
from srbench.studies.bapps.distances import Features, NetworkMetrics, batch_distances, network_groups
from srbench.studies.bapps.half import half_where_faithful
from tests.metrics.deep_fixtures import pulled


@pytest.fixture
def group(tmp_path: Path) -> NetworkMetrics:
    backbone = pulled(ALEX, tmp_path)[0]
    metrics = [METRICS.get(f"{kind}-alex") for kind in ("lpips", "feat", "gram")]
    renewed = [replace(metric, compute=replace(metric.compute, backbone=backbone)) for metric in metrics]  # type: ignore[type-var]
    return network_groups(renewed, "cpu")[0]


def errors(group: NetworkMetrics, other: NetworkMetrics) -> dict[str, float]:
    """The largest relative difference of each metric over the test patches."""
    exact, found = (batch_distances(made, half.trial_patches()) for made in (group, other))
    return {
        name: max(abs(b[name][0] / a[name][0] - 1) for a, b in zip(exact, found, strict=True))
        for name in group.scorers
    }


def test_one_metric_beyond_the_tolerance_keeps_float32(
    group: NetworkMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = copy.copy(group.network)
    network.half = True
    found = errors(group, replace(group, network=network))
    assert all(0 < error < 0.5 for error in found.values())
    worst = max(found, key=lambda name: found[name])
    said: list[str] = []
    monkeypatch.setattr(half, "TOLERANCE", max(found.values()) * 1.01)
    halved = half_where_faithful(group, said.append)
    assert halved.network.half
    assert not group.network.half
    assert not said
    monkeypatch.setattr(half, "TOLERANCE", max(found.values()) * 0.99)
    assert half_where_faithful(group, said.append) is group
    assert f"test distances of {worst} by up to {found[worst]:.2g} of their value" in said[0]


def test_distances_that_half_precision_does_not_touch_allow_it(group: NetworkMetrics) -> None:
    def steady(reference: Features, roles: Sequence[Features]) -> list[torch.Tensor]:
        return [torch.ones(len(role.unit[0])) for role in roles]

    said: list[str] = []
    assert half_where_faithful(replace(group, scorers={"steady": steady}), said.append).network.half
    assert not said


def test_a_network_that_overflows_stays_in_float32(group: NetworkMetrics) -> None:
    """Weights of 1e5 in the first layer take activations beyond 65504."""
    network = copy.copy(group.network)
    network.layers = copy.deepcopy(network.layers)
    first = next(module for module in network.layers.modules() if isinstance(module, torch.nn.Conv2d))
    with torch.no_grad():
        first.weight.mul_(1e5)
    large = replace(group, network=network)
    said: list[str] = []
    assert half_where_faithful(large, said.append) is large
    assert len(said) == 1
    assert "AlexNet stays in float32" in said[0]

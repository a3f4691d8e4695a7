"""Distances of patches by any metric: single views for most, batches for those on ImageNet networks.

Networks see the reference and the distorted patches of many items at once. Each role is a batch of its
own, so that equal patches get exactly equal distances, and the reference passes through a network once
for all metrics that stand on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from srbench.core.devices import measuring
from srbench.core.records import reason_of
from srbench.metrics.contract import Metric, View
from srbench.metrics.deep.features import Backbone, Network, channels_inside, open_network, unit_length
from srbench.metrics.deep.gram import GramDistance, gram_distance
from srbench.metrics.deep.lpips import FeatureDistance, sum_layers
from srbench.protocols import PROTOCOLS

if TYPE_CHECKING:
    import torch

Patches = tuple[np.ndarray, ...]
_SCALE = 1  # patches have no scale; the protocol's border is 0


@dataclass(frozen=True)
class Features:
    """What a batch of patches (one role) looks like to a network, N x h x w x C per layer."""

    raw: list[torch.Tensor]
    unit: list[torch.Tensor]


# From the features of the reference and of each distorted role to N distances per role.
Scorer = Callable[[Features, Sequence[Features]], "list[torch.Tensor]"]


@dataclass(frozen=True)
class NetworkMetrics:
    """Metrics by name that share one network."""

    network: Network
    scorers: dict[str, Scorer]
    needs_raw: bool = False


def scorer(compute: FeatureDistance | GramDistance, network: Network) -> Scorer:
    """The batched form of a metric's `compute`."""
    if isinstance(compute, GramDistance):
        return _gram_scorer(compute)
    return feature_scorer(compute.weights(network))


def feature_scorer(weights: Sequence[torch.Tensor]) -> Scorer:
    """LPIPS or Net-F with these weights per layer and channel."""
    return lambda reference, roles: [sum_layers(role.unit, reference.unit, weights) for role in roles]


def _gram_scorer(metric: GramDistance) -> Scorer:
    def score(reference: Features, roles: Sequence[Features]) -> list[torch.Tensor]:
        grams = metric.of_layers(getattr(reference, metric.features))
        return [gram_distance(metric.of_layers(getattr(role, metric.features)), grams) for role in roles]

    return score


def network_groups(metrics: Sequence[Metric], device: str) -> list[NetworkMetrics]:
    """The metrics on ImageNet networks, grouped by network; the others are left out."""
    by_backbone: dict[Backbone, dict[str, FeatureDistance | GramDistance]] = {}
    for metric in metrics:
        compute = metric.compute
        if isinstance(compute, FeatureDistance | GramDistance):
            by_backbone.setdefault(compute.backbone, {})[metric.name] = compute
    groups = []
    for backbone, computes in by_backbone.items():
        network = open_network(backbone, device)
        needs_raw = any(
            isinstance(compute, GramDistance) and compute.features == "raw" for compute in computes.values()
        )
        scorers = {name: scorer(compute, network) for name, compute in computes.items()}
        groups.append(NetworkMetrics(network, scorers, needs_raw))
    return groups


def batch_distances(group: NetworkMetrics, items: Sequence[Patches]) -> list[dict[str, tuple[float, ...]]]:
    """Per item (reference, distorted, ...) and metric: the distance of each distorted patch."""
    import torch

    with measuring():
        reference, *roles = (
            _features(group, [item[role] for item in items]) for role in range(len(items[0]))
        )
        columns = {
            name: torch.stack(score(reference, roles), dim=1).tolist()
            for name, score in group.scorers.items()
        }
    return [{name: tuple(rows[n]) for name, rows in columns.items()} for n in range(len(items))]


def _features(group: NetworkMetrics, patches: list[np.ndarray]) -> Features:
    raw = [channels_inside(layer) for layer in group.network.raw_features(group.network.images(patches))]
    unit = [unit_length(layer.clone() if group.needs_raw else layer) for layer in raw]
    return Features(raw if group.needs_raw else [], unit)


def view_distances(
    metrics: Sequence[Metric], item: Patches, device: str
) -> dict[str, tuple[float, ...] | str]:
    """Per metric the distance of each distorted patch, or the reason why there is none.

    Where higher is better the distance is the negated score; a metric without reference judges the
    distorted patches alone.
    """
    protocol = PROTOCOLS.get("bapps")
    reference, *roles = (View(patch, protocol, _SCALE, device=device) for patch in item)
    found: dict[str, tuple[float, ...] | str] = {}
    for metric in metrics:
        sign = -1.0 if metric.higher_is_better else 1.0
        try:
            found[metric.name] = tuple(sign * metric.score(role, reference) for role in roles)
        except Exception as error:  # one item must not end the run
            found[metric.name] = reason_of(error)
    return found

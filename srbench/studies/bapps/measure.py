"""Goes through a split of BAPPS once and collects the distances of every metric.

Decoding, and the metrics that work on single patches, run in threads ahead of the networks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from srbench.core.devices import Batches
from srbench.core.records import SILENT, Progress, Unscorable
from srbench.datasets.bapps import Item, read_patch
from srbench.images.pixels import pixel_hash
from srbench.metrics.contract import Metric
from srbench.studies.bapps.distances import NetworkMetrics, Patches, batch_distances, view_distances
from srbench.studies.harness import loaded_ahead


@dataclass
class SubsetDistances:
    """What was measured on one subset.

    `distances` maps a metric to N x roles float64 (2AFC: p0, p1; JND: one), NaN where there is none;
    `reasons` maps (item number, metric) to why. `references` numbers the items' references by their pixels;
    an unreadable one has a number of its own.
    """

    items: list[Item]
    references: np.ndarray
    distances: dict[str, np.ndarray] = field(default_factory=dict)
    reasons: dict[tuple[int, str], str] = field(default_factory=dict)

    @property
    def judgement(self) -> np.ndarray:
        """What people said: N, float64, in [0, 1]; NaN where it cannot be read."""
        return np.array([item.judgement for item in self.items])


@dataclass(frozen=True)
class _Loaded:
    """An item's patches, or why it cannot be read, and its distances by single-patch metrics."""

    patches: Patches | None
    reason: str
    found: dict[str, tuple[float, ...] | str]


class Measurement:
    """The metrics of a run, ready to measure items.

    `single` are metrics of single views, `groups` those on networks; `batch_size` falls where a GPU's
    memory is too small, and `say` is told.
    """

    def __init__(
        self,
        single: Sequence[Metric],
        groups: Sequence[NetworkMetrics],
        *,
        device: str,
        batch_size: int,
        say: Callable[[str], None],
    ) -> None:
        self._single = single
        self._groups = [(group, Batches(batch_size, say)) for group in groups]
        self._device = device
        self._batch_size = batch_size

    @property
    def names(self) -> list[str]:
        """Every metric, single ones first."""
        return [metric.name for metric in self._single] + [
            name for group, _ in self._groups for name in group.scorers
        ]

    def subset(self, items: list[Item], progress: Progress = SILENT) -> SubsetDistances:
        """Distances of all items; `progress` is told of each; whoever calls says how many there are."""
        measured = SubsetDistances(items, np.arange(len(items)))
        seen: dict[str, int] = {}
        roles = len(items[0].files) - 1
        for name in self.names:
            measured.distances[name] = np.full((len(items), roles), np.nan)
        number = 0
        for loaded in loaded_ahead(items, self._batch_size, self._load):
            self._record(measured, number, loaded)
            for place, one in enumerate(loaded, number):
                if one.patches is not None:
                    measured.references[place] = seen.setdefault(pixel_hash(one.patches[0]), place)
            number += len(loaded)
            for _ in loaded:
                progress.advance()
        return measured

    def _record(self, measured: SubsetDistances, first: int, loaded: list[_Loaded]) -> None:
        for offset, item in enumerate(loaded):
            for name, value in item.found.items():
                self._put(measured, first + offset, name, value)
        readable = [(offset, item.patches) for offset, item in enumerate(loaded) if item.patches is not None]
        for group, batches in self._groups:

            def work(
                part: Sequence[Patches], group: NetworkMetrics = group
            ) -> list[dict[str, tuple[float, ...]]]:
                return batch_distances(group, part)

            results = batches.run(work, [patches for _, patches in readable])
            for (offset, _), found in zip(readable, results, strict=True):
                for name, distances in found.items():
                    self._put(measured, first + offset, name, distances)
        for offset, item in enumerate(loaded):
            if item.patches is None:
                for name in self.names:
                    measured.reasons[first + offset, name] = item.reason

    def _put(self, measured: SubsetDistances, number: int, name: str, value: tuple[float, ...] | str) -> None:
        if isinstance(value, str):
            measured.reasons[number, name] = value
        elif np.isnan(value).any():
            measured.reasons[number, name] = f"{name} is not a number on this item"
        else:
            measured.distances[name][number] = value

    def _load(self, item: Item) -> _Loaded:
        if item.reason:
            return _Loaded(None, item.reason, {})
        try:
            patches = tuple(read_patch(path) for path in item.files)
        except Unscorable as error:
            return _Loaded(None, str(error), {})
        return _Loaded(patches, "", view_distances(self._single, patches, self._device))

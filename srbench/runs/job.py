"""What a run is asked to evaluate, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from srbench.core.files import remembered_hash
from srbench.core.records import Score
from srbench.core.weights import WeightFile
from srbench.datasets.folders import Inputs
from srbench.methods.contract import Method, Runtime
from srbench.metrics.contract import Metric
from srbench.protocols import Protocol
from srbench.runs.execute import Executor
from srbench.runs.shards import WHOLE, Shard
from srbench.runs.workers import Limits


@dataclass(frozen=True)
class Job:
    """What to evaluate.

    `methods` holds each method by the name under which it can be resolved; `refused` tells, for each
    (method, metric) that was asked for by name and cannot run at all, why. `inputs` chooses among the
    low-resolution files of a data set; `address` is that of a Ray cluster; of all images only those of
    `shard` are worked on. `numbers` are those of this run for methods whose outputs serve one run only
    (`srbench.runs.freshness`); `apart` has the work done in processes of its own, because some of it is the
    user's code.
    """

    methods: dict[str, Method]
    metrics: tuple[Metric, ...]
    datasets: tuple[str, ...]
    scale: int
    protocol: Protocol
    roots: tuple[Path, ...]
    out: Path
    runtime: Runtime
    refused: dict[tuple[str, str], str] = field(default_factory=dict)
    workers: int = 0
    executor: Executor = "local"
    address: str = ""
    shard: Shard = WHOLE
    inputs: Inputs = "given"
    limits: Limits = field(default_factory=Limits)
    numbers: dict[str, str] = field(default_factory=dict)
    apart: bool = False


@dataclass
class Outcome:
    """What an evaluation did: images worked on, values at the end, rows that have a reason instead.

    `lost` tells of each method on how many images, of how many, it has no value at all.
    """

    computed: int = 0
    scored: int = 0
    missing: list[Score] = field(default_factory=list)
    lost: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, other: Outcome) -> None:
        """Counts what another evaluation did too."""
        self.computed += other.computed
        self.scored += other.scored
        self.missing += other.missing
        for method, (count, of) in other.lost.items():
            before = self.lost.get(method, (0, 0))
            self.lost[method] = (before[0] + count, before[1] + of)


def weight_hashes(files: Iterable[WeightFile]) -> dict[str, str]:
    """SHA-256 of each cached weight file by name; files that are not here are left out."""
    return {file.name: remembered_hash(file.cached) for file in files if file.cached.is_file()}

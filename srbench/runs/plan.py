"""A job as it is done: what is the same for all of its images, looked up once, and the keys and places of
what comes of them.

A key is made of everything that decides a value. The files that it is of are watched: what was computed while
one of them changed is not kept under the old key.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srbench.core.files import file_name, file_version, remembered_hash
from srbench.core.records import Pair, Unscorable
from srbench.datasets.samples import takes_file
from srbench.methods.contract import Method
from srbench.metrics.contract import Metric
from srbench.runs.job import Job, weight_hashes
from srbench.runs.store import content_key
from srbench.runs.tasks import Terms

_AGAIN = "changed while the run was using it: run the same command again"


@dataclass(frozen=True)
class Entrant:
    """A method of a job, `name` being that under which it can be resolved.

    `agreed` are its terms, None where the protocol has no input for it for this `reason`; `identity` is what
    it is known by, `files` decide its pixels beside the images, `measurement` is how outputs are measured.
    """

    name: str
    method: Method
    agreed: Terms | None
    reason: str
    identity: tuple[Any, ...]
    files: tuple[Path, ...]
    measurement: dict[str, Any]

    def terms(self) -> Terms:
        """What the protocol means for it; `Unscorable` where that is nothing."""
        if self.agreed is None:
            raise Unscorable(self.reason)
        return self.agreed


class Plan:
    """What a job does for each image; `at_once` images are prepared before methods run."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.at_once = job.runtime.at_once
        # By the files that decide values: which version of it the keys are of.
        self._versions: dict[Path, tuple[int, int, int] | None] = {}
        self._metric_files = {metric.name: [file.cached for file in metric.weights] for metric in job.metrics}
        for files in self._metric_files.values():
            self._watch(files)
        self._measures = {
            metric.name: (metric.name, metric.version, weight_hashes(metric.weights))
            for metric in job.metrics
        }
        self.entrants = [self._entrant(name, method) for name, method in job.methods.items()]

    def _entrant(self, name: str, method: Method) -> Entrant:
        protocol, weights = self.job.protocol, method.files(self.job.scale)
        files = (*(file.cached for file in weights), *method.reads)
        self._watch(files)
        identity = (method.name, method.version, weight_hashes(weights))
        try:
            own = protocol.for_inputs(method.inputs)
            terms = Terms(protocol.degradation_for(method.inputs), bool(method.inputs), own)
        except Unscorable as error:
            return Entrant(name, method, None, str(error), identity, files, {})
        return Entrant(name, method, terms, "", identity, files, own.measurement())

    def output_key(self, pair: Pair, entrant: Entrant) -> str:
        """Everything that decides the pixels of an output; from now on the pair's files are watched.

        `Unscorable` where the protocol or the method has none.
        """
        self._watch(_images(pair))
        return self._output_key(pair, entrant)

    def _output_key(self, pair: Pair, entrant: Entrant) -> str:
        job, method, degradation = self.job, entrant.method, entrant.terms().degradation
        given = takes_file(pair, degradation, job.protocol.edges, plane=job.protocol.plane)
        low = pair.low_resolution if given else None
        number = job.numbers.get(method.name)
        return content_key(
            *entrant.identity,
            method.fingerprint(pair) if method.fingerprint else None,
            pair.scale,
            remembered_hash(pair.reference),
            remembered_hash(low) if low else degradation,
            job.protocol.edges,
            job.runtime.device,
            *([number] if number else []),
            *(["luma"] if job.protocol.plane == "luma" else []),
            *(["16 bits"] if job.protocol.bits == 16 else []),
        )

    def score_key(self, pair: Pair, entrant: Entrant, pixels: str, metric: Metric) -> str:
        """Everything that decides the value of a metric of an output; the method decides nothing but the
        protocol's rule for it."""
        return content_key(
            pixels,
            remembered_hash(pair.reference),
            pair.scale,
            entrant.measurement,
            *self._measures[metric.name],
        )

    def output_path(self, pair: Pair, entrant: Entrant) -> Path:
        """Where the output image lies."""
        return output_path(self.job.out, entrant.method.name, pair)

    def changed(self, pair: Pair, entrant: Entrant, key: str) -> str:
        """Why what was computed for an output key cannot be kept; empty where it can."""
        reason = self._changed((*_images(pair), *entrant.files))
        if reason:
            return reason
        # Of files that only the method's fingerprint knows.
        with contextlib.suppress(Unscorable, OSError):
            if self._output_key(pair, entrant) == key:
                return ""
        return f"what it reads {_AGAIN}"

    def metric_changed(self, metric: Metric) -> str:
        """Why what a metric measured cannot be kept; empty where it can."""
        return self._changed(self._metric_files[metric.name])

    def _watch(self, files: Iterable[Path]) -> None:
        for path in files:
            if path not in self._versions:
                self._versions[path] = file_version(path)

    def _changed(self, files: Iterable[Path]) -> str:
        changed = [path for path in files if file_version(path) != self._versions[path]]
        return f"{changed[0]} {_AGAIN}" if changed else ""


def _images(pair: Pair) -> tuple[Path, ...]:
    return (pair.reference, pair.low_resolution) if pair.low_resolution else (pair.reference,)


def output_path(out: Path, method: str, pair: Pair) -> Path:
    """`images/<method>/<dataset>/x<scale>/<image>.png`; names unfit for files are changed (`file_name`)."""
    names = [file_name(part) for part in (method, pair.dataset, pair.image)]
    return out / "images" / names[0] / names[1] / f"x{pair.scale}" / f"{names[2]}.png"

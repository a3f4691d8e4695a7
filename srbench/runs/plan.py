"""A job as it is done, found out once before the work: its methods and images with the hashes that keys are
made of, and where its outputs lie.

The versions of the files that decide values are noted before their hashes are taken, so that what was
computed while one of them changed is never kept under the old key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from srbench.core.files import file_name, remembered_hash
from srbench.core.records import Pair, Unscorable
from srbench.methods.contract import Method
from srbench.runs.job import Job, weight_hashes
from srbench.runs.store import Version, file_version
from srbench.runs.tasks import Terms


@dataclass(frozen=True)
class Entrant:
    """A method of a job, `name` being that under which it can be resolved.

    `terms` are what the protocol means for it, None where that is nothing for this `reason`; `identity` is
    what it is known by, `files` decide its pixels beside the images, `measurement` is how outputs are
    measured, which lie below `folder`.
    """

    name: str
    method: Method
    terms: Terms | None
    reason: str
    identity: tuple[Any, ...]
    files: tuple[Path, ...]
    measurement: dict[str, Any]
    folder: Path


@dataclass(frozen=True)
class Image:
    """A pair with the hashes of its files, `low_resolution` being None where there is none.

    `label` is what messages call it, `output` where its output lies below a method's folder, `reason` why
    its `files` cannot be read.
    """

    pair: Pair
    label: str
    output: Path
    files: tuple[Path, ...]
    reference: str
    low_resolution: str | None
    reason: str = ""


@dataclass(frozen=True)
class Plan:
    """What a job does for each image; `at_once` images are prepared before methods run.

    `measures` is by metric what it is known by, `metric_files` what it reads; `versions` are those of all
    files that decide values.
    """

    job: Job
    at_once: int
    entrants: tuple[Entrant, ...]
    images: tuple[Image, ...]
    measures: dict[str, tuple[Any, ...]]
    metric_files: dict[str, tuple[Path, ...]]
    versions: dict[Path, Version | None]


def plan_of(job: Job, pairs: Sequence[Pair]) -> Plan:
    """The plan of a job for these pairs."""
    methods = job.methods.items()
    metric_files = {metric.name: tuple(file.cached for file in metric.weights) for metric in job.metrics}
    watched = chain(
        *metric_files.values(),
        *(_method_files(job, method) for _, method in methods),
        *(_image_files(pair) for pair in pairs),
    )
    versions = {path: file_version(path) for path in watched}  # before the hashes of these files
    return Plan(
        job=job,
        at_once=job.runtime.at_once,
        entrants=tuple(_entrant(job, name, method) for name, method in methods),
        images=tuple(_image(pair) for pair in pairs),
        measures={
            metric.name: (metric.name, metric.version, weight_hashes(metric.weights))
            for metric in job.metrics
        },
        metric_files=metric_files,
        versions=versions,
    )


def _entrant(job: Job, name: str, method: Method) -> Entrant:
    protocol = job.protocol
    identity = (method.name, method.version, weight_hashes(method.files(job.scale)))
    files, folder = _method_files(job, method), _folder(job.out, method.name)
    try:
        own = protocol.for_inputs(method.inputs)
        terms = Terms(protocol.degradation_for(method.inputs), bool(method.inputs), own)
    except Unscorable as error:
        return Entrant(name, method, None, str(error), identity, files, {}, folder)
    return Entrant(name, method, terms, "", identity, files, own.measurement(), folder)


def _image(pair: Pair) -> Image:
    low, place, files = pair.low_resolution, (pair.label, _place(pair)), _image_files(pair)
    try:
        hashes = remembered_hash(pair.reference), remembered_hash(low) if low else None
    except OSError as error:
        return Image(pair, *place, files, "", None, str(error))
    return Image(pair, *place, files, *hashes)


def _method_files(job: Job, method: Method) -> tuple[Path, ...]:
    return (*(file.cached for file in method.files(job.scale)), *method.reads)


def _image_files(pair: Pair) -> tuple[Path, ...]:
    return (pair.reference, pair.low_resolution) if pair.low_resolution else (pair.reference,)


def output_path(out: Path, method: str, pair: Pair) -> Path:
    """`images/<method>/<dataset>/x<scale>/<image>.png`; names unfit for files are changed (`file_name`)."""
    return _folder(out, method) / _place(pair)


def _folder(out: Path, method: str) -> Path:
    return out / "images" / file_name(method)


def _place(pair: Pair) -> Path:
    return Path(file_name(pair.dataset), f"x{pair.scale}", f"{file_name(pair.image)}.png")

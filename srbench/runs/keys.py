"""What decides the content of outputs and scores: the keys of the store."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from srbench.core.files import file_hash
from srbench.core.records import Pair
from srbench.core.weights import WeightFile
from srbench.datasets.samples import takes_file
from srbench.methods.contract import Method
from srbench.metrics.contract import Metric
from srbench.runs.job import Job
from srbench.runs.store import content_key


def output_key(job: Job, pair: Pair, method: Method) -> str:
    """Everything that decides the pixels of an output."""
    protocol = job.protocol
    degradation = protocol.degradation_for(method.inputs)
    given = takes_file(pair, degradation, protocol.edges, luma_alone=protocol.luma_alone)
    low = pair.low_resolution if given else None
    number = job.numbers.get(method.name)
    return content_key(
        method.name,
        method.version,
        weight_hashes(method.files(pair.scale)),
        method.fingerprint(pair) if method.fingerprint else None,
        pair.scale,
        hash_of_file(pair.reference),
        hash_of_file(low) if low else degradation,
        protocol.edges,
        job.runtime.device,
        *([number] if number else []),
        *(["luma"] if protocol.luma_alone else []),
    )


def score_key(job: Job, pair: Pair, method: Method, pixels: str, metric: Metric) -> str:
    """Everything that decides the value of a metric of an output; the method decides nothing but the
    protocol's rule for it."""
    return content_key(
        pixels,
        hash_of_file(pair.reference),
        pair.scale,
        job.protocol.for_inputs(method.inputs).measurement(),
        metric.name,
        metric.version,
        weight_hashes(metric.weights),
    )


def weight_hashes(files: Iterable[WeightFile]) -> dict[str, str]:
    """SHA-256 of each cached weight file by name; files that are not here are left out."""
    return {file.name: hash_of_file(file.cached) for file in files if file.cached.is_file()}


def hash_of_file(path: Path) -> str:
    """SHA-256 of a file, computed once for each of its versions."""
    status = path.stat()
    return _hash_of_version(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=65536)
def _hash_of_version(path: Path, _modified: int, _size: int) -> str:
    return file_hash(path)

"""The main job, in one direction: data set, pairs, method, output image, metrics, scores, store.

`evaluate` plans what the store does not have yet, has it done image by image, and records each image's
outcome as it comes, so that a run that was cut off goes on where it stopped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from srbench.datasets.catalogue import resolve as resolve_dataset
from srbench.datasets.contract import Dataset
from srbench.datasets.folders import data_roots, find_pairs
from srbench.execute import Executor, choose_workers, execute
from srbench.images import file_hash
from srbench.methods.contract import Method, Runtime
from srbench.metrics.contract import Metric
from srbench.protocols import Protocol
from srbench.records import OK, Pair, Score, Unscorable
from srbench.store import Store, content_key
from srbench.tasks import ImageTask, Measured, MethodResult, MethodTask, perform
from srbench.weights import WeightFile


@dataclass(frozen=True)
class Job:
    """What to evaluate.

    `methods` holds each method by the name under which it can be resolved; `refused` tells, for each
    (method, metric) that was asked for by name and cannot run at all, why.
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


@dataclass
class Outcome:
    """What an evaluation did: image results computed, and rows that have a reason in place of a value."""

    computed: int = 0
    missing: list[Score] = field(default_factory=list)


@dataclass(frozen=True)
class _Planned:
    """A method on a pair: the content key of its output and the metrics that are wanted of it."""

    method: Method
    task: MethodTask
    key: str


def evaluate(
    job: Job, store: Store, *, begin: Callable[[int], None], advance: Callable[[], None]
) -> Outcome:
    """Scores every method on every image; returns what was done.

    `begin` is told how many images there are to work on, `advance` is called after each. `UserError`
    where a data set is not there or the disk is full; what was recorded before stays.
    """
    pairs = [pair for name in job.datasets for pair in _pairs(job, store, name)]
    outcome = Outcome()
    _record_refused(job, store, pairs, job.refused, outcome)
    tasks: list[ImageTask] = []
    plans: dict[tuple[str, str], list[_Planned]] = {}
    for pair in pairs:
        planned = _plan(job, store, pair, outcome)
        if planned:
            plans[pair.dataset, pair.image] = planned
            methods = tuple(item.task for item in planned)
            tasks.append(ImageTask(pair, job.protocol.name, job.runtime, methods))
    begin(len(tasks))
    workers = choose_workers(job.workers, len(tasks), job.runtime.device)
    for task, results in execute(perform, tasks, workers=workers, executor=job.executor):
        with store.transaction():
            for item, result in zip(plans[task.pair.dataset, task.pair.image], results, strict=True):
                _record(job, store, task.pair, item, result, outcome)
        outcome.computed += 1
        advance()
    return outcome


def _record_refused(
    job: Job, store: Store, pairs: list[Pair], refused: dict[tuple[str, str], str], outcome: Outcome
) -> None:
    """Rows for what cannot run at all, unless scores are there already."""
    with store.transaction():
        for pair in pairs:
            for (method, metric), reason in refused.items():
                score = _score(job, pair, method, Measured(metric, None, reason, 0.0))
                store.put_result(score, "", keep_earlier=True)
                outcome.missing.append(score)


def _pairs(job: Job, store: Store, name: str) -> list[Pair]:
    dataset = resolve_dataset(name)
    use_files = job.protocol.degradation == "matlab-bicubic" and job.protocol.edges == "clamp"
    pairs = find_pairs(dataset, job.scale, data_roots(list(job.roots)), use_low_resolution=use_files)
    with store.transaction():
        store.keep_images(dataset.name, job.scale, [pair.image for pair in pairs])
        store.put_fact("dataset", f"{dataset.name} x{job.scale}", _dataset_fact(dataset, pairs))
    return pairs


def _dataset_fact(dataset: Dataset, pairs: list[Pair]) -> dict[str, object]:
    def hashes(pair: Pair) -> dict[str, str | None]:
        low = pair.low_resolution
        return {"reference": _hash(pair.reference), "low_resolution": _hash(low) if low else None}

    return {
        "title": dataset.title,
        "citation": dataset.citation,
        "license": dataset.license,
        "expected_images": dataset.images,
        "images": {pair.image: hashes(pair) for pair in pairs},
    }


def _plan(job: Job, store: Store, pair: Pair, outcome: Outcome) -> list[_Planned]:
    """What remains to be done for a pair; what the store has is put into the table at once."""
    planned = []
    with store.transaction():
        for spec, method in job.methods.items():
            item = _plan_method(job, store, pair, spec, method, outcome)
            if item is not None:
                planned.append(item)
    return planned


def _plan_method(
    job: Job, store: Store, pair: Pair, spec: str, method: Method, outcome: Outcome
) -> _Planned | None:
    path = output_path(job.out, method.name, pair)
    try:
        key = _output_key(job, pair, method)
    except (Unscorable, OSError) as error:
        for metric in job.metrics:
            _put(job, store, pair, method.name, Measured(metric.name, None, str(error), 0.0), "", outcome)
        return None
    output = store.output(key)
    if output is None or not path.is_file() or file_hash(path) != output.png:
        metrics = tuple(metric.name for metric in job.metrics)
        return _Planned(method, MethodTask(spec, path, made=False, metrics=metrics), key)
    wanted = []
    for metric in job.metrics:
        stored = store.score(_score_key(job, pair, output.pixels, metric))
        if stored is None:
            wanted.append(metric.name)
        else:
            measured = Measured(metric.name, stored[0], OK, stored[1])
            _put(job, store, pair, method.name, measured, output.pixels, outcome)
    task = MethodTask(spec, path, made=True, metrics=tuple(wanted))
    return _Planned(method, task, key) if wanted else None


def _record(
    job: Job, store: Store, pair: Pair, item: _Planned, result: MethodResult, outcome: Outcome
) -> None:
    pixels = ""
    if result.output is not None:
        pixels = result.output.pixels
        if not item.task.made:
            store.put_output(item.key, result.output)
    by_name = {metric.name: metric for metric in job.metrics}
    for measured in result.measured:
        if measured.value is not None:
            key = _score_key(job, pair, pixels, by_name[measured.metric])
            store.put_score(key, measured.value, measured.seconds)
        _put(job, store, pair, item.method.name, measured, pixels, outcome)


def _put(
    job: Job, store: Store, pair: Pair, method: str, measured: Measured, output: str, outcome: Outcome
) -> None:
    score = _score(job, pair, method, measured)
    store.put_result(score, output)
    if score.value is None:
        outcome.missing.append(score)


def _score(job: Job, pair: Pair, method: str, measured: Measured) -> Score:
    return Score(
        method=method,
        dataset=pair.dataset,
        scale=pair.scale,
        protocol=job.protocol.name,
        image=pair.image,
        metric=measured.metric,
        value=measured.value,
        status=measured.status,
        seconds=measured.seconds,
    )


def _output_key(job: Job, pair: Pair, method: Method) -> str:
    """Everything that decides the pixels of an output."""
    degradation = job.protocol.degradation_for(method.name)
    use_file = degradation == "matlab-bicubic" and pair.low_resolution is not None
    return content_key(
        method.name,
        method.version,
        weight_hashes(method.weights),
        method.fingerprint(pair) if method.fingerprint else None,
        pair.scale,
        _hash(pair.reference),
        _hash(pair.low_resolution) if use_file and pair.low_resolution else degradation,
        job.protocol.edges,
        job.runtime.device,
    )


def _score_key(job: Job, pair: Pair, pixels: str, metric: Metric) -> str:
    """Everything that decides the value of a metric."""
    return content_key(
        pixels,
        _hash(pair.reference),
        pair.scale,
        job.protocol.measurement(),
        metric.name,
        metric.version,
        weight_hashes(metric.weights),
    )


def weight_hashes(files: Iterable[WeightFile]) -> dict[str, str]:
    """SHA-256 of each cached weight file by name; files that are not here are left out."""
    return {file.name: _hash(file.cached) for file in files if file.cached.is_file()}


def _hash(path: Path) -> str:
    status = path.stat()
    return _hash_of_version(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=65536)
def _hash_of_version(path: Path, _modified: int, _size: int) -> str:
    return file_hash(path)


def output_path(out: Path, method: str, pair: Pair) -> Path:
    """`images/<method>/<dataset>/x<scale>/<image>.png`; characters unfit for file names become `_`."""
    safe = [re.sub(r"[^\w@+.,=() -]", "_", part) for part in (method, pair.dataset, pair.image)]
    return out / "images" / safe[0] / safe[1] / f"x{pair.scale}" / f"{safe[2]}.png"

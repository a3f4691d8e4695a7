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

from srbench.core.records import OK, Pair, Score, Unscorable
from srbench.core.weights import WeightFile
from srbench.datasets.catalogue import resolve as resolve_dataset
from srbench.datasets.contract import Dataset
from srbench.datasets.folders import data_roots, find_pairs
from srbench.images.codec import file_hash
from srbench.methods.contract import Method, Runtime
from srbench.methods.running.together import group_size
from srbench.metrics.contract import Metric
from srbench.protocols import Protocol
from srbench.runs.execute import Executor, choose_workers, execute
from srbench.runs.store import Store, content_key
from srbench.runs.work import ImageTask, Measured, MethodResult, MethodTask
from srbench.runs.work import begin as begin_tasks


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
    """What an evaluation did: images worked on, values at the end, rows that have a reason instead."""

    computed: int = 0
    scored: int = 0
    missing: list[Score] = field(default_factory=list)


@dataclass(frozen=True)
class _Planned:
    """A method on a pair: the content key of its output and the metrics that are wanted of it."""

    method: Method
    task: MethodTask
    key: str


def evaluate(job: Job, store: Store, *, begin: Callable[[int], None], advance: Callable[[], None]) -> Outcome:
    """Scores every method on every image; returns what was done.

    `begin` is told how many images there are to work on, `advance` is called after each. `UserError`
    where a data set is not there or the disk is full; what was recorded before stays.
    """
    pairs = [pair for name in job.datasets for pair in _pairs(job, store, name)]
    book = _Book(job, store)
    book.refuse(pairs)
    plans = {pair: planned for pair in pairs if (planned := book.plan(pair))}
    tasks = [
        ImageTask(pair, job.protocol.name, job.runtime, tuple(item.task for item in planned))
        for pair, planned in plans.items()
    ]
    begin(len(tasks))
    size = group_size(job.runtime.device)
    groups = [tasks[first : first + size] for first in range(0, len(tasks), size)]
    workers = choose_workers(job.workers, len(groups), job.runtime.device)
    for group, found in execute(begin_tasks, groups, workers=workers, executor=job.executor):
        for task, results in zip(group, found, strict=True):
            book.record(task.pair, plans[task.pair], results)
            advance()
    return book.outcome


class _Book:
    """Keeps the store in step with the work: what it has already, and what each image brought."""

    def __init__(self, job: Job, store: Store) -> None:
        self.job = job
        self.store = store
        self.outcome = Outcome()

    def refuse(self, pairs: list[Pair]) -> None:
        """Rows for what cannot run at all, unless scores are there already."""
        with self.store.transaction():
            for pair in pairs:
                for (method, metric), reason in self.job.refused.items():
                    score = self._score(pair, method, Measured(metric, None, reason, 0.0))
                    if self.store.put_refusal(score):
                        self.outcome.missing.append(score)
                    else:
                        self.outcome.scored += 1

    def plan(self, pair: Pair) -> list[_Planned]:
        """What remains to be done for a pair; what the store has is put into the table at once."""
        with self.store.transaction():
            planned = (self._plan_method(pair, spec, method) for spec, method in self.job.methods.items())
            return [item for item in planned if item is not None]

    def record(self, pair: Pair, planned: list[_Planned], results: list[MethodResult]) -> None:
        """Stores what came of one image, all of it or nothing."""
        with self.store.transaction():
            for item, result in zip(planned, results, strict=True):
                self._record_method(pair, item, result)
        self.outcome.computed += 1

    def _plan_method(self, pair: Pair, spec: str, method: Method) -> _Planned | None:
        path = output_path(self.job.out, method.name, pair)
        try:
            key = _output_key(self.job, pair, method)
        except (Unscorable, OSError) as error:
            for metric in self.job.metrics:
                self._put(pair, method.name, Measured(metric.name, None, str(error), 0.0), "")
            return None
        output = self.store.output(key)
        if output is None or not path.is_file() or file_hash(path) != output.png:
            metrics = tuple(metric.name for metric in self.job.metrics)
            return _Planned(method, MethodTask(spec, path, made=False, metrics=metrics), key)
        wanted = []
        for metric in self.job.metrics:
            measured = self._stored(pair, output.pixels, metric)
            if measured is None:
                wanted.append(metric.name)
            else:
                self._put(pair, method.name, measured, output.pixels)
        task = MethodTask(spec, path, made=True, metrics=tuple(wanted))
        return _Planned(method, task, key) if wanted else None

    def _record_method(self, pair: Pair, item: _Planned, result: MethodResult) -> None:
        if result.output is not None and not item.task.made:
            self.store.put_output(item.key, result.output)
        # An output that was made before and cannot be made again keeps its scores.
        output = result.output or self.store.output(item.key)
        pixels = "" if output is None else output.pixels
        by_name = {metric.name: metric for metric in self.job.metrics}
        for measured in result.measured:
            metric = by_name[measured.metric]
            if measured.value is not None:
                key = _score_key(self.job, pair, pixels, metric)
                self.store.put_score(key, measured.value, measured.seconds)
            known = self._stored(pair, pixels, metric) if measured.value is None else None
            self._put(pair, item.method.name, known or measured, pixels)

    def _stored(self, pair: Pair, pixels: str, metric: Metric) -> Measured | None:
        stored = self.store.score(_score_key(self.job, pair, pixels, metric))
        return None if stored is None else Measured(metric.name, stored[0], OK, stored[1])

    def _put(self, pair: Pair, method: str, measured: Measured, output: str) -> None:
        score = self._score(pair, method, measured)
        self.store.put_result(score, output)
        if score.value is None:
            self.outcome.missing.append(score)
        else:
            self.outcome.scored += 1

    def _score(self, pair: Pair, method: str, measured: Measured) -> Score:
        return Score(
            method=method,
            dataset=pair.dataset,
            scale=pair.scale,
            protocol=self.job.protocol.name,
            image=pair.image,
            metric=measured.metric,
            value=measured.value,
            status=measured.status,
            seconds=measured.seconds,
        )


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


def _output_key(job: Job, pair: Pair, method: Method) -> str:
    """Everything that decides the pixels of an output."""
    degradation = job.protocol.degradation_for(method.input_names)
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
    """`images/<method>/<dataset>/x<scale>/<image>.png`; names unfit for files are changed (`_file_name`)."""
    names = [_file_name(part) for part in (method, pair.dataset, pair.image)]
    return out / "images" / names[0] / names[1] / f"x{pair.scale}" / f"{names[2]}.png"


def _file_name(name: str) -> str:
    """The name itself where it is fit for a file; else unfit characters become `_` and a hash tells
    different names apart."""
    safe = re.sub(r"[^\w@+.,=() -]", "_", name)[:100]
    if safe == name and not name.startswith(".") and name:
        return name
    return f"{safe.lstrip('.')}~{content_key(name)[:8]}"

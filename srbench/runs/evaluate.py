"""The main job, in one direction: data set, pairs, method, output image, metrics, scores, store.

`evaluate` plans what the store does not have yet, has it done image by image, and records each image's
outcome as it comes, so that a run that was cut off goes on where it stopped.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from srbench.core.files import file_hash, file_version
from srbench.core.progress import SILENT, Progress
from srbench.core.records import OK, Pair, Score, Unscorable
from srbench.core.versions import versions
from srbench.methods.contract import Method
from srbench.metrics.contract import Measured, Metric
from srbench.runs.execute import choose_workers, execute
from srbench.runs.job import Job, Outcome, output_path
from srbench.runs.on_ray import Cluster
from srbench.runs.store import Store
from srbench.runs.tasks import Group, ImageTask, MethodResult, MethodTask
from srbench.runs.work import Tools, work


@dataclass(frozen=True)
class _Planned:
    """A method on a pair: the content key of its output and the metrics that are wanted of it."""

    method: Method
    task: MethodTask
    key: str


def evaluate(job: Job, pairs: list[Pair], store: Store, *, progress: Progress = SILENT) -> Outcome:
    """Scores every method on every image; returns what was done.

    `progress` is told of each image that there is something to do for. `UserError`
    where a data set is not there or the disk is full; what was recorded before stays.
    """
    book = _Book(job, store)
    book.refuse(pairs)
    plans = {pair: planned for pair in pairs if (planned := book.plan(pair))}
    tasks = [
        ImageTask(pair, job.protocol, job.runtime, tuple(item.task for item in planned))
        for pair, planned in plans.items()
    ]
    progress.begin(len(tasks))
    size = job.runtime.at_once
    groups = [Group(tuple(tasks[first : first + size])) for first in range(0, len(tasks), size)]
    tools = Tools(job.methods, {metric.name: metric for metric in job.metrics})
    done = execute(
        partial(work, tools),
        groups,
        workers=_workers(job, len(groups)),
        executor=job.executor,
        cluster=_cluster(job, pairs) if job.executor == "ray" else Cluster(),
        device=job.runtime.device,
        apart=job.apart,
        limits=job.limits,
    )
    with contextlib.closing(done):
        for group, found in done:
            for task, results in zip(group.tasks, found, strict=True):
                book.record(task.pair, plans[task.pair], results)
                progress.advance()
    book.outcome.lost = book.lost()
    return book.outcome


def _workers(job: Job, groups: int) -> int:
    if job.executor == "ray":
        return job.workers  # how much room a cluster has may change
    return choose_workers(job.workers, groups, job.runtime.device)


def _cluster(job: Job, pairs: list[Pair]) -> Cluster:
    folders = dict.fromkeys(path.absolute() for pair in pairs for path in (pair.reference.parent,))
    return Cluster(job.address, (Path.cwd(), job.out.absolute(), *folders), tuple(versions().items()))


class _Book:
    """Keeps the store in step with the work: what it has already, and what each image brought."""

    def __init__(self, job: Job, store: Store) -> None:
        self.job = job
        self.store = store
        self.outcome = Outcome()
        self._had: dict[str, dict[Pair, bool]] = {}  # by method and image: whether there is any value
        # By the files that decide values: which version of it the keys are of.
        self._versions: dict[Path, tuple[int, int, int] | None] = {}
        for metric in job.metrics:
            self._see(file.cached for file in metric.weights)

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

    def lost(self) -> dict[str, tuple[int, int]]:
        """See `Outcome.lost`."""
        return {name: (sum(not any_ for any_ in had.values()), len(had)) for name, had in self._had.items()}

    def _plan_method(self, pair: Pair, spec: str, method: Method) -> _Planned | None:
        path = output_path(self.job.out, method.name, pair)
        self._see(self.job.files(pair, method))
        try:
            key = self.job.output_key(pair, method)
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
            measured = self._stored(pair, method, output.pixels, metric)
            if measured is None:
                wanted.append(metric.name)
            else:
                self._put(pair, method.name, measured, output.pixels)
        task = MethodTask(spec, path, made=True, metrics=tuple(wanted))
        return _Planned(method, task, key) if wanted else None

    def _see(self, files: Iterable[Path]) -> None:
        for path in files:
            if path not in self._versions:
                self._versions[path] = file_version(path)

    def _changed(self, files: Iterable[Path]) -> str:
        """Why values that were computed from these files cannot be kept; empty where they can."""
        changed = [path for path in files if file_version(path) != self._versions[path]]
        return (
            f"{changed[0]} changed while the run was using it: run the same command again" if changed else ""
        )

    def _kept(self, pair: Pair, item: _Planned, result: MethodResult) -> MethodResult:
        """The result without what was computed from files that are no longer those of the keys."""
        reason = self._changed(self.job.files(pair, item.method)) or self._other_key(pair, item)
        of_metrics = {
            metric.name: reason or self._changed(file.cached for file in metric.weights)
            for metric in self.job.metrics
        }
        measured = tuple(
            Measured(one.metric, None, of_metrics[one.metric], 0.0)
            if one.value is not None and of_metrics[one.metric]
            else one
            for one in result.measured
        )
        return replace(result, output=None if reason else result.output, measured=measured)

    def _other_key(self, pair: Pair, item: _Planned) -> str:
        """The same of files that only the method's fingerprint knows."""
        with contextlib.suppress(Unscorable, OSError):
            if self.job.output_key(pair, item.method) == item.key:
                return ""
        return "what it reads changed while the run was using it: run the same command again"

    def _record_method(self, pair: Pair, item: _Planned, result: MethodResult) -> None:
        result = self._kept(pair, item, result)
        if result.output is not None and not item.task.made:
            self.store.put_output(item.key, result.output)
        # An output that was made before and cannot be made again keeps its scores.
        output = result.output or self.store.output(item.key)
        pixels = "" if output is None else output.pixels
        by_name = {metric.name: metric for metric in self.job.metrics}
        for measured in result.measured:
            metric = by_name[measured.metric]
            if measured.value is not None:
                key = self.job.score_key(pair, item.method, pixels, metric)
                self.store.put_score(key, measured.value, measured.seconds)
            known = self._stored(pair, item.method, pixels, metric) if measured.value is None else None
            self._put(pair, item.method.name, known or measured, pixels)

    def _stored(self, pair: Pair, method: Method, pixels: str, metric: Metric) -> Measured | None:
        stored = self.store.score(self.job.score_key(pair, method, pixels, metric))
        return None if stored is None else Measured(metric.name, stored[0], OK, stored[1])

    def _put(self, pair: Pair, method: str, measured: Measured, output: str) -> None:
        score = self._score(pair, method, measured)
        had = self._had.setdefault(method, {})
        had[pair] = had.get(pair, False) or score.value is not None
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

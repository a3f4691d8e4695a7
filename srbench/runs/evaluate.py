"""The main job, in one direction: data set, pairs, method, output image, metrics, scores, store.

`evaluate` plans what the store does not have yet, has it done image by image, and records each image's
outcome as it comes, so that a run that was cut off goes on where it stopped.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from srbench.core.files import file_hash
from srbench.core.records import OK, SILENT, Pair, Progress, Score, Unscorable
from srbench.core.versions import versions
from srbench.metrics.contract import Measured, Metric
from srbench.runs.execute import choose_workers, execute, prepare
from srbench.runs.job import Job, Outcome
from srbench.runs.on_ray import Cluster
from srbench.runs.plan import Entrant, Plan
from srbench.runs.store import Store
from srbench.runs.tasks import Group, ImageTask, MethodResult, MethodTask
from srbench.runs.work import Tools, work


@dataclass(frozen=True)
class _Planned:
    """A method on a pair: the content key of its output and the metrics that are wanted of it."""

    entrant: Entrant
    task: MethodTask
    key: str


def evaluate(plan: Plan, pairs: list[Pair], store: Store, *, progress: Progress = SILENT) -> Outcome:
    """Scores every method on every image; returns what was done.

    `progress` is told of each image that there is something to do for. `UserError`
    where a data set is not there or the disk is full; what was recorded before stays.
    """
    job, book = plan.job, _Book(plan, store)
    book.refuse(pairs)
    plans: dict[Pair, list[_Planned]] = {}
    for pair in pairs:
        planned = book.plan(pair)
        if planned and not plans:  # workers get ready while the rest is planned
            prepare(workers=_workers(job, len(pairs)), executor=job.executor, apart=job.apart)
        if planned:
            plans[pair] = planned
    tasks = [
        ImageTask(pair, job.protocol, job.runtime, tuple(item.task for item in planned))
        for pair, planned in plans.items()
    ]
    progress.begin(len(tasks))
    size = plan.at_once
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

    def __init__(self, plan: Plan, store: Store) -> None:
        self.job = plan.job
        self.outcome = Outcome()
        self._plan = plan
        self._store = store
        self._had: dict[str, dict[Pair, bool]] = {}  # by method and image: whether there is any value

    def refuse(self, pairs: list[Pair]) -> None:
        """Rows for what cannot run at all, unless scores are there already."""
        with self._store.transaction():
            for pair in pairs:
                for (method, metric), reason in self.job.refused.items():
                    score = self._score(pair, method, Measured(metric, None, reason, 0.0))
                    if self._store.put_refusal(score):
                        self.outcome.missing.append(score)
                    else:
                        self.outcome.scored += 1

    def plan(self, pair: Pair) -> list[_Planned]:
        """What remains to be done for a pair; what the store has is put into the table at once."""
        with self._store.transaction():
            planned = (self._plan_method(pair, entrant) for entrant in self._plan.entrants)
            return [item for item in planned if item is not None]

    def record(self, pair: Pair, planned: list[_Planned], results: list[MethodResult]) -> None:
        """Stores what came of one image, all of it or nothing."""
        with self._store.transaction():
            for item, result in zip(planned, results, strict=True):
                self._record_method(pair, item, result)
        self.outcome.computed += 1

    def lost(self) -> dict[str, tuple[int, int]]:
        """See `Outcome.lost`."""
        return {name: (sum(not any_ for any_ in had.values()), len(had)) for name, had in self._had.items()}

    def _plan_method(self, pair: Pair, entrant: Entrant) -> _Planned | None:
        path = self._plan.output_path(pair, entrant)
        try:
            terms, key = entrant.terms(), self._plan.output_key(pair, entrant)
        except (Unscorable, OSError) as error:
            for metric in self.job.metrics:
                self._put(pair, entrant.method.name, Measured(metric.name, None, str(error), 0.0), "")
            return None
        output = self._store.output(key)
        if output is None or not path.is_file() or file_hash(path) != output.png:
            metrics = tuple(metric.name for metric in self.job.metrics)
            return _Planned(entrant, MethodTask(entrant.name, terms, path, made=False, metrics=metrics), key)
        wanted = []
        for metric in self.job.metrics:
            measured = self._stored(pair, entrant, output.pixels, metric)
            if measured is None:
                wanted.append(metric.name)
            else:
                self._put(pair, entrant.method.name, measured, output.pixels)
        task = MethodTask(entrant.name, terms, path, made=True, metrics=tuple(wanted))
        return _Planned(entrant, task, key) if wanted else None

    def _kept(self, pair: Pair, item: _Planned, result: MethodResult) -> MethodResult:
        """The result without what was computed from files that are no longer those of the keys."""
        reason = self._plan.changed(pair, item.entrant, item.key)
        of_metrics = {metric.name: reason or self._plan.metric_changed(metric) for metric in self.job.metrics}
        measured = tuple(
            Measured(one.metric, None, of_metrics[one.metric], 0.0)
            if one.value is not None and of_metrics[one.metric]
            else one
            for one in result.measured
        )
        return replace(result, output=None if reason else result.output, measured=measured)

    def _record_method(self, pair: Pair, item: _Planned, result: MethodResult) -> None:
        result = self._kept(pair, item, result)
        if result.output is not None and not item.task.made:
            self._store.put_output(item.key, result.output)
        # An output that was made before and cannot be made again keeps its scores.
        output = result.output or self._store.output(item.key)
        pixels = "" if output is None else output.pixels
        by_name = {metric.name: metric for metric in self.job.metrics}
        for measured in result.measured:
            metric = by_name[measured.metric]
            if measured.value is not None:
                key = self._plan.score_key(pair, item.entrant, pixels, metric)
                self._store.put_score(key, measured.value, measured.seconds)
            known = self._stored(pair, item.entrant, pixels, metric) if measured.value is None else None
            self._put(pair, item.entrant.method.name, known or measured, pixels)

    def _stored(self, pair: Pair, entrant: Entrant, pixels: str, metric: Metric) -> Measured | None:
        stored = self._store.score(self._plan.score_key(pair, entrant, pixels, metric))
        return None if stored is None else Measured(metric.name, stored[0], OK, stored[1])

    def _put(self, pair: Pair, method: str, measured: Measured, output: str) -> None:
        score = self._score(pair, method, measured)
        had = self._had.setdefault(method, {})
        had[pair] = had.get(pair, False) or score.value is not None
        self._store.put_result(score, output)
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

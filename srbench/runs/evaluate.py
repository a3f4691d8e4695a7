"""The main job, in one direction: data set, pairs, method, output image, metrics, scores, store.

`evaluate` plans what the store does not have yet, has it done image by image, and records each image's
outcome as it comes, so that a run that was cut off goes on where it stopped.

The store knows values by keys, which are made of everything that decides them; what was computed while a file
that it is of changed is not kept.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from srbench.core.files import file_hash
from srbench.core.records import OK, SILENT, Pair, Progress, Score, Unscorable
from srbench.datasets.samples import takes_file
from srbench.metrics.contract import Measured, Metric
from srbench.runs.crew import Crew
from srbench.runs.job import Outcome
from srbench.runs.plan import Entrant, Image, Plan
from srbench.runs.store import Store, content_key, file_version
from srbench.runs.tasks import Group, ImageTask, MethodResult, MethodTask, Terms
from srbench.runs.work import Tools, work

_AGAIN = "changed while the run was using it: run the same command again"


@dataclass(frozen=True)
class _Planned:
    """A method on a pair: the content key of its output and the metrics that are wanted of it."""

    entrant: Entrant
    task: MethodTask
    key: str


def evaluate(plan: Plan, store: Store, crew: Crew | None, *, progress: Progress = SILENT) -> Outcome:
    """Scores every method on every image; returns what was done.

    The work is done by the `crew`, or by this process. `progress` is told of each image that there is
    something to do for. `UserError` where the disk is full; what was recorded before stays.
    """
    job, book = plan.job, _Book(plan, store)
    book.refuse()
    images = {image.pair: image for image in plan.images}
    plans: dict[Pair, list[_Planned]] = {}
    for pair, image in images.items():
        planned = book.plan(image)
        if planned and not plans and crew is not None:  # workers get ready while the rest is planned
            crew.get_ready()
        if planned:
            plans[pair] = planned
    tasks = [
        ImageTask(pair, images[pair].label, job.protocol, job.runtime, tuple(item.task for item in planned))
        for pair, planned in plans.items()
    ]
    progress.begin(len(tasks))
    size = plan.at_once
    groups = [Group(tuple(tasks[first : first + size])) for first in range(0, len(tasks), size)]
    tools = Tools(job.methods, {metric.name: metric for metric in job.metrics})
    with contextlib.closing(_done(tools, groups, crew)) as done:
        for group, found in done:
            for task, results in zip(group.tasks, found, strict=True):
                book.record(images[task.pair], plans[task.pair], results)
                progress.advance()
    book.outcome.lost = book.lost()
    return book.outcome


def _done(
    tools: Tools, groups: list[Group], crew: Crew | None
) -> Generator[tuple[Group, list[list[MethodResult]]], None, None]:
    if crew is None:
        yield from zip(groups, work(tools, groups), strict=True)
    else:
        yield from crew.do(partial(work, tools), groups)


class _Book:
    """Keeps the store in step with the work: what it has already, and what each image brought."""

    def __init__(self, plan: Plan, store: Store) -> None:
        self.job = plan.job
        self.outcome = Outcome()
        self._plan = plan
        self._store = store
        self._had: dict[str, dict[Pair, bool]] = {}  # by method and image: whether there is any value

    def refuse(self) -> None:
        """Rows for what cannot run at all, unless scores are there already."""
        with self._store.transaction():
            for image in self._plan.images:
                for (method, metric), reason in self.job.refused.items():
                    score = self._score(image.pair, method, Measured(metric, None, reason, 0.0))
                    if self._store.put_refusal(score):
                        self.outcome.missing.append(score)
                    else:
                        self.outcome.scored += 1

    def plan(self, image: Image) -> list[_Planned]:
        """What remains to be done for an image; what the store has is put into the table at once."""
        with self._store.transaction():
            planned = (self._plan_method(image, entrant) for entrant in self._plan.entrants)
            return [item for item in planned if item is not None]

    def record(self, image: Image, planned: list[_Planned], results: list[MethodResult]) -> None:
        """Stores what came of one image, all of it or nothing."""
        with self._store.transaction():
            for item, result in zip(planned, results, strict=True):
                self._record_method(image, item, result)
        self.outcome.computed += 1

    def lost(self) -> dict[str, tuple[int, int]]:
        """See `Outcome.lost`."""
        return {name: (sum(not any_ for any_ in had.values()), len(had)) for name, had in self._had.items()}

    def _plan_method(self, image: Image, entrant: Entrant) -> _Planned | None:
        terms, reason = entrant.terms, entrant.reason or image.reason
        if terms is None or reason:
            self._give_up(image, entrant, reason)
            return None
        try:
            key = self._output_key(image, entrant, terms)
        except (Unscorable, OSError) as error:
            self._give_up(image, entrant, str(error))
            return None
        output, path = self._store.output(key), entrant.folder / image.output
        if output is None or not path.is_file() or file_hash(path) != output.png:
            metrics = tuple(metric.name for metric in self.job.metrics)
            return _Planned(entrant, MethodTask(entrant.name, terms, path, made=False, metrics=metrics), key)
        wanted = []
        for metric in self.job.metrics:
            measured = self._stored(image, entrant, output.pixels, metric)
            if measured is None:
                wanted.append(metric.name)
            else:
                self._put(image.pair, entrant.method.name, measured, output.pixels)
        task = MethodTask(entrant.name, terms, path, made=True, metrics=tuple(wanted))
        return _Planned(entrant, task, key) if wanted else None

    def _give_up(self, image: Image, entrant: Entrant, reason: str) -> None:
        for metric in self.job.metrics:
            self._put(image.pair, entrant.method.name, Measured(metric.name, None, reason, 0.0), "")

    def _output_key(self, image: Image, entrant: Entrant, terms: Terms) -> str:
        """Everything that decides the pixels of an output."""
        job, pair, method, degradation = self.job, image.pair, entrant.method, terms.degradation
        given = takes_file(pair, degradation, job.protocol.edges, plane=job.protocol.plane)
        number = job.numbers.get(method.name)
        return content_key(
            *entrant.identity,
            method.fingerprint(pair) if method.fingerprint else None,
            pair.scale,
            image.reference,
            (given and image.low_resolution) or degradation,
            job.protocol.edges,
            job.runtime.device,
            *([number] if number else []),
            *(["luma"] if job.protocol.plane == "luma" else []),
            *(["16 bits"] if job.protocol.bits == 16 else []),
        )

    def _score_key(self, image: Image, entrant: Entrant, pixels: str, metric: Metric) -> str:
        """Everything that decides the value of a metric of an output; the method decides nothing but the
        protocol's rule for it."""
        measure = self._plan.measures[metric.name]
        return content_key(pixels, image.reference, image.pair.scale, entrant.measurement, *measure)

    def _output_changed(self, image: Image, item: _Planned) -> str:
        """Why what was computed for an output key cannot be kept; empty where it can."""
        if reason := self._changed((*image.files, *item.entrant.files)):
            return reason
        # Of files that only the method's fingerprint knows.
        with contextlib.suppress(Unscorable, OSError):
            if self._output_key(image, item.entrant, item.task.terms) == item.key:
                return ""
        return f"what it reads {_AGAIN}"

    def _rewritten(self, item: _Planned, result: MethodResult) -> str:
        """Why an output that lay there cannot be measured: another one was written in its place meanwhile."""
        found = result.output if item.task.made else None
        stored = self._store.output(item.key) if found else None
        rewritten = found and stored and found.pixels != stored.pixels
        return f"{item.task.output} {_AGAIN}" if rewritten else ""

    def _changed(self, files: Iterable[Path]) -> str:
        changed = [path for path in files if file_version(path) != self._plan.versions[path]]
        return f"{changed[0]} {_AGAIN}" if changed else ""

    def _kept(self, image: Image, item: _Planned, result: MethodResult) -> MethodResult:
        """The result without what was computed from files that are no longer those of the keys."""
        reason = self._output_changed(image, item) or self._rewritten(item, result)
        of_metrics = {name: reason or self._changed(files) for name, files in self._plan.metric_files.items()}
        measured = tuple(
            Measured(one.metric, None, of_metrics[one.metric], 0.0)
            if one.value is not None and of_metrics[one.metric]
            else one
            for one in result.measured
        )
        return replace(result, output=None if reason else result.output, measured=measured)

    def _record_method(self, image: Image, item: _Planned, result: MethodResult) -> None:
        result = self._kept(image, item, result)
        if result.output is not None and not item.task.made:
            self._store.put_output(item.key, result.output)
        # An output that was made before and cannot be made again keeps its scores.
        output = result.output or self._store.output(item.key)
        pixels = "" if output is None else output.pixels
        by_name = {metric.name: metric for metric in self.job.metrics}
        for measured in result.measured:
            metric = by_name[measured.metric]
            if measured.value is not None:
                key = self._score_key(image, item.entrant, pixels, metric)
                self._store.put_score(key, measured.value, measured.seconds)
            known = self._stored(image, item.entrant, pixels, metric) if measured.value is None else None
            self._put(image.pair, item.entrant.method.name, known or measured, pixels)

    def _stored(self, image: Image, entrant: Entrant, pixels: str, metric: Metric) -> Measured | None:
        stored = self._store.score(self._score_key(image, entrant, pixels, metric))
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

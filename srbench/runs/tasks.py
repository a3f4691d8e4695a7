"""The work on images, in steps: what is to be done, what came of it, and what becomes of a step that ends or
hangs its process.

Tasks are plain data, so that they can travel to another process; methods and metrics go by their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

from srbench.core.records import Degradation, Pair
from srbench.methods.contract import Runtime
from srbench.metrics.contract import Measured
from srbench.protocols import Protocol as ScoringProtocol
from srbench.runs.store import StoredOutput

OUTPUT = ""  # in place of a metric: the output is made
_HOPELESS = 3  # images on which a method or metric has failed this way, none having succeeded


@dataclass(frozen=True)
class Step:
    """One metric of one method's output of an image, or (metric `OUTPUT`) the making of that output.

    Without a method and metric it is what comes before both: the image is read.
    """

    image: str
    method: str
    metric: str = OUTPUT

    @property
    def name(self) -> str:
        """The method or metric that does it."""
        if self.metric != OUTPUT:
            return f"the metric {self.metric}"
        return self.method or "reading"

    @property
    def is_first(self) -> bool:
        """Whether neither a method nor a metric has begun."""
        return not self.method and self.metric == OUTPUT

    def __str__(self) -> str:
        of = f" of {self.method}" if self.method and self.metric != OUTPUT else ""
        return f"{self.name} {self.image}" if self.is_first else f"{self.name} on {self.image}{of}"


# Told of each step before it begins, so that whoever watches knows what a process was at.
Note = Callable[[Step], None]


@dataclass(frozen=True)
class Terms:
    """What a protocol means for a method: how inputs are made for it, whether it looks at them, and the
    protocol as it measures its outputs."""

    degradation: Degradation
    takes_inputs: bool
    protocol: ScoringProtocol


@dataclass(frozen=True)
class MethodTask:
    """One method on one image: make the output (or read it where `made` is set), compute `metrics`.

    `reasons` are those of metrics, or of the output as a whole, that are not to be tried.
    """

    method: str
    terms: Terms
    output: Path
    made: bool
    metrics: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ImageTask:
    """Everything that is to be done for one pair; `label` is what messages call it."""

    pair: Pair
    label: str
    protocol: ScoringProtocol
    runtime: Runtime
    methods: tuple[MethodTask, ...]

    def without(self, step: Step, reason: str) -> ImageTask:
        """The same with a reason in place of a step that is one of this image."""
        if step.image != self.label:
            return self
        return replace(
            self,
            methods=tuple(
                replace(task, reasons=(*task.reasons, (step.metric, reason)))
                if step.is_first or task.method == step.method
                else task
                for task in self.methods
            ),
        )


@dataclass(frozen=True)
class Group:
    """Images that are prepared before methods run, so that a GPU can be given several at once."""

    tasks: tuple[ImageTask, ...]

    @property
    def label(self) -> str:
        """The images."""
        return ", ".join(task.label for task in self.tasks)

    def parts(self) -> list[Group]:
        """A group for each image."""
        return [Group((task,)) for task in self.tasks]

    def steps(self) -> list[Step]:
        """What is not given up yet: each method's output and metrics."""
        return [
            Step(task.label, method.method, metric)
            for task in self.tasks
            for method in task.methods
            for metric in (OUTPUT, *method.metrics)
            if metric not in dict(method.reasons)
        ]

    def good(self, found: Sequence[Sequence[MethodResult]]) -> Iterator[Step]:
        """The outputs that were made, and the metrics that have values."""
        for task, results in zip(self.tasks, found, strict=True):
            for result in results:
                if result.output is not None:
                    yield Step(task.label, result.method)
                for measured in result.measured:
                    if measured.value is not None:
                        yield Step(task.label, result.method, measured.metric)

    def without(self, step: Step, reason: str) -> Group:
        """The same with a reason in place of a step."""
        return Group(tuple(task.without(step, reason) for task in self.tasks))


@dataclass(frozen=True)
class MethodResult:
    """What came of a `MethodTask`; `output` is None where there is no output image."""

    method: str
    output: StoredOutput | None
    measured: tuple[Measured, ...]


class Divisible(Protocol):
    """Work that can go on without one of its steps."""

    @property
    def label(self) -> str:
        """What it is about, in a few words."""
        ...

    def parts(self) -> Sequence[Self]:
        """The same work image by image."""
        ...

    def steps(self) -> Iterable[Step]:
        """What has still to be done."""
        ...

    def good(self, found: Any) -> Iterable[Step]:
        """Those of its steps that have had a result, by what came of it."""
        ...

    def without(self, step: Step, reason: str) -> Self:
        """The same work, but the step has a reason in place of a result."""
        ...


Task = TypeVar("Task", bound=Divisible)


class Retries(Generic[Task]):
    """Decides what becomes of work whose process died: once more, then without the step that it died of.

    A method or metric that was lost in this way on three images, and had no result on any, is not tried on
    the rest.
    """

    def __init__(self) -> None:
        self._failures: Counter[Step] = Counter()
        self._lost: dict[str, list[str]] = {}
        self._good: set[str] = set()

    def again(self, task: Task, step: Step, why: str) -> list[Task]:
        """What to do in place of `task`, which came to `step` and there ended for the reason `why`."""
        self._failures[step] += 1
        if self._failures[step] == 1:
            return list(task.parts())
        self._lost.setdefault(step.name, []).append(step.image)
        return [part.without(step, f"failed: {step} {why}, twice") for part in task.parts()]

    def prepared(self, task: Task) -> Task:
        """The task without the steps that are hopeless."""
        hopeless = {name for name, images in self._lost.items() if len(images) >= _HOPELESS} - self._good
        for step in task.steps() if hopeless else ():
            if step.name in hopeless:
                images = ", ".join(self._lost[step.name][:_HOPELESS])
                task = task.without(step, f"not tried: its process died or hung on {images}")
        return task

    def succeeded(self, steps: Iterable[Step]) -> None:
        """These steps have had a result."""
        self._good.update(step.name for step in steps)

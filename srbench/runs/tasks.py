"""What is to be done for an image, and what came of it.

Plain data, so that it can travel to another process; methods and metrics go by their names.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from srbench.core.records import Pair
from srbench.methods.contract import Runtime
from srbench.protocols import Protocol
from srbench.runs.measure import Measured
from srbench.runs.steps import OUTPUT, Step
from srbench.runs.store import StoredOutput


@dataclass(frozen=True)
class MethodTask:
    """One method on one image: make the output (or read it where `made` is set), compute `metrics`.

    `reasons` are those of metrics, or of the output as a whole, that are not to be tried.
    """

    method: str
    output: Path
    made: bool
    metrics: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ImageTask:
    """Everything that is to be done for one pair."""

    pair: Pair
    protocol: Protocol
    runtime: Runtime
    methods: tuple[MethodTask, ...]

    @property
    def image(self) -> str:
        """What steps of this task call the image."""
        return f"{self.pair.dataset}/{self.pair.image}"

    def without(self, step: Step, reason: str) -> ImageTask:
        """The same with a reason in place of a step that is one of this image."""
        if step.image != self.image:
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
        return ", ".join(task.image for task in self.tasks)

    def parts(self) -> list[Group]:
        """A group for each image."""
        return [Group((task,)) for task in self.tasks]

    def steps(self) -> list[Step]:
        """What is not given up yet: each method's output and metrics."""
        return [
            Step(task.image, method.method, metric)
            for task in self.tasks
            for method in task.methods
            for metric in (OUTPUT, *method.metrics)
            if metric not in dict(method.reasons)
        ]

    def without(self, step: Step, reason: str) -> Group:
        """The same with a reason in place of a step."""
        return Group(tuple(task.without(step, reason) for task in self.tasks))


@dataclass(frozen=True)
class MethodResult:
    """What came of a `MethodTask`; `output` is None where there is no output image."""

    method: str
    output: StoredOutput | None
    measured: tuple[Measured, ...]

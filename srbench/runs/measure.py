"""Measures one output: a value or a reason for every metric. All commands and trainings score with this."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from srbench.core.records import OK, reason_of
from srbench.metrics.contract import Metric
from srbench.metrics.view import View
from srbench.runs.steps import Note, Step, unwatched


@dataclass(frozen=True)
class Measured:
    """One metric of one output: a value with status "ok", or None and the reason."""

    metric: str
    value: float | None
    status: str
    seconds: float


def measure(
    metrics: Iterable[Metric],
    output: View,
    reference: View | None,
    *,
    image: str = "",
    method: str = "",
    note: Note = unwatched,
) -> tuple[Measured, ...]:
    """Every metric of an output, in order; whatever fails becomes a reason.

    `reference` is None where there is none: metrics that need it say so. `image` and `method` are what
    `note` is told before each metric.
    """
    found = []
    for metric in metrics:
        note(Step(image, method, metric.name))
        start = time.perf_counter()
        value, status = None, OK
        try:
            value = metric.score(output, reference)
        # Also a plug-in's sys.exit: it must not end the run, and an exit code of 0 would hide that it did.
        except (Exception, SystemExit, GeneratorExit) as error:
            status = reason_of(error)
        found.append(Measured(metric.name, value, status, time.perf_counter() - start))
    return tuple(found)


def unmeasured(metrics: Iterable[str], reason: str) -> tuple[Measured, ...]:
    """The same reason for every metric."""
    return tuple(Measured(metric, None, reason, 0.0) for metric in metrics)

"""What a run records about itself: protocol, metrics, methods, versions, machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from srbench.core.files import remembered_hash
from srbench.core.versions import versions
from srbench.methods.catalogue import METHODS
from srbench.methods.contract import Method
from srbench.metrics.catalogue import METRICS
from srbench.metrics.catalogue import resolve as resolve_metric
from srbench.metrics.contract import Metric
from srbench.runs.job import Job, weight_hashes
from srbench.runs.store import Store
from srbench.tables.boards import MetricInfo


def metric_info(metric: Metric) -> MetricInfo:
    """What tables need to know of a metric."""
    return MetricInfo(
        metric.name, metric.title, metric.unit, metric.higher_is_better, metric.aggregate, metric.bounds
    )


def put_facts(store: Store, job: Job) -> None:
    """Records what the names of this job stand for: protocol, metrics, methods and their weights."""
    with store.transaction():
        order = METRICS.names()
        store.put_fact("protocol", job.protocol.name, job.protocol.as_dict())
        for metric in _asked_for(job):
            fact = asdict(metric_info(metric)) | {
                "version": metric.version,
                "source": metric.source,
                "weights": weight_hashes(metric.weights),
                "order": _place(order, metric.name),
            }
            store.put_fact("metric", metric.name, fact)
        known, order = store.facts("method"), METHODS.names()
        for method in job.methods.values():
            files = {str(file): remembered_hash(file) for file in method.reads if file.is_file()}
            before = known.get(method.name, {})
            # Of other scales, while the files are the same.
            interfaces = before.get("interfaces", {}) if before.get("files") == files else {}
            fact = {
                "kind": method.kind,
                "source": method.source,
                "version": method.version,
                "weights": weight_hashes(method.weights),
                "remark": method.remark,
                "origin": method.origin,
                "files": files,
                "trained_on": method.trained_on,
                "interfaces": interfaces | _interfaces_of(method, job.scale),
                "order": _place(order, method.name),
            }
            store.put_fact("method", method.name, fact)


def _place(order: list[str], name: str) -> int:
    """Where a name stands among the registered ones; after them where it is none."""
    return order.index(name) if name in order else len(order)


def _interfaces_of(method: Method, scale: int) -> dict[str, dict[str, Any]]:
    """What was taken for the interface of each user's model in a method, at a scale."""
    found = method.interfaces(scale).items()
    return {f"{name} x{scale}": interface.as_dict() for name, interface in found}


def _asked_for(job: Job) -> list[Metric]:
    """The metrics of a job with those that cannot run here: tables have a column for these too."""
    usable = {metric.name for metric in job.metrics}
    refused = dict.fromkeys(name for _, name in job.refused if name not in usable)
    return [*job.metrics, *map(resolve_metric, refused)]


def _program(path: str) -> str:
    """What was called, as a user would type it; `python -m srbench` is the same command."""
    name = Path(path).name
    return "srbench" if name == "__main__.py" else name


def run_record(
    command: Sequence[str], started: str, seconds: float, options: Mapping[str, Any]
) -> dict[str, Any]:
    """One command of the folder's history: what ran, when, how long, with which versions, on what.

    `options` are those that decide the numbers, from which `run.toml` is made.
    """
    return {
        "command": " ".join([_program(command[0]), *command[1:]]),
        "options": dict(options),
        "started": started,
        "seconds": round(seconds, 3),
        "versions": versions(),
        "machine": {
            "system": f"{platform.system()} {platform.release()}",
            "processor": platform.machine(),
            "cores": os.cpu_count(),
        },
    }

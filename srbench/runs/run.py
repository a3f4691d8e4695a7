"""`srbench run`: from names to a finished run folder."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from srbench.core.files import sweep
from srbench.core.progress import SILENT, Progress
from srbench.core.records import UsageError
from srbench.datasets.catalogue import resolve as resolve_dataset
from srbench.datasets.folders import Inputs
from srbench.methods.contract import Runtime
from srbench.protocol_files import resolve as resolve_protocol
from srbench.runs import freshness
from srbench.runs.choose import Names, Selection, choose, names_of
from srbench.runs.data import stored_run
from srbench.runs.evaluate import evaluate
from srbench.runs.execute import Executor, choose_workers
from srbench.runs.facts import put_facts, run_record
from srbench.runs.folder import write_files
from srbench.runs.images import images_of
from srbench.runs.job import Job, Outcome
from srbench.runs.store import Store
from srbench.runs.workers import Limits
from srbench.tables.boards import Board


@dataclass(frozen=True)
class Options:
    """The options of `srbench run`; `max_memory` is in bytes, `limits` are those of a step."""

    methods: Names
    datasets: Names
    scale: int
    metrics: Names
    protocol: str
    roots: tuple[Path, ...]
    out: Path
    device: str
    workers: int
    executor: Executor
    max_memory: int = 2 * 1024**3
    inputs: Inputs = "given"
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Finished:
    """A run's end: its leaderboards, what was left out, and what was computed or is missing."""

    boards: list[Board]
    selection: Selection
    outcome: Outcome
    seconds: float


def run(options: Options, *, progress: Progress = SILENT) -> Finished:
    """Does the whole main job and writes the run folder; see `srbench.runs.evaluate`.

    The files are also written when the run is interrupted or fails half way, from what was recorded.
    """
    if options.scale < 1:
        raise UsageError(f"--scale must be a positive whole number, not {options.scale}")
    choose_workers(options.workers, 1, options.device)  # refuses a wrong number before anything is written
    protocol = resolve_protocol(options.protocol)
    selection = choose(options.methods, options.metrics, options.scale, protocol)
    datasets = names_of(options.datasets, "--datasets")
    known: set[str] = set()
    for name in datasets:
        title = resolve_dataset(name).name
        if title in known:
            raise UsageError(f"two data sets are called {title}; rename a folder or use two runs")
        known.add(title)
    job = Job(
        methods=selection.methods.usable,
        metrics=tuple(selection.metrics.usable.values()),
        datasets=tuple(datasets),
        scale=options.scale,
        protocol=protocol,
        roots=options.roots,
        out=options.out,
        runtime=Runtime(device=options.device, edges=protocol.edges, max_memory=options.max_memory),
        refused=selection.refusals(),
        workers=options.workers,
        executor=options.executor,
        inputs=options.inputs,
        limits=options.limits,
    )
    start = time.perf_counter()
    started = datetime.now(UTC).isoformat(timespec="seconds")
    with Store(options.out) as store:
        sweep(options.out)
        put_facts(store, job)
        job = replace(job, numbers=freshness.begin(store, job.methods.values()))
        try:
            outcome = evaluate(job, images_of(job, store), store, progress=progress)
            freshness.end(store, job.numbers)
        finally:
            seconds = time.perf_counter() - start
            store.put_run(run_record(sys.argv, started, seconds))
            # Inside a transaction, so that of two runs the one that ends last also writes last.
            with store.transaction():
                made = write_files(stored_run(store), options.out)
    return Finished(made, selection, outcome, seconds)

"""`srbench run`: from names to a finished run folder."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from srbench.core.files import sweep
from srbench.core.records import SILENT, Progress, UsageError, UserError
from srbench.core.text import remark
from srbench.datasets.catalogue import resolve as resolve_dataset
from srbench.datasets.folders import Inputs
from srbench.methods.contract import Runtime
from srbench.protocol_files import in_bits
from srbench.runs import freshness
from srbench.runs.choose import Names, Selection, choose, names_of
from srbench.runs.config import as_options
from srbench.runs.crew import crew_of
from srbench.runs.data import stored_run
from srbench.runs.evaluate import evaluate
from srbench.runs.execute import Executor, choose_workers
from srbench.runs.facts import put_facts, run_record
from srbench.runs.folder import write_files
from srbench.runs.images import images_of
from srbench.runs.job import Job, Outcome
from srbench.runs.plan import plan_of
from srbench.runs.shards import WHOLE, Shard
from srbench.runs.store import Store
from srbench.runs.workers import Limits
from srbench.tables.boards import Board


@dataclass(frozen=True)
class Options:
    """The options of `srbench run`; `max_memory` is in bytes, `limits` are those of a step, `bits` 0 are the
    protocol's."""

    methods: Names
    datasets: Names
    scales: tuple[int, ...]
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
    address: str = ""
    shard: Shard = WHOLE
    bits: int = 0


@dataclass(frozen=True)
class Finished:
    """A run's end: its leaderboards, what was left out and why, and what was computed or is missing."""

    boards: list[Board]
    skipped: dict[str, str]
    outcome: Outcome
    seconds: float


def run(options: Options, *, progress: Progress = SILENT) -> Finished:
    """Does the whole main job and writes the run folder; see `srbench.runs.evaluate`.

    The files are also written when the run is interrupted or fails half way, from what was recorded.
    """
    choose_workers(options.workers, 1, options.device)  # refuses a wrong number before anything is written
    selections = _selections(options)
    jobs = [_job(options, scale, selection) for scale, selection in selections.items()]
    start = time.perf_counter()
    started = datetime.now(UTC).isoformat(timespec="seconds")
    outcome, whole = Outcome(), False
    with Store(options.out) as store:
        sweep(options.out)
        methods = {method.name: method for job in jobs for method in job.methods.values()}
        for job in jobs:
            _refuse_another_depth(store, job)
        numbers = freshness.begin(store, methods.values())
        try:
            for job in jobs:
                put_facts(store, job)
                _say_interfaces(job)
                numbered = replace(job, numbers=numbers)
                pairs = images_of(numbered, store)
                plan = plan_of(numbered, pairs)
                with crew_of(numbered, pairs) as crew:
                    outcome.add(evaluate(plan, store, crew, progress=progress))
            freshness.end(store, numbers)
            whole = True
        finally:
            seconds = time.perf_counter() - start
            store.put_run(run_record(sys.argv, started, seconds, _as_asked(options)))
            made = _write_files(store, options.out, again=whole)
    return Finished(made, _skipped(selections), outcome, seconds)


def _write_files(store: Store, out: Path, *, again: bool) -> list[Board]:
    """Writes the folder's files; `again` from the beginning, before an interrupt that comes meanwhile ends
    the run, so that they are there as after one that came before."""
    try:
        # Inside a transaction, so that of two runs the one that ends last also writes last.
        with store.transaction():
            return write_files(stored_run(store), out)
    except KeyboardInterrupt:
        if again:
            _write_files(store, out, again=False)
        raise


def _refuse_another_depth(store: Store, job: Job) -> None:
    """One folder holds one output of a method and image: 8 and 16 bits would replace each other."""
    for name, fact in store.facts("protocol").items():
        depth = fact.get("bits", 8)
        if depth != job.protocol.bits:
            raise UsageError(
                f"{job.out} holds a run in {depth} bits ({name}); give another folder with --out for "
                f"{job.protocol.bits} bits"
            )


def _say_interfaces(job: Job) -> None:
    for method in job.methods.values():
        for name, interface in method.interfaces(job.scale).items():
            remark(f"{name}: {interface}")


def _selections(options: Options) -> dict[int, Selection]:
    """What can run at each scale; mistakes are told before anything is written."""
    for scale in options.scales:
        if scale < 1:
            raise UsageError(f"--scale must be a positive whole number, not {scale}")
    known: set[str] = set()
    for name in names_of(options.datasets, "--datasets"):
        title = resolve_dataset(name).name
        if title in known:
            raise UsageError(f"two data sets are called {title}; rename a folder or use two runs")
        known.add(title)
    protocol = in_bits(options.protocol, options.bits)
    if protocol.bits == 16 and find_spec("cv2") is None:
        raise UserError("a run in 16 bits needs OpenCV: pip install opencv-python-headless")
    return {scale: choose(options.methods, options.metrics, scale, protocol) for scale in options.scales}


def _job(options: Options, scale: int, selection: Selection) -> Job:
    protocol = in_bits(options.protocol, options.bits)
    return Job(
        methods=selection.methods.usable,
        metrics=tuple(selection.metrics.usable.values()),
        datasets=tuple(names_of(options.datasets, "--datasets")),
        scale=scale,
        protocol=protocol,
        roots=options.roots,
        out=options.out,
        runtime=Runtime(options.device, protocol.edges, options.max_memory, protocol.bits),
        refused=selection.refusals(),
        apart=selection.runs_foreign_code(),
        workers=options.workers,
        executor=options.executor,
        inputs=options.inputs,
        limits=options.limits,
        address=options.address,
        shard=options.shard,
    )


def _as_asked(options: Options) -> dict[str, Any]:
    part = {} if options.shard == WHOLE else {"shard": str(options.shard)}
    return part | as_options(
        methods=names_of(options.methods, "--methods"),
        datasets=names_of(options.datasets, "--datasets"),
        scales=options.scales,
        metrics=names_of(options.metrics, "--metrics"),
        protocol=options.protocol,
        bits=options.bits,
        roots=options.roots,
        inputs=options.inputs,
        device=options.device,
        max_memory=options.max_memory,
        out=options.out,
    )


def _skipped(selections: dict[int, Selection]) -> dict[str, str]:
    """What "all" and "default" leave out, with reasons; with the scale where only some scales lack it."""
    found: dict[str, str] = {}
    for scale, selection in selections.items():
        for name, reason in selection.skipped.items():
            everywhere = all(other.skipped.get(name) == reason for other in selections.values())
            found[name if everywhere else f"{name} x{scale}"] = reason
    return found

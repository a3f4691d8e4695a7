"""Runs a function over tasks: in this process, in one process per core, or on a Ray cluster."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Literal, TypeVar

from srbench.core.records import UsageError, UserError

Executor = Literal["local", "ray"]
Task = TypeVar("Task")
Result = TypeVar("Result")

_TASKS_PER_WORKER = 8


def choose_workers(wanted: int, tasks: int, device: str) -> int:
    """How many processes to use; `wanted` 0 means one per core.

    A process costs a second or two to start, so each gets at least eight tasks unless `wanted` says
    otherwise; and a GPU is served by one process.
    """
    if wanted < 0:
        raise UsageError(f"--workers must be 0 (one per core) or more, not {wanted}")
    if wanted:
        return max(1, min(wanted, tasks))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 1 if device != "cpu" else max(1, min(cores, tasks // _TASKS_PER_WORKER))


def execute(
    begin: Callable[[Task], Callable[[], Result]], tasks: Sequence[Task], *, workers: int, executor: Executor
) -> Iterator[tuple[Task, Result]]:
    """Yields each task with its result, in order of completion.

    `begin` works on a task and returns the function that waits for the rest of it (writing files) and
    gives the result; it and the tasks must be picklable. Leaving the loop early cancels what has not
    begun.
    """
    if executor == "ray":
        yield from _on_ray(begin, tasks)
    elif workers == 1:
        yield from _here(begin, tasks)
    else:
        yield from _in_processes(begin, tasks, workers)


def _here(
    begin: Callable[[Task], Callable[[], Result]], tasks: Sequence[Task]
) -> Iterator[tuple[Task, Result]]:
    """Begins each task before it waits for the one before."""
    pending: tuple[Task, Callable[[], Result]] | None = None
    for task in tasks:
        begun = (task, begin(task))
        if pending is not None:
            yield pending[0], pending[1]()
        pending = begun
    if pending is not None:
        yield pending[0], pending[1]()


def _whole(begin: Callable[[Task], Callable[[], Result]], task: Task) -> Result:
    return begin(task)()


def _in_processes(
    begin: Callable[[Task], Callable[[], Result]], tasks: Sequence[Task], workers: int
) -> Iterator[tuple[Task, Result]]:
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin_worker)
    try:
        futures = {pool.submit(_whole, begin, task): task for task in tasks}
        for future in as_completed(futures):
            yield futures.pop(future), future.result()
    except BrokenProcessPool:
        raise UserError(
            "a worker process died, perhaps for lack of memory; what was scored is kept: "
            "run the same command with fewer --workers"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin_worker() -> None:
    # One thread per process: threads of several processes would only fight for the cores.
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = "1"
    # Ctrl-C reaches the whole process group; only the parent acts on it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _on_ray(
    begin: Callable[[Task], Callable[[], Result]], tasks: Sequence[Task]
) -> Iterator[tuple[Task, Result]]:
    try:
        import ray
    except ImportError:
        raise UserError("--executor ray needs Ray: pip install 'srbench[ray]'") from None
    ray.init(ignore_reinit_error=True, log_to_driver=False)
    remote = ray.remote(num_cpus=1)(_whole)
    pending = {remote.remote(begin, task): task for task in tasks}
    while pending:
        done, _ = ray.wait(list(pending), num_returns=1)
        for reference in done:
            yield pending.pop(reference), ray.get(reference)

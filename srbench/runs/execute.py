"""Does tasks: in this process, in processes of their own, or on a Ray cluster."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

from srbench.core.records import UsageError
from srbench.runs.on_ray import Cluster, on_ray
from srbench.runs.tasks import Divisible, Note, Step
from srbench.runs.workers import THREADS, Limits, cores, get_ready, in_workers

Executor = Literal["local", "ray"]
Task = TypeVar("Task", bound=Divisible)
# Does tasks one after the other and gives the result of each; it may begin one before it gives the last.
Work = Callable[[Iterable[Task], Note], Iterator[Any]]

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
    return 1 if device != "cpu" else max(1, min(cores(), tasks // _TASKS_PER_WORKER))


def prepare(*, workers: int, executor: Executor, apart: bool) -> None:
    """Has workers of this machine get ready, where `execute` will use any, while this process goes on."""
    if executor == "local" and (workers != 1 or apart):
        with one_thread():
            get_ready()


def execute(
    work: Work[Task],
    tasks: Sequence[Task],
    *,
    workers: int,
    executor: Executor = "local",
    apart: bool = False,
    cluster: Cluster | None = None,
    device: str = "cpu",
    limits: Limits,
) -> Generator[tuple[Task, Any], None, None]:
    """Yields each task with its result, in order of completion.

    One worker is this process, unless the work is to be done `apart`, because it runs code that may end
    or hang its process; on Ray, 0 workers are as many as the cluster has room for. `work` and the tasks must
    be picklable. A task of which something failed in that way may come back as several. Leaving the loop
    early cancels what has not begun.
    """
    if not tasks:
        return
    if executor == "ray":
        yield from on_ray(
            work,
            tasks,
            cluster=cluster or Cluster(),
            workers=workers,
            device=device,
            limits=limits,
        )
        return
    with one_thread():
        if workers == 1 and not apart:
            yield from zip(tasks, work(tasks, _unwatched), strict=True)
        else:
            yield from in_workers(work, tasks, workers=workers, limits=limits)


def _unwatched(_: Step) -> None:
    """Notes nothing."""


@contextmanager
def one_thread() -> Iterator[None]:
    """What is computed in here, and by processes that are started in here, has one thread: those of several
    processes would only fight for the cores, and sums would depend on their number."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else 0
    if torch:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if torch:
            torch.set_num_threads(threads)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

"""Processes for work that may end, hang or outgrow its process: what it takes down is its own step only.

`concurrent.futures` gives up all of its processes when one dies, and pools that replace the dead one neither
know at which step it was nor notice code that ends its process with exit code 0. So each worker here has a
pipe of its own, over which it says each step before it begins.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import connection, forkserver, get_all_start_methods, get_context, parent_process
from typing import Any, Generic, TypeVar, cast

from srbench.core.records import UserError
from srbench.runs.tasks import Divisible, Note, Retries, Step

Task = TypeVar("Task", bound=Divisible)

_PULSE = 0.1  # seconds between looks at the workers' memory and clocks
_MOST = 0.8
_BOOT = 120.0  # seconds that a process may take to begin its first step, imports included
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Limits:
    """What one step may take: seconds, and bytes of the process that it runs in."""

    seconds: float = 900.0
    memory: int = 0  # no limit

    def exceeded(self, seconds: float, memory: int) -> str:
        """What is beyond its limit, in words; empty where nothing is."""
        if seconds > self.seconds:
            return f"took longer than --task-timeout {self.seconds:g} s"
        if self.memory and memory > self.memory:
            return f"took more memory than --task-memory {self.memory / 1024**3:g} GB"
        return ""


def step_limits(seconds: float, gigabytes: float, workers: int) -> Limits:
    """The limits of the options; 0 gigabytes stand for an equal share of most of the machine's memory."""
    import psutil

    share = _MOST * psutil.virtual_memory().total / max(1, workers or cores())
    return Limits(seconds, int(gigabytes * 1024**3 or share))


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_workers(
    work: Callable[[Iterable[Task], Note], Iterator[Any]],
    tasks: Sequence[Task],
    *,
    workers: int,
    limits: Limits,
) -> Iterator[tuple[Task, Any]]:
    """Yields each task with its result, in order of completion.

    A worker that dies, or is ended because its step exceeds a limit, is replaced, and `Retries` say what
    is done in place of its task. No process is left when the loop ends, however it ends.
    """
    retries: Retries[Task] = Retries()
    waiting = deque(tasks)
    team: list[_Worker[Task]] = []
    try:
        while waiting or any(worker.task is not None for worker in team):
            for worker in team:
                if worker.task is None and waiting:
                    worker.give(retries.prepared(waiting.popleft()))
            while waiting and len(team) < workers:
                team.append(_Worker(work))
                team[-1].give(retries.prepared(waiting.popleft()))
            connection.wait([worker.pipe for worker in team if worker.task is not None], _PULSE)
            for worker in list(team):
                task = worker.task
                if task is None:
                    continue
                answer = worker.heard()
                if answer is not None:
                    found = answer.result()
                    retries.succeeded(task.good(found))
                    if waiting:  # it goes on while this process records what it found
                        worker.give(retries.prepared(waiting.popleft()))
                    yield task, found
                elif reason := worker.ended(limits):
                    team.remove(worker)
                    waiting.extend(retries.again(task, worker.step, reason))
    finally:
        for worker in team:
            worker.end()


@dataclass(frozen=True)
class Answer:
    """What came of a task, or the error that ends the whole."""

    found: Any = None
    error: BaseException | None = None

    def result(self) -> Any:
        """What was found; raises the error."""
        if self.error is not None:
            raise self.error
        return self.found


class _Worker(Generic[Task]):
    """One process, the task that it has, and the step that it is at."""

    def __init__(self, work: Callable[[Iterable[Task], Note], Iterator[Any]]) -> None:
        context = _context()
        self.pipe, theirs = context.Pipe()
        self.task: Task | None = None
        self.step = Step("", "")
        self._since = self._looked = time.monotonic()
        self._process = context.Process(target=_serve, args=(theirs,))
        with _without_interrupts(), _without_main():
            self._process.start()
        theirs.close()
        self.pipe.send(work)

    def give(self, task: Task) -> None:
        """Has the process do a task."""
        self.task, self.step, self._since = task, Step(task.label, ""), time.monotonic()
        # One that died while it had nothing to do is noticed as if it had died of the task.
        with contextlib.suppress(OSError):
            self.pipe.send(task)

    def heard(self) -> Answer | None:
        """The answer, if the process has sent one; notes the steps that it has come to."""
        try:
            while self.pipe.poll():
                said = self.pipe.recv()
                if isinstance(said, Answer):
                    self.task = None
                    return said
                self.step, self._since = said, time.monotonic()
        except (EOFError, OSError):
            pass
        return None

    def ended(self, limits: Limits) -> str:
        """Why there will be no answer, in words; ends a process that exceeds its limits."""
        if not self._process.is_alive():
            return _cause(self._process.exitcode)
        now = time.monotonic()
        if now - self._looked < _PULSE:  # it says every step, and to look takes as long as some steps do
            return ""
        self._looked = now
        seconds = now - self._since
        if self.step.is_first:
            seconds -= _BOOT
        exceeded = limits.exceeded(seconds, resident(self._process.pid))
        if exceeded:
            self.end()
        return exceeded

    def end(self) -> None:
        """Ends the process at once."""
        self._process.kill()
        self._process.join()
        self.pipe.close()


def _cause(code: int | None) -> str:
    if code is not None and code < 0:
        return f"ended its process (signal {signal.Signals(-code).name})"
    return f"ended its process (exit code {code})"


def resident(pid: int | None) -> int:
    """Bytes of memory that a process holds; 0 where it has just ended."""
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Ctrl-C reaches the whole process group, and only this process acts on it: a process that is started
    in here never sees it, not even before its first line."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """A process that is started in here does not run the user's script again, as it would to find
    functions that the script defines; nothing of it is needed."""
    main = sys.modules["__main__"]
    hidden: dict[str, Any] = {
        name: main.__dict__.pop(name) for name in ("__file__", "__spec__") if name in main.__dict__
    }
    main.__spec__ = None
    try:
        yield
    finally:
        main.__dict__.update(hidden)


def _context() -> Any:
    """How processes are started: from one that has imported what they need, where the system has that."""
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(["srbench.runs.ready"])
    return context


def get_ready() -> None:
    """Has the process that workers are forked from begin to import what they need, while this one goes on."""
    if _context().get_start_method() == "forkserver":
        with _without_interrupts(), _without_main():
            forkserver.ensure_running()


def _serve(pipe: connection.Connection) -> None:
    """The life of a worker: does what comes through the pipe until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent()
    try:
        work = pipe.recv()
        while True:
            task = pipe.recv()
            pipe.send(answer(work, task, pipe.send))
    except (EOFError, OSError):
        return  # the parent has gone


def answer(work: Callable[[Iterable[Any], Note], Iterator[Any]], task: Any, note: Note) -> Answer:
    """What comes of a task; every error is kept for the process that gave the task."""
    try:
        return Answer(next(iter(work([task], note))))
    except UserError as error:
        return Answer(error=error)
    except Exception as error:
        return Answer(error=RuntimeError(f"{type(error).__name__}: {error}\n{traceback.format_exc()}"))


def _die_with_parent() -> None:
    """Has this process end when the one that gives it work does, whatever it is at.

    That one is not its parent where processes are forked by a server, and the server lives as long as any
    of them does. Where code holds the interpreter's lock, no thread runs: there the system sends a signal
    that ends the process when the other end of the pipe goes.
    """
    if sys.platform == "linux":
        import fcntl

        sentinel = cast("Any", parent_process()).sentinel
        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(sentinel, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(sentinel, fcntl.F_SETFL, fcntl.fcntl(sentinel, fcntl.F_GETFL) | os.O_ASYNC)
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    giver = parent_process()
    if giver is not None:
        giver.join()
        os._exit(1)

"""Work in this process and in others, which may end, hang or outgrow their limits."""

from __future__ import annotations

import builtins
import ctypes
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import psutil
import pytest

from srbench.core.records import UsageError, UserError
from srbench.runs.execute import choose_workers, execute
from srbench.runs.tasks import Note, Step
from srbench.runs.workers import Limits
from tests.helpers import python


@dataclass(frozen=True)
class Job:
    """A number to double by a method that may have its own ideas."""

    number: int
    method: str = "double"
    reason: str = ""

    @property
    def label(self) -> str:
        return str(self.number)

    def parts(self) -> list[Job]:
        return [self]

    def steps(self) -> list[Step]:
        return [] if self.reason else [Step(self.label, self.method)]

    def good(self, _: Any) -> list[Step]:
        return self.steps()

    def without(self, _: Step, reason: str) -> Job:
        return replace(self, reason=reason)


def do(job: Job) -> Any:
    if job.reason:
        return job.reason
    match job.method:
        case "leave":
            os._exit(0)
        case "crash":
            ctypes.string_at(0)
        case "hold":  # the lock of the interpreter, so that no other thread runs
            ctypes.PyDLL(None).sleep(3600)
        case "hang":
            time.sleep(3600)
        case "eat":
            _kept.append(b"1" * (600 * 1024**2))
            time.sleep(3600)
        case "refuse":
            raise UserError(f"no {job.number}", exit_code=1)
    return 2 * job.number, os.getpid(), os.environ.get("OMP_NUM_THREADS")


_kept: list[bytes] = []
said: list[str] = []


def work(jobs: Iterable[Job], note: Note) -> Iterator[Any]:
    for job in jobs:
        note(Step(job.label, job.method))
        said.append(f"done {job.number}")
        yield do(job)


def run(jobs: list[Job], *, workers: int = 2, limits: Limits | None = None) -> dict[Job, Any]:
    return dict(execute(work, jobs, workers=workers, limits=limits or Limits(), apart=True))


def test_in_this_process_in_order() -> None:
    said.clear()
    results = execute(work, [Job(3), Job(1)], workers=1, limits=Limits())
    assert next(results)[1][:2] == (6, os.getpid())
    assert said == ["done 3"]
    assert [task.number for task, _ in results] == [1]


def test_two_processes_do_everything_once_with_one_thread_each() -> None:
    results = run([Job(n) for n in range(6)])
    assert {job.number: result[0] for job, result in results.items()} == {n: 2 * n for n in range(6)}
    assert os.getpid() not in {result[1] for result in results.values()}
    assert {result[2] for result in results.values()} == {"1"}


@pytest.mark.parametrize(
    ("method", "limits", "reason"),
    [
        ("leave", Limits(), "ended its process (exit code 0)"),
        ("crash", Limits(), "ended its process (signal SIGSEGV)"),
        ("hang", Limits(seconds=0.5), "took longer than --task-timeout 0.5 s"),
        ("eat", Limits(memory=400 * 1024**2), "took more memory than --task-memory 0.390625 GB"),
    ],
)
def test_what_ends_or_fills_its_process_loses_its_own_step_only(
    method: str, limits: Limits, reason: str
) -> None:
    results = run([Job(1), Job(2, method), Job(3)], limits=limits)
    assert {job.number: result for job, result in results.items() if job.method != "double"} == {
        2: f"failed: {method} on 2 {reason}, twice"
    }
    assert {job.number: result[0] for job, result in results.items() if job.method == "double"} == {
        1: 2,
        3: 6,
    }


def test_what_fails_everywhere_is_given_up() -> None:
    results = run([Job(n, "leave") for n in range(5)], workers=1)
    assert (
        sorted(result.partition(":")[0] for result in results.values()) == ["failed"] * 3 + ["not tried"] * 2
    )


def test_an_error_of_a_worker_arrives_as_itself() -> None:
    with pytest.raises(UserError, match="no 1") as caught:
        run([Job(1, "refuse")])
    assert caught.value.exit_code == 1


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_leaving_early_leaves_no_process() -> None:
    results = execute(work, [Job(1), Job(2, "hang")], workers=2, limits=Limits(), apart=True)
    pid = next(results)[1][1]
    results.close()  # type: ignore[attr-defined]
    assert not os.path.exists(f"/proc/{pid}")  # noqa: PTH110


HOLDING = """
import sys
from tests.runs.test_execute import Job, Limits, execute, work
jobs = [Job(1), Job(2, sys.argv[1]), Job(3, sys.argv[1])]
for job, result in execute(work, jobs, workers=2, limits=Limits(), apart=True):
    print(result[1], flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="signals of pipes are Linux's")
@pytest.mark.parametrize("method", ["hang", "hold"])
def test_workers_end_with_a_killed_parent_whatever_they_are_at(method: str) -> None:
    child = python(HOLDING, method)
    assert child.stdout is not None
    child.stdout.readline()
    workers = psutil.Process(child.pid).children(recursive=True)
    assert len(workers) > 2  # with the server that forks them
    child.kill()
    child.communicate()
    _, left = psutil.wait_procs(workers, timeout=20)
    for process in left:
        process.kill()
    assert not left


def test_nothing_to_do() -> None:
    assert run([]) == {}


@pytest.mark.parametrize(
    ("wanted", "tasks", "device", "expected"),
    [
        (3, 10, "cpu", 3),
        (8, 2, "cpu", 2),
        (1, 100, "cpu", 1),
        (0, 7, "cpu", 1),
        (0, 100, "cuda", 1),
        (4, 0, "cpu", 1),
    ],
)
def test_number_of_workers(wanted: int, tasks: int, device: str, expected: int) -> None:
    assert choose_workers(wanted, tasks, device) == expected


def test_one_worker_per_core_for_enough_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)), raising=False)
    assert [choose_workers(0, tasks, "cpu") for tasks in (8, 16, 100)] == [1, 2, 6]


def test_a_negative_number_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="--workers must be 0"):
        choose_workers(-1, 5, "cpu")


def test_without_ray_the_way_to_get_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without_ray(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "ray":
            raise ImportError(name)
        return original(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without_ray)
    with pytest.raises(UserError, match=r"pip install 'srbench\[ray\]'"):
        list(execute(work, [Job(1)], workers=1, executor="ray", limits=Limits()))

"""Work in this process and in several."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable
from typing import Any

import pytest

from srbench.core.records import UsageError, UserError
from srbench.runs.execute import choose_workers, execute

Begun = Callable[[], Any]


def double(number: int) -> Begun:
    return lambda: (2 * number, os.getpid(), os.environ.get("OMP_NUM_THREADS"))


def refuse(number: int) -> Begun:
    raise UserError(f"no {number}", exit_code=1)


def die(number: int) -> Begun:
    os._exit(1)


def test_in_this_process_in_order_and_the_next_begins_before_the_last_is_waited_for() -> None:
    said: list[str] = []

    def begin(number: int) -> Begun:
        said.append(f"begin {number}")
        return lambda: said.append(f"end {number}") or -number

    results = execute(begin, [3, 1, 2], workers=1, executor="local")
    assert next(results) == (3, -3)
    assert said == ["begin 3", "begin 1", "end 3"]
    assert list(results) == [(1, -1), (2, -2)]
    assert said[3:] == ["begin 2", "end 1", "end 2"]


def test_two_processes_do_everything_once_with_one_thread_each() -> None:
    results = dict(execute(double, list(range(6)), workers=2, executor="local"))
    assert {task: result[0] for task, result in results.items()} == {n: 2 * n for n in range(6)}
    assert os.getpid() not in {result[1] for result in results.values()}
    assert {result[2] for result in results.values()} == {"1"}


def test_an_error_of_a_worker_arrives_as_itself() -> None:
    with pytest.raises(UserError, match="no 1") as caught:
        list(execute(refuse, [1], workers=2, executor="local"))
    assert caught.value.exit_code == 1


def test_a_worker_that_dies_is_said_in_one_line() -> None:
    with pytest.raises(UserError, match=r"a worker process died.*fewer --workers"):
        list(execute(die, [1, 2], workers=2, executor="local"))


def test_nothing_to_do() -> None:
    assert list(execute(double, [], workers=1, executor="local")) == []


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
        list(execute(double, [1], workers=1, executor="ray"))

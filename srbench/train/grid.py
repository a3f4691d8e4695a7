"""Rows of an experiment in processes of their own, as many at a time as were asked for."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty
from typing import TYPE_CHECKING, Any, NamedTuple

from srbench.core.records import UserError
from srbench.train.processes import StopWish

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from srbench.train.contract import Report

_WAIT = 1.0  # seconds between two looks at processes that say nothing


class _Message(NamedTuple):
    """What a row says: a remark, or how many iterations are done at so many images per second."""

    label: str
    text: str = ""
    done: int = 0
    speed: float = 0.0


@dataclass(frozen=True)
class Work:
    """One row: what it waits for (a label, or empty), its iterations, and what trains it.

    `train` takes a report and the number of the place at work, 0 to jobs - 1; it must be picklable.
    """

    label: str
    after: str
    iterations: int
    train: Callable[[Report, int], None]


class _Teller:
    """The report of a row in a process of its own: everything goes to the process that shows it."""

    def __init__(self, label: str, queue: Any) -> None:
        self._label, self._queue = label, queue

    def say(self, text: str) -> None:
        self._queue.put(_Message(self._label, text))

    def begin(self, description: str, total: int, done: int) -> None:
        """Only the training's own iterations are counted."""

    def advance(self, done: int, images_per_second: float, values: dict[str, float] | None = None) -> None:
        if values is not None:
            self._queue.put(_Message(self._label, "", done, images_per_second))


def train_all(rows: Sequence[Work], jobs: int, report: Report) -> None:
    """Trains every row, `jobs` at a time, a row after the one that it starts from.

    `UserError` where rows failed, once the others are done. A signal is handed on to the rows, which save
    and stop; then `SystemExit`.
    """
    context = multiprocessing.get_context("spawn")
    queue: Any = context.Queue()
    waiting = {row.label: row for row in rows}
    at_work: dict[str, tuple[BaseProcess, int]] = {}
    done: set[str] = set()
    failed: dict[str, int] = {}
    counts: dict[str, _Message] = {}
    report.begin("training", sum(row.iterations for row in rows), 0)
    told = False
    with StopWish() as wish:
        while waiting or at_work:
            if wish.signal and not told:
                told = True  # a second signal would end a row before it has saved
                waiting.clear()
                for process, _ in at_work.values():
                    process.terminate()
            for row in [one for one in waiting.values() if one.after in failed]:
                failed[row.label] = 1
                del waiting[row.label]
                report.say(f"{row.label}: not trained, {row.after} failed")
            for row in [one for one in waiting.values() if not one.after or one.after in done]:
                if len(at_work) == jobs:
                    break
                place = min(set(range(jobs)) - {number for _, number in at_work.values()})
                process = context.Process(target=_work, args=(row, place, jobs, queue))
                process.start()
                at_work[row.label] = process, place
                del waiting[row.label]
            _show(queue, counts, report)
            for label, (process, _) in list(at_work.items()):
                if process.exitcode is not None:
                    del at_work[label]
                    if process.exitcode:
                        failed[label] = process.exitcode
                    else:
                        done.add(label)
        _show(queue, counts, report)
    if wish.signal:
        raise SystemExit(128 + wish.signal)
    if failed:
        raise UserError(f"not trained: {', '.join(failed)}; the same command tries these again")


def _show(queue: Any, counts: dict[str, _Message], report: Report) -> None:
    """Shows what has been said, waiting a moment for something."""
    try:
        message = queue.get(timeout=_WAIT)
        while True:
            if message.text:
                report.say(f"{message.label}: {message.text}")
            else:
                counts[message.label] = message
                total = sum(one.done for one in counts.values())
                report.advance(total, sum(one.speed for one in counts.values()))
            message = queue.get_nowait()
    except Empty:
        return


def _work(row: Work, place: int, jobs: int, queue: Any) -> None:
    """In the process of a row; exits with 1 after an error, which is said in one line."""
    import torch

    # A terminal's Ctrl-C comes to every process of its group; the parent hands it on, once.
    os.setpgid(0, 0)
    torch.set_num_threads(max(1, torch.get_num_threads() // jobs))
    teller = _Teller(row.label, queue)
    try:
        row.train(teller, place)
    except UserError as error:
        teller.say(str(error))
        raise SystemExit(1) from None

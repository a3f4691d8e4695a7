"""What a training tells while it runs: a bar on a terminal, a line a minute elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from srbench.commands.terminal import notices
from srbench.core.text import duration

if TYPE_CHECKING:
    from rich.progress import Progress

_EVERY = 60.0  # seconds between lines where there is no terminal


class TrainingLog:
    """A run's report on standard error, with losses, the last PSNR, images per second and the time left.

    `clock` gives seconds; it is monotonic time but in tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._console = notices()
        self._clock = clock
        self._progress: Progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )
        self._task = self._progress.add_task("starting", total=None, told="")
        self._description, self._total, self._first = "starting", 0, 0
        self._began = self._said = clock()
        self._psnr = ""

    def __enter__(self) -> TrainingLog:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        """A remark."""
        self._console.print(text, markup=False)

    def begin(self, description: str, total: int, done: int) -> None:
        """A stretch of work begins."""
        self._description, self._total, self._first = description, total, done
        self._began = self._said = self._clock()
        self._progress.reset(self._task, total=total, completed=done, description=description, told="")

    def advance(self, done: int, images_per_second: float, values: dict[str, float] | None = None) -> None:
        """So much of it is done; on a terminal the bar moves, elsewhere a minute's line is due or not."""
        values = values or {}
        if "psnr_y" in values:
            self._psnr = f"PSNR {values['psnr_y']:.2f} dB at {done}"
        losses = [f"{name} {value:.4g}" for name, value in values.items() if name == "loss"]
        speed = [f"{images_per_second:.1f} images/s"] if images_per_second else []
        told = ", ".join([*losses, *([self._psnr] if self._psnr else []), *speed])
        self._progress.update(self._task, completed=done, told=told)
        now = self._clock()
        if not self._console.is_terminal and now - self._said >= _EVERY:
            self._said = now
            left = (self._total - done) * (now - self._began) / max(1, done - self._first)
            line = ", ".join(part for part in (told, f"{duration(left)} left") if part)
            self.say(f"{self._description} {done} of {self._total}: {line}")

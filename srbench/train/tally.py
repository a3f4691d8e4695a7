"""What happened since the last row of a run's curve: means of losses, speed, the first loss gone wrong."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

_WARM = 5  # iterations
_JUDGED = ("loss", "discriminator")


class Tally:
    """Adds up losses on the device, so that no iteration waits for it, and tells times.

    `before` are the seconds that the run took until now, `end` is its last iteration.
    """

    def __init__(self, device: torch.device, iteration: int, end: int, before: float) -> None:
        self._device = device
        self._first = self._mark_iteration = self._iteration = iteration
        self._end = end
        self._before = before
        self._began = self._mark = self._warm = time.monotonic()
        self._sums: dict[str, Tensor] = {}
        self._first_bad = torch.full((), end, dtype=torch.int64, device=device)

    def add(self, values: Mapping[str, Tensor]) -> None:
        """The losses of one iteration; one that is not finite is noted with its iteration."""
        for name, value in values.items():
            total = self._sums.get(name, torch.zeros((), device=self._device))
            self._sums[name] = total + value.detach().float()
        finite = torch.stack([torch.isfinite(values[name].detach()) for name in _JUDGED if name in values])
        bad = ~finite.all() & (self._first_bad > self._iteration)
        self._first_bad = torch.where(bad, self._iteration, self._first_bad)
        self._iteration += 1
        if self._iteration == self._first + _WARM:
            self._warm = time.monotonic()

    @property
    def warm(self) -> bool:
        """Whether just now as many iterations as warm up are followed by as many that tell the pace."""
        return self._iteration == self._first + 2 * _WARM

    def pace(self) -> float:
        """Seconds an iteration, when `warm`."""
        return (time.monotonic() - self._warm) / _WARM

    def gone_wrong(self) -> int | None:
        """The first iteration, counted from 0, whose loss was not finite."""
        found = int(self._first_bad)
        return found if found < self._end else None

    def row(self) -> dict[str, float]:
        """The mean of every loss since the last `rest`."""
        counted = self._iteration - self._mark_iteration
        return {name: float(total) / counted for name, total in self._sums.items()}

    def times(self) -> tuple[float, float]:
        """Seconds that the run took so far, and iterations a second since the last `rest`."""
        now = time.monotonic()
        speed = (self._iteration - self._mark_iteration) / max(now - self._mark, 1e-9)
        return self._before + now - self._began, speed

    def rest(self) -> None:
        """Begins the next row."""
        self._sums = {}
        self._mark, self._mark_iteration = time.monotonic(), self._iteration

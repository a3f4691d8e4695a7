"""A `Progress` that counts."""

from __future__ import annotations


class Steps:
    """How often work began, its total, and the steps that were done."""

    def __init__(self) -> None:
        self.begun = self.total = self.done = 0

    def begin(self, total: int) -> None:
        self.begun += 1
        self.total = total

    def advance(self) -> None:
        self.done += 1

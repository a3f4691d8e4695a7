"""How long work tells of itself, so that whoever watches can show a bar."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """What is told of long work: how many steps there are, and then each step as it is done."""

    def begin(self, total: int) -> None:
        """So many steps are to come."""

    def advance(self) -> None:
        """One of them is done."""


class _Silent:
    def begin(self, total: int) -> None:
        pass

    def advance(self) -> None:
        pass


SILENT: Progress = _Silent()  # tells nobody

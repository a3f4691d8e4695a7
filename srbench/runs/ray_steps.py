"""At which step each actor of a Ray cluster is, and since when."""

from __future__ import annotations

import math
import time

from srbench.runs.tasks import Step


class Steps:
    """Lives beside the caller, and so outlives those whose steps it keeps."""

    def __init__(self) -> None:
        self._at: dict[int, tuple[Step, float, str]] = {}

    def given(self, member: int, step: Step) -> None:
        """A member has a task, and has not begun."""
        self._at[member] = step, math.inf, ""  # it may wait for a place long before it begins

    def note(self, member: int, step: Step) -> None:
        """A member begins a step."""
        self._at[member] = step, time.monotonic(), ""

    def last_words(self, member: int, reason: str) -> None:
        """Why a member ends its process."""
        step, since, _ = self._at[member]
        self._at[member] = step, since, reason

    def all(self) -> dict[int, tuple[Step, float, str]]:
        """By member its step, for how many seconds it has been at it, and its last words."""
        now = time.monotonic()
        return {member: (step, now - since, words) for member, (step, since, words) in self._at.items()}

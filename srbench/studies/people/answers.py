"""An answer as a page sends or saves it, read without trusting it."""

from __future__ import annotations

import re
from typing import Any

from srbench.core.records import UserError
from srbench.studies.people.records import Answer

# An hour: a trial that was left open over lunch says nothing of how long it took to judge.
_LONGEST = 3_600_000
# Window, device pixel ratio and pinch zoom: 1280x720@2 1.
_SCREEN = re.compile(r"\d{1,5}x\d{1,5}@[\d.]{1,6} [\d.]{1,6}", re.ASCII)


def read_answer(found: Any) -> tuple[int, Answer]:
    """Position and answer; `UserError` where either is missing or of another type. A time or a screen that
    cannot be is left out."""
    if not isinstance(found, dict) or not _is_count(found.get("position")):
        raise UserError("an answer has a position and a value")
    value: Any = found.get("value")
    if not isinstance(value, str):
        raise UserError("an answer has a position and a value")
    milliseconds: Any = found.get("milliseconds")
    taken = milliseconds if _is_count(milliseconds) and milliseconds <= _LONGEST else None
    screen = found.get("screen")
    shown = screen if isinstance(screen, str) and _SCREEN.fullmatch(screen) else ""
    return found["position"], Answer(value, taken, shown)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9

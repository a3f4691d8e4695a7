"""What a finished run says of itself, without those who made it."""

from __future__ import annotations

from typing import Any

import pytest

from srbench.runs.data import KINDS, RunData
from tests.tables.test_boards import scores


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"hr": {"order": 2}, "bicubic": {"order": 1}, "mine": {"order": 9}}, ("bicubic", "hr", "mine")),
        ({"hr": {}, "bicubic": {"order": 1}, "mine": {"order": 9}}, ("hr", "bicubic", "mine")),
    ],
)
def test_methods_stand_as_they_were_registered_for_the_run_where_that_was_kept(
    facts: dict[str, Any], expected: tuple[str, ...]
) -> None:
    """Else as they are registered now: `hr`, then the interpolations; what is not registered comes last."""
    rows = scores({"mine": [3.0], "bicubic": [2.0], "hr": [1.0]})
    (board,) = RunData("a run", rows, {kind: {} for kind in KINDS} | {"methods": facts}, []).boards()
    assert board.methods == expected

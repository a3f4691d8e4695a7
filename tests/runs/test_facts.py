"""What a run records of itself."""

from __future__ import annotations

import pytest

from srbench.runs.facts import run_record


@pytest.mark.parametrize("program", ["/env/bin/srbench", "/env/lib/srbench/__main__.py"])
def test_the_command_is_recorded_as_it_can_be_typed_again(program: str) -> None:
    record = run_record([program, "run", "--methods", "bicubic"], "2026-01-02T03:04:05+00:00", 1.0, {})
    assert record["command"] == "srbench run --methods bicubic"

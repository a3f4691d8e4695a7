"""Which precision a training takes."""

from __future__ import annotations

import pytest

from srbench.core.records import UsageError
from srbench.train import processes
from srbench.train.processes import choose_precision


@pytest.mark.parametrize(("gain", "chosen"), [(3.0, "bf16-mixed"), (0.4, "32-true")])
def test_bfloat16_is_taken_where_it_is_measured_to_be_faster(
    gain: float, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "bfloat16_gain", lambda: gain)
    assert choose_precision("cpu", "auto") == chosen
    assert choose_precision("cpu", "32-true") == "32-true"


def test_a_run_goes_on_in_its_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "bfloat16_gain", lambda: 3.0)
    assert choose_precision("cpu", "auto", {"machines": ["x86_64, CPU, 1 thread x 1, 32-true"]}) == "32-true"


def test_an_unknown_precision_is_one_line() -> None:
    with pytest.raises(UsageError, match="unknown precision 'half'"):
        choose_precision("cpu", "half")

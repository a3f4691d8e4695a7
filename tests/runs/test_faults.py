"""A small share of `make faults`: one try of each kind that needs nothing of the machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults import kinds
from tests.faults.__main__ import attempt, undisturbed


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return undisturbed(tmp_path_factory.mktemp("faults") / "original")


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found by /proc")
@pytest.mark.parametrize(
    "kind",
    [
        kinds.kill_of_the_main_process,
        kinds.kill_of_a_worker,
        kinds.termination,
        kinds.damaged_store,
        kinds.damaged_weights,
    ],
)
def test_nothing_is_lost(original: Path, tmp_path: Path, kind: kinds.Kind) -> None:
    assert attempt(kind, original, tmp_path / "try", seed=0) == []

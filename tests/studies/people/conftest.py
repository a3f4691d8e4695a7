"""One run for all tests of studies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.studies.people.working import finished_run, made_study


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of hr, nearest, bicubic and lanczos on five small images."""
    return finished_run(tmp_path_factory.mktemp("people"))


@pytest.fixture
def mos(run_folder: Path, tmp_path: Path) -> Path:
    """A study of opinion scores with three places."""
    return made_study(run_folder, tmp_path / "mos", "--raters", "3", "--repeats", "2", "--block", "6")

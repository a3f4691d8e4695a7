"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.working import Work

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture
def work() -> Iterator[Work]:
    """Counts what runs of the main job do, and takes methods and metrics of the test's own."""
    with Work() as made:
        yield made


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real images and weights beside the repository; tests that need it skip without it."""
    folder = Path(os.environ.get("SRBENCH_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no real images: {folder}/data is not there (set SRBENCH_SHARED)")
    return folder


@pytest.fixture(autouse=True)
def _own_cache(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Keeps tests from what the machine has; those marked `published_weights` see torch hub's folder."""
    own = tmp_path_factory.mktemp("own")
    monkeypatch.setenv("SRBENCH_CACHE", str(own / "cache"))
    monkeypatch.delenv("SRBENCH_DATA", raising=False)
    if request.node.get_closest_marker("published_weights") is None:
        monkeypatch.setenv("TORCH_HOME", str(own / "torch"))
    yield
    # Thousands of tests leave copies of weights here: together they filled a disk.
    shutil.rmtree(own, ignore_errors=True)

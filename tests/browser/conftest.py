"""A real browser for the tests of the page: Debian's chromium, driven by Playwright; skipped without one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.studies.people.working import finished_run

_NAMES = ("chromium", "chromium-browser", "google-chrome")


# Containers run as root, where chromium's sandbox refuses to start.
_ARGUMENTS = ["--no-sandbox"]


@dataclass(frozen=True)
class Chromium:
    """A browser that is not started yet."""

    kind: Any
    path: str

    def profile(self, folder: Path, **options: Any) -> Any:
        """A browser of its own, which keeps in `folder` what a browser keeps when it is closed."""
        return self.kind.launch_persistent_context(
            str(folder), executable_path=self.path, args=_ARGUMENTS, **options
        )


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """The browser of this machine."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no browser tests: pip install 'srbench[browser]'"
    )
    path = os.environ.get("SRBENCH_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip("no browser tests: no chromium here (apt-get install chromium, or set SRBENCH_CHROMIUM)")
    with playwright.sync_playwright() as started:
        yield Chromium(started.chromium, path)


@pytest.fixture(scope="session")
def browser(chromium: Chromium) -> Iterator[Any]:
    """A headless browser for the whole session."""
    launched = chromium.kind.launch(executable_path=chromium.path, args=_ARGUMENTS)
    yield launched
    launched.close()


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run whose images studies show."""
    return finished_run(tmp_path_factory.mktemp("shown"))

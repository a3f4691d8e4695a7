"""A real browser for the tests of the page: Debian's chromium, driven by Playwright; skipped without one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless browser for the whole session."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no browser tests: pip install 'srbench[browser]'"
    )
    path = os.environ.get("SRBENCH_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip("no browser tests: no chromium here (apt-get install chromium, or set SRBENCH_CHROMIUM)")
    with playwright.sync_playwright() as started:
        # Containers run as root, where chromium's sandbox refuses to start.
        launched = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()

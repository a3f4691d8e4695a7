"""Images to train on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.small import images


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return images(tmp_path_factory.mktemp("training") / "images")

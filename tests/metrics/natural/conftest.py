"""Made models of Ma's metric, for the tests of its parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from srbench.metrics.natural.ma import MaModel, load_ma_model
from tests.metrics.natural.ma_model import write_ma_model


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of realistic size: three forests of 2000 trees."""
    return write_ma_model(tmp_path_factory.mktemp("model") / "NRQM_model.mat")


@pytest.fixture(scope="module")
def model(model_file: Path) -> MaModel:
    return load_ma_model(model_file)


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> MaModel:
    return load_ma_model(write_ma_model(tmp_path_factory.mktemp("small") / "model.mat", trees=20, nodes=63))

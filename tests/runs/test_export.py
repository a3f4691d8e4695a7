"""`srbench export`: a run's scores as one table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import command, references
from tests.working import run


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_an_exported_run_is_its_table(tmp_path: Path, suffix: str) -> None:
    pd = pytest.importorskip("pandas")
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    images = references(tmp_path / "mine")
    run(images, tmp_path / "out")
    ended = command("export", tmp_path / "out", tmp_path / f"all.{suffix}")
    assert ended.code == 0, ended.err
    table = (pd.read_parquet if suffix == "parquet" else pd.read_csv)(tmp_path / f"all.{suffix}")
    expected = pd.read_csv(tmp_path / "out" / "scores.csv")
    for column in expected.columns:
        assert table[column].tolist() == expected[column].tolist()


def test_an_export_to_another_kind_of_file_is_wrong_usage(tmp_path: Path) -> None:
    ended = command("export", tmp_path, tmp_path / "all.xlsx")
    assert ended.code == 2
    assert "ends in .parquet or .csv" in ended.message

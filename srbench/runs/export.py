"""All scores of a run as one file for pandas, R or DuckDB, however many there are."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.files import atomic_file, write_csv
from srbench.core.records import Score, UsageError, UserError
from srbench.runs.folder import existing_run
from srbench.runs.scores_csv import SCORE_COLUMNS, score_rows
from srbench.runs.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 100_000  # rows in memory at a time


def export(folder: Path, path: Path) -> Path:
    """Writes the scores of a run folder to a `.parquet` or `.csv` file, in the order of `scores.csv`."""
    if path.suffix not in (".parquet", ".csv"):
        raise UsageError(f"{path}: give a file that ends in .parquet or .csv")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"the folder {path.absolute().parent} does not exist")
    with Store(existing_run(folder), read_only=True) as store:
        if path.suffix == ".csv":
            return write_csv(path, SCORE_COLUMNS, score_rows(store.each_result()))
        return _write_parquet(path, store.each_result())


def _write_parquet(path: Path, scores: Iterator[Score]) -> Path:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise UserError("Parquet needs pyarrow: pip install 'srbench[parquet]'") from None
    names = pa.dictionary(pa.int32(), pa.string())
    others = {"scale": pa.int32(), "value": pa.float64(), "seconds": pa.float64()}
    schema = pa.schema([(name, others.get(name, names)) for name in (*SCORE_COLUMNS, "seconds")])
    with atomic_file(path) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        while batch := list(itertools.islice(scores, _BATCH)):
            writer.write_table(_table(batch, schema))
    return path


def _table(scores: Sequence[Score], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    columns = [pa.array([getattr(score, field.name) for score in scores], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)

"""A store of many rows: written, aggregated, exported. `python benchmarks/store.py --rows 10000000`."""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from srbench.core.records import OK, Score
from srbench.runs.data import stored_run
from srbench.runs.export import export
from srbench.runs.folder import write_files
from srbench.runs.store import Store

METHODS, METRICS, DATASETS = 20, 5, 10


def fill(folder: Path, rows: int) -> None:
    """Rows of so many methods and metrics, image by image as a run does."""
    random = np.random.default_rng(0)
    with Store(folder) as store:
        for dataset in range(DATASETS):
            for image in range(rows // (METHODS * METRICS * DATASETS)):
                values = random.normal(30, 3, (METHODS, METRICS)).tolist()
                with store.transaction():
                    for method, of_method in enumerate(values):
                        for metric, value in enumerate(of_method):
                            place = f"method{method}", f"set{dataset}", 4, "srbench", f"image{image:07d}"
                            score = Score(*place, f"metric{metric}", value, OK, 0.01)
                            store.put_result(score, f"{method}-{image}")


def measured(what: str, do: Callable[[], Any]) -> None:
    """Prints seconds, those of the processor, and the most memory that the process has held so far."""
    start, processor = time.perf_counter(), time.process_time()
    do()
    processor = time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"| {what} | {time.perf_counter() - start:.0f} s | {processor:.0f} s | {peak:.2f} GB |", flush=True)


def tables(folder: Path) -> None:
    """All files of the run folder."""
    with Store(folder, read_only=True) as store:
        run = stored_run(store)
    write_files(run, folder)


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{rows} rows: {DATASETS} data sets, {METHODS} methods, {METRICS} metrics")
        print("| step | time | processor time | peak memory so far |\n|---|---|---|---|")
        measured("written, one transaction per image", lambda: fill(folder, rows))
        measured("exported to Parquet", lambda: export(folder, folder / "scores.parquet"))
        measured("leaderboards, tests and all files of the folder", lambda: tables(folder))
        for path in (folder / "store.sqlite", folder / "scores.csv", folder / "scores.parquet"):
            print(f"{path.name}: {path.stat().st_size / 1024**2:.0f} MB")


if __name__ == "__main__":
    main()

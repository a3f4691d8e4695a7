"""`srbench merge`: the parts of a run as the run folder that one run would have made."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from srbench.core.records import UserError
from srbench.runs.data import RunData, stored_run
from srbench.runs.folder import existing_run, write_files
from srbench.runs.merging import merge
from srbench.runs.store import Store
from srbench.runs.store_care import take
from srbench.runs.store_schema import STORE
from srbench.tables.boards import Board

_KINDS = {"protocols": "protocol", "datasets": "dataset", "methods": "method", "metrics": "metric"}


def join(folders: Sequence[Path], out: Path) -> list[Board]:
    """Makes the run folder `out` of finished runs; its tables are those of one run, byte for byte.

    `UserError` where the runs differ in settings or versions, disagree on a number, or parts are missing;
    nothing is made then.
    """
    if (out / STORE).exists():
        raise UserError(f"{out} holds a run already; choose another --out")
    runs = [_read(folder) for folder in folders]
    for run in runs[1:]:
        _require_alike(runs[0], run)
    _require_same_cells(runs)
    merged = merge(runs)
    for place, fact in merged.facts["datasets"].items():
        if shards := fact.get("shards"):
            missing = sorted(set(range(1, shards["of"] + 1)) - set(shards["done"]))
            raise UserError(
                f"{place}: shard {', '.join(map(str, missing))} of {shards['of']} is not among the runs"
            )
    with Store(out) as store:
        for folder, run in zip(folders, runs, strict=True):
            take(store, folder / STORE)
            _link_images(folder / "images", out / "images")
            for record in run.records:
                store.put_run(record)
        with store.transaction():
            for kinds, kind in _KINDS.items():
                for name, fact in merged.facts[kinds].items():
                    store.put_fact(kind, name, fact)
        return write_files(stored_run(store), out)


def _read(folder: Path) -> RunData:
    with Store(existing_run(folder), read_only=True) as store:
        run = stored_run(store)
    if not run.scores:
        raise UserError(f"{folder} has no rows; finish it with: srbench run --out {folder}")
    return RunData(str(folder), run.scores, run.facts, run.records)


def _require_alike(one: RunData, other: RunData) -> None:
    """`UserError` where two runs were made with different programs or of different files."""
    for record in other.records:
        for name, value in _settings(record).items():
            known = {_settings(earlier).get(name) for earlier in one.records}
            if value not in known:
                raise UserError(f"{one.name} and {other.name} differ: {name} is {known.pop()} and {value}")
    for kind in ("datasets", "methods"):
        for name in one.facts[kind].keys() & other.facts[kind].keys():
            if _files(one.facts[kind][name]) != _files(other.facts[kind][name]):
                raise UserError(f"{one.name} and {other.name} differ: other files of {name}")
    inputs = _inputs(one)
    for place, said in _inputs(other).items():
        if inputs.get(place, said) != said:
            raise UserError(f"{one.name} and {other.name} differ: inputs {inputs[place]} and {said}")


def _settings(record: dict[str, Any]) -> dict[str, Any]:
    return {**record.get("versions", {}), "device": record.get("options", {}).get("device")}


def _inputs(run: RunData) -> dict[tuple[str, str, str], str]:
    """Where inputs came from, by data set, protocol and method."""
    return {
        (place, protocol, method): said
        for place, fact in run.facts["datasets"].items()
        for protocol, by_method in fact.get("inputs", {}).items()
        for method, said in by_method.items()
    }


def _files(fact: dict[str, Any]) -> Any:
    return fact.get("images"), sorted(fact.get("files", {}).values()), fact.get("weights")


def _require_same_cells(runs: Sequence[RunData]) -> None:
    """`UserError` where runs of one data set have not the same methods and metrics."""
    cells: dict[tuple[str, int, str], dict[str, set[tuple[str, str]]]] = defaultdict(lambda: defaultdict(set))
    for run in runs:
        for score in run.scores:
            cells[score.dataset, score.scale, score.protocol][run.name].add((score.method, score.metric))
    for (dataset, scale, protocol), by_run in cells.items():
        every = set().union(*by_run.values())
        for name, found in by_run.items():
            if found != every:
                method, metric = sorted(every - found)[0]
                raise UserError(
                    f"{name} has no {metric} of {method} on {dataset} x{scale} (protocol {protocol}), as "
                    "others have; run all parts with the same methods and metrics"
                )


def _link_images(source: Path, target: Path) -> None:
    """Output images are never written in place, so that both folders can share them."""
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> None:
    with contextlib.suppress(OSError):
        os.link(source, target)
        return
    shutil.copyfile(source, target)

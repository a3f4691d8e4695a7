"""What a run folder says about itself, and its files."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from srbench import __version__
from srbench.core.records import Score, UserError
from srbench.methods.catalogue import METHODS
from srbench.metrics.catalogue import METRICS
from srbench.metrics.contract import Metric
from srbench.runs.evaluate import Job, weight_hashes
from srbench.runs.store import FORMAT, Store
from srbench.tables.boards import Board, MetricInfo, boards, significance
from srbench.tables.pirm import COLUMNS as PIRM_COLUMNS
from srbench.tables.pirm import pirm_rows
from srbench.tables.text import (
    LEGEND,
    SCORE_COLUMNS,
    SIGNIFICANCE_COLUMNS,
    leaderboard_markdown,
    leaderboard_rows,
    pirm_markdown,
    score_rows,
    write_csv,
    write_text,
)

_PACKAGES = ("numpy", "scipy", "numba", "pillow", "torch", "torchvision", "lpips", "pyiqa", "scikit-image")


def existing_run(folder: Path) -> Path:
    """The folder itself if it holds a run, else a `UserError`."""
    if not (folder / "store.sqlite").is_file():
        raise UserError(f"{folder} holds no run; make one with: srbench run --out {folder}")
    return folder


def metric_info(metric: Metric) -> MetricInfo:
    """What tables need to know of a metric."""
    return MetricInfo(metric.name, metric.title, metric.unit, metric.higher_is_better, metric.aggregate)


def put_facts(store: Store, job: Job) -> None:
    """Records what the names of this job stand for: protocol, metrics, methods and their weights."""
    with store.transaction():
        order = METRICS.names()
        store.put_fact("protocol", job.protocol.name, job.protocol.as_dict())
        for metric in job.metrics:
            fact = asdict(metric_info(metric)) | {
                "version": metric.version,
                "source": metric.source,
                "weights": weight_hashes(metric.weights),
                "order": order.index(metric.name) if metric.name in order else len(order),
            }
            store.put_fact("metric", metric.name, fact)
        for method in job.methods.values():
            fact = {
                "kind": method.kind,
                "source": method.source,
                "version": method.version,
                "weights": weight_hashes(method.weights),
                "remark": method.remark,
            }
            store.put_fact("method", method.name, fact)


def run_record(command: Sequence[str], started: str, seconds: float) -> dict[str, Any]:
    """One command of the folder's history: what ran, when, how long, with which versions, on what."""
    return {
        "command": " ".join([Path(command[0]).name, *command[1:]]),
        "started": started,
        "seconds": round(seconds, 3),
        "versions": {"srbench": __version__, "python": platform.python_version(), **_versions()},
        "machine": {
            "system": f"{platform.system()} {platform.release()}",
            "processor": platform.machine(),
            "cores": os.cpu_count(),
        },
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def read_boards(store: Store) -> list[Board]:
    """The leaderboards of everything in a store."""
    return _boards(store, store.results())


def metric_infos(store: Store, scores: Sequence[Score]) -> dict[str, MetricInfo]:
    """The metrics of a run in the order of their registration, as the run recorded them."""
    names = {field.name for field in fields(MetricInfo)}
    facts = store.facts("metric")
    order = sorted(facts, key=lambda name: facts[name]["order"])
    known = {
        name: MetricInfo(**{key: value for key, value in facts[name].items() if key in names})
        for name in order
    }
    for name in sorted({score.metric for score in scores} - known.keys()):
        known[name] = MetricInfo(name, name, "", higher_is_better=True, aggregate="mean")
    return known


def reference_methods(store: Store) -> set[str]:
    """The methods of a run that are the reference itself, and so are not ranked."""
    return {name for name, fact in store.facts("method").items() if fact["kind"] == "reference"}


def method_remarks(facts: dict[str, Any]) -> dict[str, str]:
    """What readers must know of methods, from a run's facts about them."""
    return {name: fact["remark"] for name, fact in facts.items() if fact.get("remark")}


def _boards(store: Store, scores: list[Score]) -> list[Board]:
    return boards(
        scores,
        metric_infos(store, scores),
        method_order=METHODS.names(),
        references=reference_methods(store),
        remarks=method_remarks(store.facts("method")),
    )


def write_files(store: Store, out: Path) -> list[Board]:
    """Writes `scores.csv`, the leaderboards, `significance.csv` and `run.json`; returns the boards."""
    scores = store.results()
    made = _boards(store, scores)
    infos = metric_infos(store, scores)
    write_csv(out / "scores.csv", SCORE_COLUMNS, score_rows(scores))
    columns, rows = leaderboard_rows(made)
    write_csv(out / "leaderboard.csv", columns, rows)
    challenge = pirm_rows(scores)
    write_text(out / "leaderboard.md", leaderboard_markdown(made) + LEGEND + pirm_markdown(challenge))
    if challenge:
        write_csv(out / "pirm.csv", PIRM_COLUMNS, (asdict(row) for row in challenge))
    tests = significance(scores, infos, reference_methods(store))
    write_csv(out / "significance.csv", SIGNIFICANCE_COLUMNS, tests)
    facts = {f"{kind}s": store.facts(kind) for kind in ("protocol", "dataset", "method", "metric")}
    description = {"format": FORMAT, **facts, "runs": store.runs()}
    write_text(out / "run.json", json.dumps(description, indent=1, ensure_ascii=False) + "\n")
    return made

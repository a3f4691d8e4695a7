"""`srbench doctor`: what is installed, what is here, what is missing and how to get it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from srbench.core.files import cache_folder
from srbench.core.records import UserError
from srbench.datasets.catalogue import DATASETS
from srbench.datasets.folders import data_roots, find_folder
from srbench.methods.catalogue import METHODS
from srbench.metrics.catalogue import METRICS


@dataclass(frozen=True)
class Finding:
    """One line of the report: `missing` says what to do, None where all is well."""

    group: str
    name: str
    detail: str
    missing: str | None


def examine(roots: list[Path]) -> list[Finding]:
    """Everything that decides what can run here; nothing is downloaded or imported."""
    findings = [_package(name) for name in _packages()]
    findings.append(Finding("cache", "folder", str(cache_folder()), None))
    for dataset in DATASETS:
        try:
            folder = find_folder(dataset, data_roots(roots))
            findings.append(Finding("data set", dataset.name, str(folder), None))
        except UserError:
            how = dataset.instructions if dataset.remote is None else f"srbench datasets pull {dataset.name}"
            findings.append(Finding("data set", dataset.name, dataset.title, how))
    findings += [Finding("method", m.name, m.summary, m.unavailable()) for m in METHODS]
    findings += [Finding("metric", m.name, m.title, m.unavailable()) for m in METRICS]
    return findings


def _packages() -> list[str]:
    try:
        listed = requires("srbench") or []
    except PackageNotFoundError:
        return []
    plain = [line for line in listed if "extra ==" not in line]
    return [line.split(">")[0].split("=")[0].split("<")[0].split("[")[0].strip() for line in plain]


def _package(name: str) -> Finding:
    try:
        return Finding("package", name, version(name), None)
    except PackageNotFoundError:
        return Finding("package", name, "not installed", f"pip install {name}")

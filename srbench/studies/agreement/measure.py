"""Puts opinions beside metrics: from a run's scores, or measured on a folder of images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from srbench.core.progress import SILENT, Progress
from srbench.core.records import UserError
from srbench.images.names import image_files
from srbench.metrics.contract import Metric
from srbench.protocols import Protocol
from srbench.runs.data import RunData
from srbench.runs.score import Candidate, score_images
from srbench.studies.agreement.opinions import Opinion
from srbench.studies.people.database import Study
from srbench.studies.people.opinion_tables import image_rows
from srbench.studies.people.responses import opinions as opinions_of


@dataclass
class Material:
    """Opinions with the values of metrics on the same images.

    `values` are arrays by metric in the order of the opinions, NaN where a metric has none; `signs` is -1
    for metrics where lower is better.
    """

    opinions: list[Opinion]
    values: dict[str, np.ndarray]
    titles: dict[str, str]
    signs: dict[str, int]
    remarks: list[str] = field(default_factory=list)


def of_study(study: Study, run: RunData, protocol: str, metrics: Sequence[str]) -> Material:
    """The mean opinion of each version in a study of opinion scores, and the run's scores of it."""
    if study.settings.design != "mos":
        raise UserError(
            "correlations need opinion scores; this study has choices (see scores.csv of its analysis)"
        )
    rows = [row for part in opinions_of(study, study.judged()) for row in image_rows(part)]
    scores: dict[tuple[str, str, str], dict[str, float]] = {}
    for score in run.scores:
        if score.protocol == protocol and score.value is not None and math.isfinite(score.value):
            scores.setdefault((score.dataset, score.image, score.method), {})[score.metric] = score.value
    infos = {name: info for name, info in run.metrics().items() if not metrics or name in metrics}
    for name in metrics:
        if name not in infos:
            raise UserError(f"the run has no metric '{name}'; it has: {', '.join(run.metrics())}")
    references = run.references()
    # The original has an infinite or trivial score, and nobody compares it.
    kept = [row for row in rows if row["method"] not in references]
    found = [
        Opinion(
            f"{row['image']}/{row['method']}", f"{row['dataset']}/{row['image']}", row["method"], row["mos"]
        )
        for row in kept
    ]
    places = [(row["dataset"], row["image"], row["method"]) for row in kept]
    values = {
        name: np.array([scores.get(place, {}).get(name, math.nan) for place in places]) for name in infos
    }
    return Material(
        found,
        values,
        {name: info.title for name, info in infos.items()},
        {name: 1 if info.higher_is_better else -1 for name, info in infos.items()},
    )


def of_images(
    opinions: list[Opinion],
    images: Path,
    references: Path | None,
    metrics: Sequence[Metric],
    protocol: Protocol,
    *,
    device: str,
    progress: Progress = SILENT,
) -> Material:
    """Measures metrics on the images that the opinions name; those that are not here are left out."""
    files = _by_name(images)
    originals = files if references is None else _by_name(references)
    chosen: list[Opinion] = []
    candidates: list[Candidate] = []
    for one in opinions:
        path = _found(files, one.image)
        if path is None:
            continue
        reference = _found(originals, one.reference)
        reason = "" if reference is not None else f"no reference {one.reference}"
        chosen.append(one)
        candidates.append(Candidate(one.image, path, reference, reason))
    if not chosen:
        raise UserError(f"{images} holds none of the {len(opinions)} images that the opinions name")
    scores = score_images(candidates, list(metrics), protocol, 4, device=device, progress=progress)
    values = {metric.name: np.full(len(chosen), math.nan) for metric in metrics}
    for index, score in enumerate(scores):
        if score.value is not None and math.isfinite(score.value):
            values[score.metric][index // len(metrics)] = score.value
    missing = len(opinions) - len(chosen)
    return Material(
        chosen,
        values,
        {metric.name: metric.title for metric in metrics},
        {metric.name: 1 if metric.higher_is_better else -1 for metric in metrics},
        [f"{missing} of {len(opinions)} images are not in {images}"] if missing else [],
    )


def _by_name(folder: Path) -> dict[str, Path]:
    """Files by what opinions may call them: path below the folder, name, stem."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder")
    folders = [folder, *sorted(path for path in folder.rglob("*") if path.is_dir())]
    found: dict[str, Path] = {}
    for each in folders:
        for path in image_files(each):
            for name in (str(path.relative_to(folder)), path.name, path.stem):
                found.setdefault(name, path)
    return found


def _found(files: dict[str, Path], name: str) -> Path | None:
    return files.get(name) or files.get(Path(name).name) or files.get(Path(name).stem)

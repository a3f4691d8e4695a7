"""Puts opinions beside metrics: from a run's scores, or measured on a folder of images."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from srbench.core.records import SILENT, Progress, UserError
from srbench.metrics.contract import Metric
from srbench.protocols import Protocol
from srbench.runs.data import RunData
from srbench.runs.score import Candidate, score_images
from srbench.studies.agreement.files import Files
from srbench.studies.agreement.opinions import Opinion
from srbench.studies.people.database import Study
from srbench.studies.people.opinion_tables import image_rows
from srbench.studies.people.responses import rated


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
    rows = [row for part in rated(study, "srbench agreement") for row in image_rows(part)]
    scores, signs = metrics_of_run(run, protocol, metrics)
    infos = run.metrics()
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
        name: np.array([scores.get(place, {}).get(name, math.nan) for place in places]) for name in signs
    }
    return Material(found, values, {name: infos[name].title for name in signs}, signs)


def metrics_of_run(
    run: RunData, protocol: str, metrics: Sequence[str]
) -> tuple[dict[tuple[str, str, str], dict[str, float]], dict[str, int]]:
    """The finite scores of a run by (data set, image, method) and metric, and the sign of each metric: -1
    where lower is better. Empty `metrics` take all."""
    scores: dict[tuple[str, str, str], dict[str, float]] = {}
    for score in run.scores:
        if score.protocol == protocol and score.value is not None and math.isfinite(score.value):
            scores.setdefault((score.dataset, score.image, score.method), {})[score.metric] = score.value
    infos = {name: info for name, info in run.metrics().items() if not metrics or name in metrics}
    for name in metrics:
        if name not in infos:
            raise UserError(f"the run has no metric '{name}'; it has: {', '.join(run.metrics())}")
    return scores, {name: 1 if info.higher_is_better else -1 for name, info in infos.items()}


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
    compared = [one for one in opinions if not one.is_original]
    found = found_images({one.image: one.reference for one in compared}, images=images, references=references)
    chosen = [one for one in compared if one.image in found]
    candidates = [found[one.image] for one in chosen]
    scores = score_images(candidates, list(metrics), protocol, 4, device=device, progress=progress)
    values = {metric.name: np.full(len(chosen), math.nan) for metric in metrics}
    for index, score in enumerate(scores):
        if score.value is not None and math.isfinite(score.value):
            values[score.metric][index // len(metrics)] = score.value
    remarks = []
    if len(compared) < len(opinions):
        remarks.append(f"{len(opinions) - len(compared)} originals are not compared")
    if len(chosen) < len(compared):
        remarks.append(f"{len(compared) - len(chosen)} of {len(compared)} images are not in {images}")
    return Material(
        chosen,
        values,
        {metric.name: metric.title for metric in metrics},
        {metric.name: 1 if metric.higher_is_better else -1 for metric in metrics},
        remarks,
    )


def found_images(
    references_of: Mapping[str, str], *, images: Path, references: Path | None
) -> dict[str, Candidate]:
    """The images that are here, by name, each with its reference or the reason why it has none.

    `references_of` gives the reference's name by the image's; without a folder of references they are looked
    for among the images.
    """
    files = Files(images)
    originals = files if references is None else Files(references)
    found: dict[str, Candidate] = {}
    for name, of in references_of.items():
        path = files.find(name)
        if path is not None:
            reference, reason = _reference(originals, of, path)
            found[name] = Candidate(name, path, reference, reason)
    if not found:
        raise UserError(f"{images} holds none of the {len(references_of)} images that the opinions name")
    return found


def _reference(originals: Files, name: str, image: Path) -> tuple[Path | None, str]:
    try:
        found = originals.find(name) if name else None
    except UserError as error:
        return None, f"no reference: {error}"
    # An image that is not its own reference has lost its own where only it is found.
    if found is None or found == image:
        return None, f"no reference {name}"
    return found, ""

"""Choices between two versions beside metrics: of own studies of preferences or rankings, and public ones.

Public choices are a table with the columns `name1_column`, `name2_column`, `score1_column` and
`score2_column`: two images and the shares of votes for each, as the 1,056 pairs of RealSR-1K.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from srbench.core.records import SILENT, Progress, UserError
from srbench.metrics.contract import Metric
from srbench.protocols import Protocol
from srbench.runs.data import RunData
from srbench.runs.score import score_images
from srbench.studies.agreement.measure import found_images, metrics_of_run
from srbench.studies.people.database import Study
from srbench.studies.people.responses import choices

_COLUMNS = ("name1_column", "name2_column", "score1_column", "score2_column")


@dataclass(frozen=True)
class Question:
    """Two versions of a reference, and how many of the `votes` were for the first one (a share, 0 to 1)."""

    first: str
    second: str
    reference: str
    methods: tuple[str, str]
    share: float
    votes: float


@dataclass
class VoteMaterial:
    """Questions with the values of metrics on both versions: arrays of questions x 2 by metric, NaN where a
    metric has none, higher is better throughout."""

    questions: list[Question]
    values: dict[str, np.ndarray]
    remarks: list[str] = field(default_factory=list)


def is_votes(path: Path) -> bool:
    """Whether a file is a table of choices."""
    if path.suffix.lower() != ".csv":
        return False
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            return set(_COLUMNS) <= set(next(csv.reader(stream), []))
    except (OSError, UnicodeDecodeError, csv.Error):
        return False


def read_votes(path: Path) -> list[Question]:
    """The choices of a table."""
    with path.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        found = [_question(path, reader.line_num, row) for row in reader]
    if not found:
        raise UserError(f"{path} holds no choices")
    return found


def _question(path: Path, line: int, row: dict[str, str | None]) -> Question:
    names = [(row[name] or "").strip() for name in _COLUMNS[:2]]
    try:
        given = [float(row[name] or "") for name in _COLUMNS[2:]]
    except ValueError:
        given = [math.nan]
    total = sum(given)
    if not all(names) or not all(value >= 0 for value in given) or not 0 < total < math.inf:
        raise UserError(f"{path}, line {line}: needs two images and the votes for each")
    stems = [Path(name).stem.rpartition("_") for name in names]
    if stems[0][0] != stems[1][0]:
        raise UserError(f"{path}, line {line}: {names[0]} and {names[1]} are not of one image")
    # Shares of votes weigh each question alike.
    return Question(names[0], names[1], stems[0][0], (stems[0][2], stems[1][2]), given[0] / total, total)


def votes_of_study(study: Study, run: RunData, protocol: str, metrics: Sequence[str]) -> VoteMaterial:
    """The choices of a study of preferences or rankings, and the run's scores of both versions."""
    scores, signs = metrics_of_run(run, protocol, metrics)
    references = run.references()
    questions: list[Question] = []
    places: list[tuple[tuple[str, str, str], ...]] = []
    for part in choices(study, study.judged()):
        counts: dict[tuple[int, int, int], list[int]] = {}
        votes = part.votes
        for image, winner, loser in zip(votes.images, votes.winners, votes.losers, strict=True):
            pair = (int(image), int(min(winner, loser)), int(max(winner, loser)))
            counts.setdefault(pair, [0, 0])[int(winner > loser)] += 1
        for (image, a, b), (wins, losses) in sorted(counts.items()):
            methods = (part.methods[a], part.methods[b])
            if references & set(methods):
                continue
            name = part.images[image]
            questions.append(
                Question(
                    f"{name}/{methods[0]}",
                    f"{name}/{methods[1]}",
                    f"{part.dataset}/{name}",
                    methods,
                    wins / (wins + losses),
                    float(wins + losses),
                )
            )
            places.append(tuple((part.dataset, name, method) for method in methods))
    if not questions:
        raise UserError(f"{study.folder} has no choices between two methods' outputs")
    values = {
        name: sign * np.array([[scores.get(one, {}).get(name, math.nan) for one in two] for two in places])
        for name, sign in signs.items()
    }
    return VoteMaterial(questions, values)


def votes_of_images(
    questions: list[Question],
    images: Path,
    references: Path | None,
    metrics: Sequence[Metric],
    protocol: Protocol,
    *,
    device: str,
    progress: Progress = SILENT,
) -> VoteMaterial:
    """Measures metrics on the images of public choices; questions whose images are not here are left out."""
    names = {name: one.reference for one in questions for name in (one.first, one.second)}
    found = found_images(names, images=images, references=references)
    chosen = [one for one in questions if one.first in found and one.second in found]
    if not chosen:
        raise UserError(f"{images} holds both versions of none of the {len(questions)} questions")
    candidates = [found[name] for name in dict.fromkeys(n for one in chosen for n in (one.first, one.second))]
    scores = score_images(candidates, list(metrics), protocol, 4, device=device, progress=progress)
    signs = {metric.name: 1 if metric.higher_is_better else -1 for metric in metrics}
    value = {
        (score.image, score.metric): signs[score.metric] * score.value
        for score in scores
        if score.value is not None
    }
    values = {
        metric.name: np.array(
            [[value.get((name, metric.name), math.nan) for name in (one.first, one.second)] for one in chosen]
        )
        for metric in metrics
    }
    lost = len(questions) - len(chosen)
    return VoteMaterial(
        chosen, values, [f"{lost} of {len(questions)} questions lack an image in {images}"] if lost else []
    )

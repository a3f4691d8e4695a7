"""`srbench score`: any images, without a data set."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.records import SILENT, Progress, Unscorable, UserError
from srbench.core.text import plain
from srbench.images.codec import read_in_bits
from srbench.images.names import (
    existing_folder,
    image_files,
    image_identifier,
    match_files,
    no_image_files,
    nothing_there,
)
from srbench.images.pixels import crop_to_multiple
from srbench.metrics.catalogue import METRICS
from srbench.metrics.catalogue import resolve as resolve_metric
from srbench.metrics.contract import Measured, Metric, View, measure, unmeasured
from srbench.protocols import Protocol
from srbench.runs.execute import choose_workers, execute
from srbench.runs.tasks import OUTPUT, Note, Step
from srbench.runs.workers import Limits

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class ImageScore:
    """One metric of one image file: a value, or None and the reason in `status`."""

    image: str
    metric: str
    value: float | None
    status: str
    seconds: float


@dataclass(frozen=True)
class Candidate:
    """An image to score (None where it is missing), with its reference or the reason why it has none."""

    image: str
    path: Path | None
    reference: Path | None
    reason: str = ""


def candidates(images: Path, reference: Path | None) -> list[Candidate]:
    """Pairs up FILE or DIR with `--reference FILE|DIR`; files are matched by their names' stems.

    References of a folder that no image of the folder belongs to count as images that are missing.
    """
    if not images.exists():
        raise UserError(nothing_there(images))
    files = [images] if images.is_file() else image_files(images)
    if not files:
        raise UserError(no_image_files(images))
    if reference is None:
        return _distinct([Candidate(plain(path.stem), path, None) for path in files])
    if not reference.exists():
        raise UserError(nothing_there(reference))
    if reference.is_file():
        if images.is_dir():
            raise UserError(f"--reference is one file, but {images} is a folder; give a folder of references")
        return [Candidate(image_identifier(images.stem), images, reference)]
    references = image_files(existing_folder(reference))
    if not references:
        raise UserError(no_image_files(reference))
    found = _matched(files, references, reference)
    return _distinct([each for each in found if each.path is not None or images.is_dir()])


def _distinct(found: list[Candidate]) -> list[Candidate]:
    """Files that differ in their suffix only are called by their whole names."""
    count = Counter(candidate.image for candidate in found)
    return [
        replace(each, image=plain(each.path.name)) if each.path and count[each.image] > 1 else each
        for each in found
    ]


def _matched(files: list[Path], references: list[Path], folder: Path) -> list[Candidate]:
    """A candidate for each file, then one for each reference without a file."""
    by_identifier: dict[str, list[Path]] = {}
    for path in references:
        by_identifier.setdefault(image_identifier(path.stem), []).append(path)
    matches = match_files(by_identifier, files)
    owner = {path: identifier for identifier, matched in matches.items() for path in matched}
    made = []
    for path in files:
        identifier = owner.get(path)
        if identifier is None:
            reason = f"no reference in {folder} for {path.name}"
            made.append(Candidate(plain(path.stem), path, None, reason))
        elif len(by_identifier[identifier]) > 1:
            names = ", ".join(reference.name for reference in by_identifier[identifier][:3])
            made.append(
                Candidate(plain(path.stem), path, None, f"several references fit {path.name}: {names}")
            )
        else:
            made.append(Candidate(plain(path.stem), path, by_identifier[identifier][0]))
    for identifier in sorted(name for name, matched in matches.items() if not matched):
        reference = by_identifier[identifier][0]
        reason = f"no image for the reference {reference.name}"
        made.append(Candidate(identifier, None, reference, reason))
    return made


@dataclass(frozen=True)
class FileTask:
    """Everything that is to be measured of one file; `reasons` are those of metrics that are not to be
    tried, or under `OUTPUT` of the file as a whole."""

    candidate: Candidate
    metrics: tuple[str, ...]
    protocol: Protocol
    scale: int
    device: str
    reasons: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        """The image."""
        return self.candidate.image

    def parts(self) -> list[FileTask]:
        """Itself: it is about one image."""
        return [self]

    def steps(self) -> list[Step]:
        """What has still to be measured."""
        given_up = dict(self.reasons)
        return [Step(self.label, "", name) for name in self.metrics if not {name, OUTPUT} & given_up.keys()]

    def good(self, found: Iterable[Measured]) -> list[Step]:
        """The metrics that have values."""
        return [Step(self.label, "", each.metric) for each in found if each.value is not None]

    def without(self, step: Step, reason: str) -> FileTask:
        """The same with a reason in place of a step."""
        return replace(self, reasons=(*self.reasons, (step.metric, reason)))


def score_images(
    found: list[Candidate],
    metrics: list[Metric],
    protocol: Protocol,
    scale: int,
    *,
    device: str,
    progress: Progress = SILENT,
    workers: int = 1,
    limits: Limits | None = None,
) -> list[ImageScore]:
    """Every metric of every image, in order; failures become reasons."""
    names = tuple(metric.name for metric in metrics)
    tasks = [FileTask(candidate, names, protocol, scale, device) for candidate in found]
    done = execute(
        score_files,
        tasks,
        workers=choose_workers(workers, len(tasks), device),
        apart=any(METRICS.is_plugged(name) for name in names),
        limits=limits or Limits(),
    )
    scores: dict[str, list[ImageScore]] = {}
    progress.begin(len(tasks))
    with contextlib.closing(done):
        for task, measured in done:
            scores[task.label] = [ImageScore(task.label, **asdict(each)) for each in measured]
            progress.advance()
    return [score for candidate in found for score in scores[candidate.image]]


def score_files(tasks: Iterable[FileTask], note: Note) -> Iterator[tuple[Measured, ...]]:
    """The metrics of each file, in their order."""
    for task in tasks:
        yield _score_one(task, note)


def _score_one(task: FileTask, note: Note) -> tuple[Measured, ...]:
    reasons = dict(task.reasons)
    if OUTPUT in reasons:
        return unmeasured(task.metrics, reasons[OUTPUT])
    note(Step(task.label, ""))
    candidate, protocol = task.candidate, task.protocol
    try:
        if candidate.path is None:
            raise Unscorable(candidate.reason)
        given = candidate.reference
        reference = None if given is None else read_in_bits(given, protocol.bits)
        image = read_in_bits(candidate.path, protocol.bits)
    except Unscorable as error:
        return unmeasured(task.metrics, str(error))
    metrics = [resolve_metric(name) for name in task.metrics]
    if candidate.reason:
        reasons |= {metric.name: candidate.reason for metric in metrics if metric.needs_reference}
    if reference is not None:
        reference = _as_run(reference, image, task.scale)
    gray = None if reference is None else reference.ndim == 2
    found = measure(
        [metric for metric in metrics if metric.name not in reasons],
        View(image, protocol, task.scale, gray_reference=gray, device=task.device),
        None if reference is None else View(reference, protocol, task.scale, device=task.device),
        before=lambda metric: note(Step(task.label, "", metric.name)),
    )
    by_name = {each.metric: each for each in (*found, *(Measured(*item) for item in _given_up(reasons)))}
    return tuple(by_name[name] for name in task.metrics)


def _as_run(reference: np.ndarray, image: np.ndarray, scale: int) -> np.ndarray:
    """The reference cut to a multiple of the scale, as data sets are, where the image has just that size."""
    cut = crop_to_multiple(reference, scale)
    return cut if cut.shape[:2] == image.shape[:2] else reference


def _given_up(reasons: dict[str, str]) -> Iterator[tuple[str, None, str, float]]:
    return ((name, None, reason, 0.0) for name, reason in reasons.items())

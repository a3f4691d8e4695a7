"""`srbench score`: any images, without a data set."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from srbench.core.records import OK, Unscorable, UserError, reason_of
from srbench.images.codec import read_image
from srbench.images.names import existing_folder, image_files, image_identifier, match_files
from srbench.metrics.contract import Metric
from srbench.metrics.view import View
from srbench.protocols import Protocol


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
    """An image to score, with its reference or the reason why it has none."""

    image: str
    path: Path
    reference: Path | None
    reason: str = ""


def candidates(images: Path, reference: Path | None) -> list[Candidate]:
    """Pairs up FILE or DIR with `--reference FILE|DIR`; files are matched by their names' stems."""
    if not images.exists():
        raise UserError(f"{images}: no such file or folder")
    files = [images] if images.is_file() else image_files(images)
    if not files:
        raise UserError(f"{images} holds no image files")
    if reference is None:
        return _distinct([Candidate(path.stem, path, None) for path in files])
    if not reference.exists():
        raise UserError(f"{reference}: no such file or folder")
    if reference.is_file():
        if images.is_dir():
            raise UserError(f"--reference is one file, but {images} is a folder; give a folder of references")
        return [Candidate(image_identifier(images.stem), images, reference)]
    return _distinct(_matched(files, image_files(existing_folder(reference)), reference))


def _distinct(found: list[Candidate]) -> list[Candidate]:
    """Files that differ in their suffix only are called by their whole names."""
    count = Counter(candidate.image for candidate in found)
    return [replace(each, image=each.path.name) if count[each.image] > 1 else each for each in found]


def _matched(files: list[Path], references: list[Path], folder: Path) -> list[Candidate]:
    by_identifier: dict[str, list[Path]] = {}
    for path in references:
        by_identifier.setdefault(image_identifier(path.stem), []).append(path)
    owner = {
        path: identifier
        for identifier, matched in match_files(by_identifier, files).items()
        for path in matched
    }
    made = []
    for path in files:
        identifier = owner.get(path)
        if identifier is None:
            reason = f"no reference in {folder} for {path.name}"
            made.append(Candidate(path.stem, path, None, reason))
        elif len(by_identifier[identifier]) > 1:
            names = ", ".join(reference.name for reference in by_identifier[identifier][:3])
            made.append(Candidate(path.stem, path, None, f"several references fit {path.name}: {names}"))
        else:
            made.append(Candidate(path.stem, path, by_identifier[identifier][0]))
    return made


def score_images(
    found: list[Candidate],
    metrics: list[Metric],
    protocol: Protocol,
    scale: int,
    *,
    device: str,
    advance: Callable[[], None],
) -> list[ImageScore]:
    """Every metric of every image, in order; failures become reasons."""
    scores = []
    for candidate in found:
        scores += _score_one(candidate, metrics, protocol, scale, device)
        advance()
    return scores


def _score_one(
    candidate: Candidate, metrics: list[Metric], protocol: Protocol, scale: int, device: str
) -> list[ImageScore]:
    try:
        reference = None if candidate.reference is None else read_image(candidate.reference)
        gray = None if reference is None else reference.ndim == 2
        image = read_image(candidate.path)
    except Unscorable as error:
        return [ImageScore(candidate.image, metric.name, None, str(error), 0.0) for metric in metrics]
    output_view = View(image, protocol, scale, gray_reference=gray, device=device)
    reference_view = None if reference is None else View(reference, protocol, scale, device=device)
    scores = []
    for metric in metrics:
        start = time.perf_counter()
        value, status = None, OK
        try:
            if metric.needs_reference and candidate.reason:
                raise Unscorable(candidate.reason)
            value = metric.score(output_view, reference_view)
        except Exception as error:
            status = reason_of(error)
        scores.append(ImageScore(candidate.image, metric.name, value, status, time.perf_counter() - start))
    return scores

"""Runs `srbench agreement`: reads opinions and metrics, compares, writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from srbench.core.progress import SILENT, Progress
from srbench.core.records import UserError
from srbench.core.text import split_names
from srbench.studies.agreement.measure import Material, of_images, of_study
from srbench.studies.agreement.opinions import check_direction, read_opinions
from srbench.studies.agreement.results import agreements, text, write


@dataclass(frozen=True)
class Request:
    """What is compared: a study with its run, or opinions with their images."""

    study: Path | None
    run: Path | None
    opinions: Path | None
    images: Path | None
    references: Path | None
    lower_is_better: bool | None
    metrics: str
    protocol: str
    device: str


def agreement(request: Request, out: Path, *, progress: Progress = SILENT) -> tuple[str, list[Path]]:
    """The page of text, and the files that were written."""
    material = _study(request) if request.study else _public(request, progress)
    found = agreements(material, lower_is_better=bool(request.lower_is_better), progress=progress)
    return text(found), write(found, material, out)


def _study(request: Request) -> Material:
    from srbench.runs.reader import read_run
    from srbench.studies.people.boards import check_outputs
    from srbench.studies.people.database import Study

    assert request.study is not None
    assert request.run is not None
    run = read_run(request.run)
    protocols = sorted({score.protocol for score in run.scores})
    if request.protocol not in protocols:
        raise UserError(
            f"{request.run} has no scores under {request.protocol}, but under {', '.join(protocols)}"
        )
    with Study(request.study) as study:
        check_outputs(study, [request.run])
        return of_study(study, run, request.protocol, split_names(request.metrics))


def _public(request: Request, progress: Progress) -> Material:
    from srbench.core.devices import choose_device
    from srbench.protocols import PROTOCOLS
    from srbench.runs.choose import choose_metrics

    assert request.opinions is not None
    assert request.images is not None
    opinions = read_opinions(request.opinions)
    if request.lower_is_better is None:
        check_direction(opinions)
    protocol = PROTOCOLS.get(request.protocol)
    choice = choose_metrics(request.metrics or "default", protocol)
    if choice.refused or not choice.usable:
        reasons = {**choice.refused, **choice.skipped}
        raise UserError("; ".join(f"{name}: {reason}" for name, reason in reasons.items()))
    return of_images(
        opinions,
        request.images,
        request.references,
        list(choice.usable.values()),
        protocol,
        device=choose_device(request.device),
        progress=progress,
    )

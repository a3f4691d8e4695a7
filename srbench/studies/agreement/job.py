"""Runs `srbench agreement`: reads opinions and metrics, compares, writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.records import SILENT, Progress, UsageError, UserError
from srbench.core.registry import split_names
from srbench.studies.agreement.measure import Material, of_images, of_study
from srbench.studies.agreement.opinions import check_direction, read_opinions
from srbench.studies.agreement.results import agreements, text, write
from srbench.studies.agreement.vote_results import vote_agreements, vote_text, write_votes
from srbench.studies.agreement.votes import (
    VoteMaterial,
    is_votes,
    read_votes,
    votes_of_images,
    votes_of_study,
)

if TYPE_CHECKING:
    from srbench.metrics.contract import Metric
    from srbench.protocols import Protocol


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


@dataclass(frozen=True)
class _Measured:
    """What the files of public opinions need: metrics under a protocol on a device."""

    metrics: list[Metric]
    protocol: Protocol
    device: str
    remarks: list[str]


def agreement(request: Request, out: Path, *, progress: Progress = SILENT) -> tuple[str, list[Path]]:
    """The page of text, and the files that were written."""
    material = _study(request) if request.study else _public(request, progress)
    if isinstance(material, VoteMaterial):
        votes = vote_agreements(material, progress=progress)
        return vote_text(votes), write_votes(votes, out)
    found = agreements(material, lower_is_better=bool(request.lower_is_better), progress=progress)
    return text(found), write(found, material, out)


def _study(request: Request) -> Material | VoteMaterial:
    from srbench.runs.reader import read_run
    from srbench.studies.people.boards import check_outputs
    from srbench.studies.people.database import Study

    assert request.study is not None
    assert request.run is not None
    if request.lower_is_better is not None:
        raise UsageError("--lower-is-better is of --opinions; in a study 5 is the best rating")
    run = read_run(request.run)
    protocols = sorted({score.protocol for score in run.scores})
    if request.protocol not in protocols:
        raise UserError(
            f"{request.run} has no scores under {request.protocol}, but under {', '.join(protocols)}"
        )
    with Study(request.study) as study:
        check_outputs(study, [request.run])
        of = of_study if study.settings.design == "mos" else votes_of_study
        return of(study, run, request.protocol, split_names(request.metrics))


def _public(request: Request, progress: Progress) -> Material | VoteMaterial:
    assert request.opinions is not None
    assert request.images is not None
    folders = (request.images, request.references)
    if is_votes(request.opinions):
        if request.lower_is_better is not None:
            raise UsageError(f"{request.opinions} has votes, which have no direction: leave it out")
        questions = read_votes(request.opinions)
        chosen = _measured(request)
        votes = votes_of_images(
            questions, *folders, chosen.metrics, chosen.protocol, device=chosen.device, progress=progress
        )
        votes.remarks += chosen.remarks
        return votes
    opinions = read_opinions(request.opinions)
    if request.lower_is_better is None:
        check_direction(opinions)
    chosen = _measured(request)
    material = of_images(
        opinions, *folders, chosen.metrics, chosen.protocol, device=chosen.device, progress=progress
    )
    material.remarks += chosen.remarks
    return material


def _measured(request: Request) -> _Measured:
    from srbench.core.devices import choose_device
    from srbench.protocols import PROTOCOLS
    from srbench.runs.choose import choose_metrics

    protocol = PROTOCOLS.get(request.protocol)
    choice = choose_metrics(request.metrics or "default", protocol)
    if choice.refused or not choice.usable:
        reasons = {**choice.refused, **choice.skipped}
        raise UserError("; ".join(f"{name}: {reason}" for name, reason in reasons.items()))
    left_out = [f"{name} is left out: {reason}" for name, reason in choice.skipped.items()]
    return _Measured(list(choice.usable.values()), protocol, choose_device(request.device), left_out)

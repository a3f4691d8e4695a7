"""The search for the conventions that give a claimed number.

Every plane is combined with every border, gray rule, kind of SSIM and average. Around each of these one
thing more is done otherwise, and two things only where nothing simpler agrees, because among thousands of
combinations some agree by chance. SSIM of departures is computed where their PSNR agrees.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from srbench.core.records import SILENT, Progress
from srbench.studies.explain.claim import Claim
from srbench.studies.explain.conventions import (
    Convention,
    averages,
    double_departures,
    planes_and_borders,
    single_departures,
    with_similarities,
)
from srbench.studies.explain.measure import Measured, measure
from srbench.studies.explain.resamplers import LUMA_ALONE
from srbench.studies.explain.sources import Sources
from srbench.studies.explain.words import used_by

# Planes around which two departures are looked for: those that papers and libraries use.
_USUAL = (("bt601", True), ("bt601", False), ("rgb", True))


@dataclass(frozen=True)
class Row:
    """A convention with what the images score under it, best first in an explanation.

    `matches` says whether that prints as what is claimed; `distance` is in units of the claim's last
    digits, None without a claim.
    """

    convention: Convention
    psnr: float
    ssim: float | None
    matches: bool
    distance: float | None


@dataclass(frozen=True)
class Choice:
    """What one choice other than those of `base` makes: differences of PSNR (dB) and SSIM."""

    convention: Convention
    psnr: float
    ssim: float | None


@dataclass(frozen=True)
class Explanation:
    """Conventions, best first; what each choice makes, from the first; whether pairs of departures were
    looked through."""

    title: str
    claim: Claim | None
    rows: list[Row]
    choices: list[Choice]
    doubles: bool

    @property
    def matching(self) -> list[Row]:
        """The conventions that give the claimed digits."""
        return [row for row in self.rows if row.matches]


class _Search:
    """One search: the images, the claim, and what was measured."""

    def __init__(
        self, sources: Sources, claim: Claim | None, scale: int, workers: int, progress: Progress
    ) -> None:
        self.sources = sources
        self.claim = claim
        self.scale = scale
        self._workers = workers
        self._progress = progress
        inputs, upscaler = sources.variants[0]
        self.planes = [
            replace(convention, inputs=inputs, upscaler=upscaler)
            for convention in planes_and_borders(scale, gray_files=sources.gray_files)
        ]

    def measured(self, wanted: Iterable[Convention], *, similar: bool = True) -> list[Measured]:
        return measure(
            self.sources.loads, wanted, similar=similar, workers=self._workers, progress=self._progress
        )

    def agreeing(self, departures: Iterable[Convention]) -> list[Measured]:
        """Departures that agree with the claim, with every kind of SSIM."""
        if self.claim is None or self.claim.psnr is None:
            return []
        near = [
            found.convention
            for found in self.measured(departures, similar=False)
            if self.claim.psnr.agrees(found.psnr)
        ]
        return [
            found for found in self.measured(self._kinds(near)) if self.claim.agrees(found.psnr, found.ssim)
        ]

    def _kinds(self, conventions: list[Convention]) -> list[Convention]:
        """With every kind of SSIM, where an SSIM is claimed that tells them apart."""
        return list(with_similarities(conventions)) if self.claim and self.claim.ssim else conventions

    def variants(self) -> list[Convention]:
        """The usual planes on images of other making."""
        return [
            replace(convention, inputs=inputs, upscaler=upscaler)
            for inputs, upscaler in self.sources.variants[1:]
            for convention in self.planes
            if convention.luma == "bt601" and (inputs != LUMA_ALONE or _is_of_luma(convention))
        ]

    def row(self, found: Measured) -> Row:
        """What was found of a convention as a line of the answer, beside what is claimed."""
        claim = self.claim
        return Row(
            found.convention,
            found.psnr,
            found.ssim,
            matches=claim is not None and claim.agrees(found.psnr, found.ssim),
            distance=None if claim is None else claim.distance(found.psnr, found.ssim),
        )

    def base(self) -> list[Measured]:
        """Every plane, border, gray rule and average; every kind of SSIM unless PSNR alone is claimed."""
        planes = self.planes if self.claim and not self.claim.ssim else with_similarities(self.planes)
        return self.measured([each for convention in planes for each in averages(convention)])


def _is_of_luma(convention: Convention) -> bool:
    """Whether a convention leaves a plane of luma as it is."""
    return convention.rounded and convention.gray in ("any", "full-range")


def explain(
    sources: Sources,
    claim: Claim | None,
    scale: int,
    *,
    workers: int,
    progress: Progress = SILENT,
) -> Explanation:
    """Scores the images under the conventions of the field; those that give the claim come first."""
    search = _Search(sources, claim, scale, workers, progress)
    progress.begin((3 if claim else 2) * len(sources.loads))
    found = search.base()
    found += search.measured(search.variants()) if len(sources.variants) > 1 else []
    doubles = False
    if claim is not None:
        found += search.agreeing(
            departure for base in search.planes for departure in single_departures(base, scale)
        )
        if not any(claim.agrees(each.psnr, each.ssim) for each in found):
            doubles = True
            usual = [base for base in search.planes if (base.luma, base.rounded) in _USUAL]
            usual = [base for base in usual if base.border in (0, scale) and base.gray != "output-limited"]
            found += search.agreeing(departure for base in usual for departure in double_departures(base))
    rows = sorted((search.row(each) for each in found), key=lambda row: _order(row, scale))
    return Explanation(sources.title, claim, rows, _choices(search, rows), doubles)


def _order(row: Row, scale: int) -> tuple[bool, int, bool, float, int]:
    """Agreeing ones first, of these the simplest and those of known papers; then the nearest.

    Without a claim the usual ones come first.
    """
    convention = row.convention
    departures = len(convention.departures()) + (convention.average == "mse")
    departures += convention.inputs not in ("given", "matlab") or convention.upscaler != "given"
    distance = 0.0 if row.distance is None else row.distance
    unknown = not used_by(convention, scale)
    if row.matches or row.distance is None:
        return not row.matches, departures, unknown, distance, convention.border
    return not row.matches, 0, False, distance, departures


def _choices(search: _Search, rows: list[Row]) -> list[Choice]:
    """What every single change of the best convention makes, the largest first."""
    if not rows:
        return []
    best = rows[0]
    known = {row.convention: row for row in rows}
    around = [row.convention for row in rows if _changes(row.convention, best.convention) == 1]
    departures = single_departures(best.convention, search.scale)
    wanted = [
        each
        for each in departures
        if each not in known and _changes(each, best.convention) == 1 and min(each.shift) >= 0
    ]
    measured = [search.row(each) for each in search.measured(wanted)] + [known[each] for each in around]
    found = [
        Choice(
            row.convention,
            row.psnr - best.psnr,
            None if row.ssim is None or best.ssim is None else row.ssim - best.ssim,
        )
        for row in measured
    ]
    return sorted(found, key=lambda choice: (-abs(choice.psnr), -abs(choice.ssim or 0.0)))


def _changes(one: Convention, other: Convention) -> int:
    """How many choices differ; a mean squared error over images or over pixels is one choice."""
    names = set(Convention.__dataclass_fields__) - {"pooled"}
    changed = sum(getattr(one, name) != getattr(other, name) for name in names)
    return changed + (one.average == other.average and one.pooled != other.pooled)

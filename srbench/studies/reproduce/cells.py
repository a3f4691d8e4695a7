"""Cells of the papers' tables: reported, measured, their difference, and how they agree."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

from srbench.core.records import Score
from srbench.metrics.catalogue import METRICS
from srbench.protocols import PROTOCOLS
from srbench.statistics.intervals import aggregate
from srbench.studies.reported import Reported, measures_as_selfexsr, per_image, reported
from srbench.studies.reproduce.experiments import Measured
from srbench.studies.reproduce.records import Paper, PaperTable

REPRODUCED = "reproduced"
WITHIN = {"dB": "within 0.02 dB", "": "within 0.001"}
DIFFERS = "differs"
STAND_IN = "stand-in"
PUBLISHED = "published"
NOT_RUN = "could not run"
# Weights of others say nothing of what a paper's authors measured.
_NOT_THEIRS = ("third party", "trained with srbench", "given weights", "the user's")


@dataclass(frozen=True)
class Want:
    """What a printed number takes: a method on a data set, by a metric under a protocol."""

    dataset: str
    scale: int
    protocol: str
    method: str
    metric: str


@dataclass(frozen=True)
class Origin:
    """Whose work the outputs of a method are (`Method.origin`), and what the method is in words."""

    kind: str = ""
    what: str = ""

    @property
    def is_stand_in(self) -> bool:
        """Whether it only stands for what the paper's authors had."""
        return any(part in self.kind for part in _NOT_THEIRS)


@dataclass(frozen=True)
class Whole:
    """A value of a whole set that is no mean of scores of images, over `n` of them, and where it is from."""

    value: float
    n: int
    what: str


@dataclass(frozen=True)
class Evidence:
    """What there is to fill tables with: scores, why wants have none, and whose work each method is.

    `wholes` are values of whole sets, of classifiers and of agreement with people; `experiments` are of what
    papers show without a table.
    """

    scores: dict[Want, dict[str, Score]]
    reasons: dict[Want, str]
    origins: dict[str, Origin]
    wholes: dict[Want, Whole] = field(default_factory=dict)
    experiments: tuple[Measured, ...] = ()


@dataclass(frozen=True)
class Cell:
    """A printed number beside the measured one; `measured` is None exactly when there is a `reason`.

    `published` is the mean of values per image that authors published, where that prints as the number.
    """

    reported: Reported
    table: PaperTable
    want: Want
    measured: float | None
    n: int
    status: str
    reason: str
    origin: Origin
    published: float | None = None

    @property
    def difference(self) -> float | None:
        """Measured minus reported; 0 where both are infinite."""
        if self.measured is None:
            return None
        return 0.0 if self.measured == self.reported.value else self.measured - self.reported.value


def want_of(row: Reported, table: PaperTable) -> Want:
    """What measuring a printed number takes."""
    return Want(
        dataset=row.dataset,
        scale=row.scale,
        protocol=table.protocol,
        method=table.method_of(row.method, row.dataset),
        metric=table.metrics.get(row.metric, row.metric),
    )


def rows_of(paper: Paper, datasets: tuple[str, ...]) -> list[tuple[Reported, PaperTable]]:
    """The printed numbers of a paper on these data sets (all when empty)."""
    rows = [(row, paper.table(row.table)) for row in reported(paper.name)]
    return [(row, table) for row, table in rows if not datasets or row.dataset in datasets]


def make_cells(paper: Paper, evidence: Evidence, datasets: tuple[str, ...]) -> list[Cell]:
    """Every cell of the paper's tables, in the order in which they are printed."""
    return [_cell(row, table, evidence) for row, table in rows_of(paper, datasets)]


def _cell(row: Reported, table: PaperTable, evidence: Evidence) -> Cell:
    want = want_of(row, table)
    if whole := evidence.wholes.get(want):
        origin = replace(evidence.origins.get(want.method, Origin()), what=whole.what)
        status = STAND_IN if origin.is_stand_in else agreement(row, whole.value, "")
        return Cell(row, table, want, whole.value, whole.n, status, "", origin)
    scores = evidence.scores.get(want, {})
    reason = _reason(want, scores, evidence, otherwise=table.reason(row.metric) or "not measured")
    if reason:
        mean = None if scores or table.reason(row.metric) else _published(row, table)
        status = NOT_RUN if mean is None else PUBLISHED
        return Cell(row, table, want, None, 0, status, reason, Origin(), mean)
    values = [score.value for score in scores.values() if score.value is not None]
    measured = aggregate(values, METRICS.get(want.metric).aggregate)
    origin = evidence.origins.get(want.method, Origin())
    status = STAND_IN if origin.is_stand_in else agreement(row, measured, METRICS.get(want.metric).unit)
    return Cell(row, table, want, measured, len(scores), status, "", origin)


def _published(row: Reported, table: PaperTable) -> float | None:
    """The mean of the published values per image, where it prints as the number.

    None for tables that measure otherwise than those values were measured: there it would agree by chance.
    """
    if not measures_as_selfexsr(PROTOCOLS.get(table.protocol), row.scale):
        return None
    values = per_image(scale=row.scale, dataset=row.dataset, method=row.method, metric=row.metric)
    mean = sum(values) / len(values) if values else None
    agrees = mean is not None and printed(mean, row.digits) == printed(row.value, row.digits)
    return mean if agrees else None


def _reason(want: Want, scores: dict[str, Score], evidence: Evidence, *, otherwise: str) -> str:
    """Why there is no measured value; empty where there is one over all images."""
    if not scores:
        return evidence.reasons.get(want, otherwise)
    missing = [score.status for score in scores.values() if score.value is None]
    if not missing:
        return ""
    # A mean over a part of the images is no reproduction of a mean over all.
    return f"{len(missing)} of {len(scores)} images have no score ({missing[0]})"


def agreement(row: Reported, measured: float, unit: str) -> str:
    """How a measured value agrees with a printed one: equal when rounded to its digits, close, or not."""
    if printed(measured, row.digits) == printed(row.value, row.digits):
        return REPRODUCED
    near = 0.02 if unit == "dB" else 0.001
    # Halves of the last digit must not be decided by the binary representation of the printed decimal.
    if abs(measured - row.value) <= near + 1e-12:
        return WITHIN["dB" if unit == "dB" else ""]
    return DIFFERS


def printed(value: float, digits: int) -> str:
    """A value as papers print it: rounded half up to so many digits, ∞ for an infinite one."""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return str(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))

"""Leaderboards as records, made from score rows and nothing else; values of whole sets of images (FID, KID)
are columns of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from srbench.core.records import Score
from srbench.statistics.intervals import UNBOUNDED, Aggregate, Bounds, Interval, aggregate, mean_interval

if TYPE_CHECKING:
    from srbench.tables.opinions import Opinions


@dataclass(frozen=True)
class MetricInfo:
    """What a table needs to know of a metric; runs carry it, so that old runs need no registry.

    A metric `of_set` has one value for all images together, and none for each.
    """

    name: str
    title: str
    unit: str
    higher_is_better: bool
    aggregate: Aggregate
    bounds: Bounds = UNBOUNDED
    of_set: bool = False


@dataclass(frozen=True)
class Cell:
    """One metric of one method on one data set: the value over `n` of `expected` images."""

    value: float | None
    interval: Interval | None
    n: int
    expected: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """The leaderboard of one data set at one scale under one protocol.

    `cells` maps (method, metric); `reference_methods` (the images themselves) are not ranked; `remarks`
    says by method what readers must know, `notes` what they must know of the data set and its inputs;
    `origins` says by method whose work it is (`Method.origin`), where that is known; `opinions` is the study
    that a column of opinion scores comes from.
    """

    dataset: str
    scale: int
    protocol: str
    images: int
    methods: tuple[str, ...]
    metrics: tuple[MetricInfo, ...]
    cells: dict[tuple[str, str], Cell]
    reference_methods: frozenset[str]
    remarks: dict[str, str]
    notes: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    opinions: Opinions | None = None

    def best(self, metric: MetricInfo, *, leave_out: Collection[str] = ()) -> set[str]:
        """The methods with the best value of a metric, of those scored on all images and not left out."""
        values = {
            method: cell.value
            for method in self.methods
            if method not in self.reference_methods
            and method not in leave_out
            and (cell := self.cells.get((method, metric.name))) is not None
            and cell.value is not None
            and cell.n == cell.expected
        }
        if not values:
            return set()
        top = (max if metric.higher_is_better else min)(values.values())
        return {method for method, value in values.items() if value == top}


def by_first_metric(boards: Sequence[Board]) -> list[str]:
    """Methods, best first by the first metric of the first board; the references and gaps come last."""
    first, info = boards[0], boards[0].metrics[0]
    methods = list(dict.fromkeys(method for board in boards for method in board.methods))

    def place(method: str) -> tuple[bool, bool, float]:
        cell = first.cells.get((method, info.name))
        value = None if cell is None else cell.value
        sign = -1.0 if info.higher_is_better else 1.0
        reference = any(method in board.reference_methods for board in boards)
        return reference, value is None, 0.0 if value is None else sign * value

    return sorted(methods, key=place)


def boards(
    scores: list[Score],
    infos: dict[str, MetricInfo],
    *,
    method_order: list[str],
    references: set[str],
    remarks: dict[str, str],
    notes: Mapping[tuple[str, int, str], tuple[str, ...]] = MappingProxyType({}),
    origins: Mapping[str, str] = MappingProxyType({}),
) -> list[Board]:
    """One board per data set, scale and protocol, from the rows of a run."""
    made = []
    for (dataset, scale, protocol), rows in groups(scores):
        images = {row.image for row in rows}
        by_cell = rows_by_cell(rows)
        present = {metric for _, metric in by_cell}
        metrics = tuple(info for info in infos.values() if info.name in present)
        methods = sorted({method for method, _ in by_cell}, key=lambda name: _position(method_order, name))
        cells = {
            (method, info.name): _cell(by_cell.get((method, info.name), []), info, len(images))
            for method in methods
            for info in metrics
        }
        made.append(
            Board(
                dataset=dataset,
                scale=scale,
                protocol=protocol,
                images=len(images),
                methods=tuple(methods),
                metrics=metrics,
                cells=cells,
                reference_methods=frozenset(references),
                remarks={name: remarks[name] for name in methods if name in remarks},
                notes=notes.get((dataset, scale, protocol), ()),
                origins={name: origins[name] for name in methods if name in origins},
            )
        )
    return made


def groups(scores: list[Score]) -> Iterator[tuple[tuple[str, int, str], list[Score]]]:
    def group(score: Score) -> tuple[str, int, str]:
        return score.dataset, score.scale, score.protocol

    for key, rows in itertools.groupby(sorted(scores, key=group), key=group):
        yield key, list(rows)


def _position(order: list[str], name: str) -> tuple[int, str]:
    return (order.index(name) if name in order else len(order), name)


def rows_by_cell(rows: Iterable[Score]) -> dict[tuple[str, str], list[Score]]:
    """Rows by method and metric, in their order."""
    found: dict[tuple[str, str], list[Score]] = {}
    for row in rows:
        found.setdefault((row.method, row.metric), []).append(row)
    return found


def _cell(of_cell: list[Score], info: MetricInfo, images: int) -> Cell:
    reasons = tuple(dict.fromkeys(row.status for row in of_cell if row.value is None))
    lacking = images - len(of_cell)
    values = [row.value for row in of_cell] + [None] * lacking
    return cell_of(values, info, (*reasons, "not computed") if lacking else reasons)


def cell_of(values: Sequence[float | None], info: MetricInfo, reasons: tuple[str, ...] = ()) -> Cell:
    """The cell of one metric over all images of a data set, None for those without a value."""
    found = [value for value in values if value is not None]
    value = aggregate(found, info.aggregate) if found else None
    if value is not None and math.isnan(value):
        value, reasons = None, (*reasons, "the mean of ∞ and -∞ is not defined")
    interval = mean_interval(found, aggregate=info.aggregate, bounds=info.bounds)
    return Cell(value, interval, len(found), len(values), reasons)


@dataclass(frozen=True)
class SetScore:
    """One metric of all outputs of a method on a data set, or None and the reason.

    `n` is the number of images that it is of; `outputs` is a hash over those of all outputs' pixels,
    for a value is true of these only; `title`, `source`, `version` and `weights` (hashes by name) say what
    it was measured with. Lower is better for all of them.
    """

    method: str
    dataset: str
    scale: int
    protocol: str
    metric: str
    value: float | None
    status: str
    n: int
    outputs: str
    title: str
    source: str
    version: int
    weights: Mapping[str, str]

    @property
    def place(self) -> tuple[str, str, int, str]:
        """Method, data set, scale and protocol."""
        return self.method, self.dataset, self.scale, self.protocol


def with_sets(board: Board, scores: Iterable[SetScore]) -> Board:
    """The board with a column for each metric of sets that it has a value of; reasons stand in the others."""
    here = (board.dataset, board.scale, board.protocol)
    found = [one for one in scores if one.place[1:] == here and one.method in board.methods]
    infos = {one.metric: _info(one) for one in found}
    missing = Cell(None, None, 0, board.images, ("not computed",))
    cells = {(method, name): missing for method in board.methods for name in infos}
    for one in found:
        reasons = () if one.value is not None and one.n == board.images else (one.status,)
        cells[one.method, one.metric] = Cell(one.value, None, one.n, board.images, reasons)
    return replace(board, metrics=(*board.metrics, *infos.values()), cells=board.cells | cells)


def _info(one: SetScore) -> MetricInfo:
    return MetricInfo(one.metric, one.title, "", higher_is_better=False, aggregate="mean", of_set=True)

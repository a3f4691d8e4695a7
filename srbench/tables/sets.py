"""Values of whole sets of images (FID, KID) as columns of leaderboards beside the metrics of images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from srbench.tables.boards import Board, Cell, MetricInfo


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

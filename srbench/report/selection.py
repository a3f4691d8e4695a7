"""Which board of a run, and which of its metrics, a figure is of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from srbench.core.records import UsageError
from srbench.metrics.catalogue import METRICS
from srbench.runs.data import RunData
from srbench.runs.merging import merge
from srbench.runs.reader import read_run
from srbench.tables.boards import Board, MetricInfo


def merged(folders: Sequence[Path]) -> RunData:
    """Finished runs as one; refused where they disagree."""
    return merge([read_run(folder) for folder in folders])


def one_board(run: RunData, dataset: str = "", scale: int = 0, protocol: str = "") -> Board:
    """The board of these names; `UsageError` where none or several have them."""
    boards = [
        board
        for board in run.boards()
        if dataset in ("", board.dataset) and scale in (0, board.scale) and protocol in ("", board.protocol)
    ]
    if len(boards) == 1:
        return boards[0]
    found = ", ".join(
        f"{board.dataset} x{board.scale} under {board.protocol}" for board in boards or run.boards()
    )
    if not boards:
        raise UsageError(f"the run has no such table; it has: {found}")
    raise UsageError(
        f"the run has several tables ({found}); choose one with --dataset, --scale and --protocol"
    )


def metric_of(board: Board, name: str) -> MetricInfo:
    """A metric of a board by its name or alias; `UsageError` for one that it lacks."""
    known = {info.name: info for info in board.metrics}
    wanted = METRICS.get(name).name if name in METRICS else name
    if wanted not in known:
        raise UsageError(f"the run has no metric '{name}'; it has: {', '.join(known)}")
    return known[wanted]


def first_metric(board: Board, names: tuple[str, ...], meant: str) -> MetricInfo:
    """The first of these metrics that a board has; `UsageError` with what is `meant` where it has none."""
    known = {info.name: info for info in board.metrics}
    found = next((known[name] for name in names if name in known), None)
    if found is None:
        raise UsageError(f"the run has no metric of {meant} ({', '.join(names)}); it has: {', '.join(known)}")
    return found

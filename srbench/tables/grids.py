"""Leaderboards laid out as grids of text, before they become Markdown, LaTeX or HTML.

Two layouts: `of_board` is one leaderboard (methods and metrics, with intervals), `of_paper` sets several
data sets and scales side by side, as papers print them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from srbench.tables.boards import Board, MetricInfo, by_first_metric
from srbench.tables.text import board_title, format_cell, format_interval, gaps, heading, legend, remarks

Rank = Literal["", "best", "second"]
_NOTHING = "–"


@dataclass(frozen=True)
class Entry:
    """One cell: its text and whether it is the best or the second best of its column."""

    text: str
    rank: Rank = ""


@dataclass(frozen=True)
class Grid:
    """A table of text: `groups` are headings over `(text, number of columns)`, empty where there are none."""

    title: str
    groups: tuple[tuple[str, int], ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]
    notes: tuple[str, ...]


def of_board(board: Board) -> Grid:
    """One leaderboard: a row per method, best first by the first metric; a column of intervals per metric."""
    ranks = {info.name: _ranks(board, info) for info in board.metrics}
    rows = []
    for method in by_first_metric([board]):
        entries = [Entry(method), Entry(str(board.images))]
        for info in board.metrics:
            cell = board.cells[method, info.name]
            entries += [
                Entry(format_cell(cell, info), ranks[info.name].get(method, "")),
                Entry(format_interval(cell, info)),
            ]
        rows.append((*entries, Entry(board.origins.get(method, ""))))
    heads = [text for info in board.metrics for text in (heading(info), "95% CI")]
    return Grid(board_title(board), (), ("method", "n", *heads, "origin"), tuple(rows), _notes([board]))


def of_paper(boards: Sequence[Board]) -> Grid:
    """Boards of one protocol side by side: methods as rows, metrics of each data set and scale as columns."""
    columns = [(board, info) for board in boards for info in board.metrics]
    ranks = [_ranks(board, info) for board, info in columns]
    rows = []
    for method in by_first_metric(boards):
        entries = [Entry(method)]
        for (board, info), of_column in zip(columns, ranks, strict=True):
            cell = board.cells.get((method, info.name))
            text = _NOTHING if cell is None else format_cell(cell, info)
            entries.append(Entry(text, of_column.get(method, "")))
        origins = dict.fromkeys(board.origins[method] for board in boards if method in board.origins)
        rows.append((*entries, Entry(", ".join(origins))))
    over = ((f"{board.dataset} ×{board.scale}", len(board.metrics)) for board in boards)
    groups = (("", 1), *over, ("", 1))
    heads = ("method", *(heading(info) for _, info in columns), "origin")
    return Grid(f"protocol {boards[0].protocol}", groups, heads, tuple(rows), _notes(boards))


def _ranks(board: Board, info: MetricInfo) -> dict[str, Rank]:
    """The best and the second best methods of a column, of those scored on all images."""
    best = board.best(info)
    return {
        **dict.fromkeys(board.best(info, leave_out=best), "second"),
        **dict.fromkeys(best, "best"),
    }


def _notes(boards: Sequence[Board]) -> tuple[str, ...]:
    lines = [*legend(boards), *(line for board in boards for line in remarks(board))]
    for board in boards:
        prefix = f"{board.dataset} ×{board.scale}: " if len(boards) > 1 else ""
        lines += [f"missing: {prefix}{line}" for line in gaps(board)]
    return tuple(dict.fromkeys(lines))

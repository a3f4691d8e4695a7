"""The leaderboard of one run as CSV rows and Markdown."""

from __future__ import annotations

import io
from typing import Any

from srbench.core.text import markdown, markdown_head, markdown_row
from srbench.tables.boards import Board, Cell, by_first_metric
from srbench.tables.text import (
    board_title,
    format_cell,
    format_interval,
    gaps,
    heading,
    legend,
    remarks,
)


def leaderboard_rows(made: list[Board]) -> tuple[list[str], list[dict[str, Any]]]:
    """Columns and rows of `leaderboard.csv`."""
    metrics = list(dict.fromkeys(info.name for board in made for info in board.metrics))
    columns = ["dataset", "scale", "protocol", "method", "n"]
    for name in metrics:
        columns += [f"{name}{part}" for part in ("", "_low", "_high", "_interval", "_n")]
    columns.append("origin")
    rows = []
    for board in made:
        for method in by_first_metric([board]):
            row: dict[str, Any] = {
                "dataset": board.dataset,
                "scale": board.scale,
                "protocol": board.protocol,
                "method": method,
                "n": board.images,
                "origin": board.origins.get(method, ""),
            }
            for info in board.metrics:
                cell = board.cells[method, info.name]
                row |= {f"{info.name}{part}": value for part, value in _cells(cell).items()}
            rows.append(row)
    return columns, rows


def _cells(cell: Cell) -> dict[str, Any]:
    """The columns of one metric by their endings; the kind of an interval is "t" or "bca"."""
    interval = cell.interval
    return {
        "": cell.value,
        "_low": None if interval is None else interval.low,
        "_high": None if interval is None else interval.high,
        "_interval": None if interval is None else interval.kind,
        "_n": cell.n,
    }


def leaderboard_markdown(made: list[Board]) -> str:
    """`leaderboard.md`: a table per data set, the best value in bold, reasons of gaps below, what the numbers
    are at the end."""
    out = io.StringIO()
    for board in made:
        out.write(f"## {markdown(board_title(board))}\n\n")
        heads = [text for info in board.metrics for text in (markdown(heading(info)), "95% CI")]
        out.write(markdown_head(["method", "n", *heads, "origin"]))
        bests = {info.name: board.best(info) for info in board.metrics}
        for method in by_first_metric([board]):
            texts = []
            for info in board.metrics:
                cell = board.cells[method, info.name]
                text = markdown(format_cell(cell, info))
                texts.append(f"**{text}**" if method in bests[info.name] else text)
                texts.append(markdown(format_interval(cell, info)))
            texts.append(markdown(board.origins.get(method, "")))
            out.write(markdown_row([markdown(method), str(board.images), *texts]))
        out.write("\n")
        out.writelines(f"- {markdown(line)}\n" for line in remarks(board))
        out.writelines(f"- missing: {markdown(line)}\n" for line in gaps(board))
        out.write("\n")
    out.writelines(f"{markdown(line)}.\n" for line in ["Best values in bold", *legend(made)])
    return out.getvalue()

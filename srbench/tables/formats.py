"""Grids and boards as text in a format: Markdown, LaTeX, HTML; CSV and JSON with all digits."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Callable, Sequence
from typing import Literal

from srbench.core.files import csv_text
from srbench.tables.boards import Board
from srbench.tables.grids import Entry, Grid, of_board, of_paper
from srbench.tables.text import latex, leaderboard_rows, markdown, markdown_head, markdown_row

Format = Literal["markdown", "latex", "html", "csv", "json"]
Layout = Literal["boards", "paper"]


def formatted(boards: Sequence[Board], wanted: Format, layout: Layout = "boards") -> str:
    """Leaderboards as text that ends with a line break.

    "markdown", "latex" and "html" print rounded values, the best bold and the second best underlined (the
    LaTeX needs `booktabs` only); "csv" and "json" have every digit and one row for each data set and method,
    whatever the layout.
    """
    if wanted == "csv":
        return _csv(boards)
    if wanted == "json":
        return _json(boards)
    write: Callable[[Grid], str] = {"markdown": _markdown, "latex": _latex, "html": _html}[wanted]
    return "\n".join(write(grid) for grid in grids(boards, layout))


def grids(boards: Sequence[Board], layout: Layout) -> list[Grid]:
    """The boards in a layout: one grid each, or one for each protocol."""
    if layout == "boards":
        return [of_board(board) for board in boards]
    protocols = dict.fromkeys(board.protocol for board in boards)
    return [of_paper([board for board in boards if board.protocol == name]) for name in protocols]


def _csv(boards: Sequence[Board]) -> str:
    return csv_text(*leaderboard_rows(list(boards)))


def _json(boards: Sequence[Board]) -> str:
    """One array; JSON has no infinity, so an infinite PSNR is the text "inf"."""
    rows = [
        {name: str(value) if value in (math.inf, -math.inf) else value for name, value in row.items()}
        for row in leaderboard_rows(list(boards))[1]
    ]
    return json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _markdown(grid: Grid) -> str:
    marks = {"best": "**{}**", "second": "<u>{}</u>", "": "{}"}
    lines = [f"### {markdown(grid.title)}\n\n"]
    groups = [name for name, count in grid.groups for _ in range(count)]
    heads = [
        markdown(f"{group} {head}".strip())
        for group, head in zip(groups or [""] * len(grid.heads), grid.heads, strict=True)
    ]
    lines += [markdown_head(heads)]
    for row in grid.rows:
        lines.append(markdown_row([marks[entry.rank].format(markdown(entry.text)) for entry in row]))
    lines += ["\n", *(f"- {markdown(note)}\n" for note in grid.notes)]
    return "".join(lines)


def _latex(grid: Grid) -> str:
    marks = {"best": r"\textbf{{{}}}", "second": r"\underline{{{}}}", "": "{}"}

    def row(texts: Sequence[str]) -> str:
        return f"    {' & '.join(texts)} \\\\\n"

    lines = [
        "% needs \\usepackage{booktabs}\n",
        "\\begin{table}\n  \\centering\n",
        f"  \\caption{{{latex(grid.title)}.}}\n",
        f"  \\begin{{tabular}}{{l{'r' * (len(grid.heads) - 2)}l}}\n    \\toprule\n",
    ]
    if grid.groups:
        lines.append(row([_over(name, count) for name, count in grid.groups]))
        lines.append(f"    {_rules(grid.groups)}\n")
    lines += [row([latex(head) for head in grid.heads]), "    \\midrule\n"]
    for entries in grid.rows:
        lines.append(row([marks[entry.rank].format(latex(entry.text)) for entry in entries]))
    lines += ["    \\bottomrule\n  \\end{tabular}\n\\end{table}\n"]
    lines += [f"% {' '.join(note.split())}\n" for note in grid.notes]
    return "".join(lines)


def _over(name: str, count: int) -> str:
    return latex(name) if count == 1 else f"\\multicolumn{{{count}}}{{c}}{{{latex(name)}}}"


def _rules(groups: Sequence[tuple[str, int]]) -> str:
    """A thin rule under each named group of columns."""
    rules, start = [], 1
    for name, count in groups:
        if name:
            rules.append(f"\\cmidrule(lr){{{start}-{start + count - 1}}}")
        start += count
    return " ".join(rules)


def _html(grid: Grid) -> str:
    marks = {"best": "<strong>{}</strong>", "second": "<u>{}</u>", "": "{}"}

    def row(tag: str, entries: Sequence[Entry]) -> str:
        cells = "".join(
            f"<{tag}>{marks[entry.rank].format(html.escape(entry.text))}</{tag}>" for entry in entries
        )
        return f"  <tr>{cells}</tr>\n"

    lines = [f"<table>\n <caption>{html.escape(grid.title)}</caption>\n <thead>\n"]
    if grid.groups:
        over = "".join(f'<th colspan="{count}">{html.escape(name)}</th>' for name, count in grid.groups)
        lines.append(f"  <tr>{over}</tr>\n")
    lines += [row("th", [Entry(head) for head in grid.heads]), " </thead>\n <tbody>\n"]
    lines += [row("td", entries) for entries in grid.rows]
    lines.append(" </tbody>\n</table>\n")
    lines += [f"<p>{html.escape(note)}</p>\n" for note in grid.notes]
    return "".join(lines)

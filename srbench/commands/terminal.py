"""Options and printing that several commands share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srbench.core.records import UsageError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID
    from rich.table import Table

    from srbench.tables.boards import Board

_METRICS_WITH_INTERVALS = 3

DataRoot = Annotated[
    list[Path],
    typer.Option(
        "--data-root", metavar="DIR", help="Where data-set folders lie; may be given several times."
    ),
]

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON array, for programs.")]
ListAsJson = Annotated[bool, typer.Option("--json", help="With list: one JSON array, for programs.")]


def command_group(purpose: str, **options: Any) -> typer.Typer:
    """A group of commands that without one of them prints its help."""
    made = typer.Typer(help=purpose, invoke_without_command=True, **options)

    @made.callback()
    def _help(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())

    return made


def memory_bytes(gigabytes: float) -> int:
    """The bytes of `--max-memory`; `UsageError` where it is no positive number."""
    if not 0 < gigabytes < math.inf:
        raise UsageError(f"--max-memory {gigabytes:g}: a positive number of gigabytes")
    return int(gigabytes * 1024**3)


def console() -> Console:
    """Where results go: standard output, unwrapped when it is not a terminal."""
    from rich.console import Console

    made = Console(highlight=False, soft_wrap=True)
    # Programs read lines: nothing of a row may fall into the next one.
    return made if made.is_terminal else Console(highlight=False, soft_wrap=True, width=10_000)


def results_table(output: Console, *, title: str | None = None) -> Table:
    """An empty table of results: with rules on a terminal, plain columns where the output goes elsewhere."""
    from rich.box import HEAVY_HEAD
    from rich.table import Table

    lines = HEAVY_HEAD if output.is_terminal else None
    return Table(
        title=title, title_justify="left", header_style="bold", box=lines, pad_edge=output.is_terminal
    )


def print_json(rows: Sequence[Mapping[str, object]]) -> None:
    """Rows as one JSON array on standard output."""
    import json

    print(json.dumps(rows, indent=1, ensure_ascii=False))


def notices() -> Console:
    """Where progress and remarks go: standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


class Bar:
    """`srbench.core.records.Progress` on the terminal."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self._total = 0

    def begin(self, total: int) -> None:
        """Adds so many steps to those that are to come."""
        self._total += total
        self._progress.update(self._task, total=self._total)

    def advance(self) -> None:
        """Counts one step as done."""
        self._progress.advance(self._task)


@contextmanager
def progress(description: str) -> Iterator[Bar]:
    """A progress bar on standard error, silent when that is not a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    output = notices()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=output, disable=not output.is_terminal, transient=True) as shown:
        yield Bar(shown, shown.add_task(description, total=None))


def print_board(output: Console, board: Board) -> None:
    """A leaderboard as a table of the terminal; intervals where there is room, reasons of gaps below."""
    from rich.markup import escape

    from srbench.tables.boards import by_first_metric
    from srbench.tables.text import (
        board_title,
        format_cell,
        format_interval,
        gaps,
        heading,
        legend,
        of_sets,
        remarks,
    )

    intervals = len(board.metrics) <= _METRICS_WITH_INTERVALS
    table = results_table(output, title=escape(board_title(board)))
    table.add_column("method")
    for info in board.metrics:
        table.add_column(escape(heading(info)), justify="right")
        if intervals:
            table.add_column("95% CI", justify="right", style="dim")
    if board.origins:
        table.add_column("origin", style="dim")
    bests = {info.name: board.best(info) for info in board.metrics}
    for method in by_first_metric([board]):
        row = [escape(method)]
        for info in board.metrics:
            cell = board.cells[method, info.name]
            text = escape(format_cell(cell, info))
            row.append(f"[bold green]{text}[/]" if method in bests[info.name] else text)
            row += [format_interval(cell, info)] if intervals else []
        row += [escape(board.origins.get(method, ""))] if board.origins else []
        table.add_row(*row)
    output.print(table)
    told = legend([board]) if intervals else [of_sets([board])]
    for line in filter(None, [*told, *remarks(board)]):
        output.print(escape(line))
    for line in gaps(board):
        output.print(f"missing: {escape(line)}")

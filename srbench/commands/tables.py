"""`srbench table` and `compare`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from srbench.commands.terminal import (
    console,
    notices,
    print_board,
    progress,
    results_table,
)
from srbench.core.records import UsageError

if TYPE_CHECKING:
    from srbench.report.comparison import Comparisons
    from srbench.tables.formats import Format


RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")]


class TableFormat(StrEnum):
    """How a table is printed."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    LATEX = "latex"
    CSV = "csv"
    JSON = "json"
    HTML = "html"


class TableLayout(StrEnum):
    """What stands side by side."""

    BOARDS = "boards"
    PAPER = "paper"


def table(
    run_folder: RunFolder,
    as_format: Annotated[
        TableFormat, typer.Option("--format", help="csv and json have all digits.")
    ] = TableFormat.TERMINAL,
    layout: Annotated[
        TableLayout,
        typer.Option(help="One table per data set, or data sets and scales side by side (paper)."),
    ] = TableLayout.BOARDS,
) -> None:
    """Print the leaderboards of a run and write its files again; nothing is recomputed."""
    from srbench.runs.data import stored_run
    from srbench.runs.folder import existing_run, write_files
    from srbench.runs.store import Store

    with Store(existing_run(run_folder), read_only=True) as store:
        run = stored_run(store)
    try:
        made = write_files(run, run_folder)
    except PermissionError as error:
        notices().print(f"the files in {run_folder} stay as they are ({error.strerror})", markup=False)
        made = run.boards()
    if as_format is not TableFormat.TERMINAL:
        from srbench.tables.formats import formatted

        print(formatted(made, cast("Format", as_format.value), layout.value), end="")
        return
    output = console()
    for board in made:
        print_board(output, board)


def compare(
    run_folder: RunFolder,
    methods: Annotated[list[str] | None, typer.Argument(metavar="[METHOD]...", help="Two or more.")] = None,
    metric: Annotated[str, typer.Option(help="One metric; all of the run without it.")] = "",
    power: Annotated[
        bool, typer.Option("--power", help="Say how many images would show the differences instead.")
    ] = False,
    difference: Annotated[
        float | None,
        typer.Option(help="With --power: a difference in the metric's unit, in place of the measured ones."),
    ] = None,
) -> None:
    """Compare methods image by image: Wilcoxon signed-rank tests with Holm's correction."""
    from rich.markup import escape

    from srbench.report.comparison import PAIR_COLUMNS, compare_run
    from srbench.statistics.pairs import RULE

    if difference is not None and not (power and metric):
        raise UsageError("--difference is of --power and one --metric, in whose unit it is")
    found = compare_run(run_folder, methods or [], metric)
    if power:
        _print_power(found, difference)
        return
    output = console()
    for place, pairs in found.by_place().items():
        shown = results_table(output, title=escape(place))
        for name in PAIR_COLUMNS:
            shown.add_column(name, justify="left" if name in "AB" else "right")
        for pair in pairs:
            shown.add_row(*map(escape, pair.cells()))
        output.print(shown)
        for note in dict.fromkeys(pair.row["note"] for pair in pairs if pair.row["note"]):
            output.print(note, markup=False)
    for place, test in found.ranks.items():
        ranks = ", ".join(f"{name} {rank:.2f}" for name, rank in test.ranks.items())
        output.print(
            f"{place}: Friedman {test.p_text} over {test.n} images; mean ranks {ranks}", markup=False
        )
    for warning in found.warnings():
        output.print(f"power: {warning}", markup=False)
    output.print(
        f"{RULE[0].upper()}{RULE[1:]}. * marks p < 0.05 after Holm's correction over the pairs of a data set "
        "and metric; r is the rank-biserial correlation, positive when A is larger. mean A-B: with its 95% "
        f"interval, {found.intervals() or 'which none has here'}; win/tie/loss: images on which A is better, "
        "equal, worse.",
        markup=False,
    )


def _print_power(found: Comparisons, difference: float | None) -> None:
    from rich.markup import escape

    from srbench.report.power import COLUMNS, EXPLAINED, powers

    with progress("pairs") as bar:
        rows = powers(found, difference, progress=bar)
    output = console()
    shown = results_table(output)
    for index, name in enumerate(COLUMNS):
        shown.add_column(name, justify="left" if index < 4 else "right")
    for row in rows:
        shown.add_row(*map(escape, row.cells()))
    output.print(shown)
    output.print(EXPLAINED, markup=False)


def export(
    run_folder: RunFolder,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Ends in .parquet or .csv.")],
) -> None:
    """Write all scores of a run to one file, for pandas, R or DuckDB."""
    from srbench.runs.export import export as write

    console().print(str(write(run_folder, path)), markup=False)

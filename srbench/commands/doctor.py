"""`srbench doctor`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from srbench.commands.terminal import AsJson, DataRoot, console, print_json, results_table


def doctor(
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
    as_json: AsJson = False,
    run: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Check the store of this run folder, and repair it.")
    ] = None,
) -> None:
    """Show what is installed, which weights and data sets are here, what is missing and how to get it."""
    from srbench.doctor import examine

    if run is not None:
        _repair(run)
        return
    findings = examine(list(data_root))
    if as_json:
        print_json([asdict(finding) for finding in findings])
        return
    from rich.markup import escape

    output = console()
    table = results_table(output)
    for head in ("", "name", "what", "status"):
        table.add_column(head)
    group = ""
    for finding in findings:
        if finding.group != group and group:
            table.add_section()
        shown = "" if finding.group == group else finding.group
        group = finding.group
        status = "[green]ready[/]" if finding.missing is None else f"[yellow]{escape(finding.missing)}[/]"
        table.add_row(shown, escape(finding.name), escape(finding.detail), status)
    output.print(table)
    missing = sum(finding.missing is not None for finding in findings)
    output.print(f"{len(findings) - missing} ready, {missing} missing")


def _repair(folder: Path) -> None:
    from srbench.runs.folder import existing_run
    from srbench.runs.store import Store
    from srbench.runs.store_care import repair

    with Store(existing_run(folder)) as store:
        dropped = {table: count for table, count in repair(store).items() if count}
    if not dropped:
        console().print(f"{folder}: every row of the store is as it was written", markup=False)
        return
    what = ", ".join(f"{count} of {table}" for table, count in dropped.items())
    console().print(
        f"{folder}: damaged rows are dropped ({what}); run the same srbench run again: it computes them from "
        "the images",
        markup=False,
    )

"""`srbench doctor`."""

from __future__ import annotations

from dataclasses import asdict

from srbench.commands.terminal import AsJson, DataRoot, console, print_json


def doctor(data_root: DataRoot = [], as_json: AsJson = False) -> None:  # noqa: B006 - typer copies it
    """Show what is installed, which weights and data sets are here, what is missing and how to get it."""
    from srbench.doctor import examine

    findings = examine(list(data_root))
    if as_json:
        print_json([asdict(finding) for finding in findings])
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table(header_style="bold")
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
    output = console()
    output.print(table)
    missing = sum(finding.missing is not None for finding in findings)
    output.print(f"{len(findings) - missing} ready, {missing} missing")

"""`srbench methods|protocols list|show|pull`, and how listings, facts and pulls are printed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.commands.terminal import AsJson, command_group, console, notices, print_json, progress
from srbench.core.records import UserError
from srbench.core.text import size_text

if TYPE_CHECKING:
    from srbench.core.weights import WeightFile
    from srbench.methods.contract import Method

methods_app = command_group("Super-resolution methods.")
protocols_app = command_group("Evaluation protocols.")

Name = Annotated[str, typer.Argument(metavar="NAME")]
FromFile = Annotated[
    list[Path],
    typer.Option(
        "--from", metavar="FILE|FOLDER", help="The published file or a folder with it; no download."
    ),
]


def print_list(rows: Iterable[tuple[str, str, str | None]], *, as_json: bool) -> None:
    """Name, what it is, and why it cannot be used here (None where it can)."""
    if as_json:
        print_json([{"name": name, "summary": summary, "missing": reason} for name, summary, reason in rows])
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, summary, reason in rows:
        mark = "[green]ready[/]" if reason is None else "[yellow]missing[/]"
        table.add_row(escape(name), mark, escape(summary) + (f"\n[dim]{escape(reason)}[/]" if reason else ""))
    console().print(table)


def print_facts(facts: dict[str, object]) -> None:
    """Facts with their names on the left; those that are empty are left out."""
    output = console()
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        if value not in ("", None, ()):
            output.print(f"{name:<{width}}  {value}", markup=False)


def weight_facts(files: Iterable[WeightFile]) -> dict[str, object]:
    """What is published of each file, and whether it is here."""
    return {
        f"weights {file.name}": f"{_published(file)}; "
        f"{'here: ' + str(file.cached) if file.cached.is_file() else 'not here'}"
        for file in files
    }


def _published(file: WeightFile) -> str:
    """What is known of a file before it is here: address, hash, size, licence, citation."""
    return (
        f"{file.url or file.homepage or 'not published'}; "
        f"{'sha256 ' + ' or '.join(file.sha256) if file.sha256 else 'no published hash'}"
        f"{f'; {size_text(file.size)}' if file.size else ''}; licence {file.license}; {file.citation}"
    )


def pull_files(name: str, files: tuple[WeightFile, ...], given: list[Path]) -> None:
    """Gets the files of `name`, by download or from what was given, and says of each what came of it."""
    from srbench.core.pulling import sources
    from srbench.core.weights import pull

    chosen = sources(name, files, given)
    for file, source in chosen:
        print_facts({f"weights {file.name}": _published(file)})
        path = pull(file, source)
        done = "verified and stored as" if path == file.destination else "is here already:"
        notices().print(f"{file.name} {done} {path}", markup=False)
    left = [file.name for file in files if not file.cached.is_file()]
    if left:
        more = f" and {len(left) - 5} more" if len(left) > 5 else ""
        notices().print(f"not among the given files: {', '.join(left[:5])}{more}", markup=False)


def _pull_small() -> None:
    from srbench.core.pulling import SMALL, pull_each, small
    from srbench.methods.catalogue import METHODS

    wanted = small(file for method in METHODS for file in method.weights)
    with progress("small weights") as bar:
        came, failed = pull_each(wanted, progress=bar)
    notices().print(
        f"{len(came)} of {len(wanted)} files below {SMALL // 10**6} MB were downloaded"
        if wanted
        else f"every file below {SMALL // 10**6} MB that has a public address is here",
        markup=False,
    )
    if failed:
        for reason in failed.values():
            notices().print(reason, markup=False)
        raise UserError(f"not downloaded: {', '.join(failed)}; the same command tries these again")


@methods_app.command("list")
def list_methods(as_json: AsJson = False) -> None:
    """Every method, and whether it can run here."""
    from srbench.methods.catalogue import METHODS
    from srbench.methods.trained import hiding

    def summary(method: Method) -> str:
        own = hiding(method.weights)
        return f"{method.summary} ({own})" if own else method.summary

    rows = ((method.name, summary(method), method.unavailable()) for method in METHODS)
    print_list(rows, as_json=as_json)


def _scales(method: Method) -> str:
    if method.scales is None:
        return "that of the model" if method.kind == "model" else "any"
    return ", ".join(map(str, method.scales))


@methods_app.command("show")
def show_method(name: Name) -> None:
    """One method: source, scales, weights."""
    from srbench.methods.catalogue import resolve

    method = resolve(name)
    print_facts(
        {
            "name": method.name,
            "summary": method.summary,
            "interface": _interface(method),
            "kind": method.kind,
            "source": method.source,
            "scales": _scales(method),
            "origin": method.origin,
            **_reported(method),
            **weight_facts(method.weights),
            "status": method.unavailable() or "ready",
        }
    )


def _interface(method: Method) -> str:
    """What is taken for the interface of a user's model, at the first scale that it has."""
    found = (method.interfaces(scale) for scale in (4, 2, 3, 8, 1))
    return "; ".join(map(str, next(filter(None, found), {}).values()))


def _reported(method: Method) -> dict[str, str]:
    """The numbers that its paper prints, under the protocol that measures them."""
    from srbench.studies.reproduce.papers import numbers_of

    lines = [
        f"{row.dataset} x{row.scale} {row.metric} {row.printed} ({protocol})"
        for row, protocol in numbers_of(method.name)
    ]
    return {"reported": "; ".join(lines)} if lines else {}


@methods_app.command("pull")
def pull_method(name: Name, source: FromFile = []) -> None:  # noqa: B006 - typer copies it
    """Get a method's weights: verified by hash, converted once, cached.

    `all-small` gets every file below 5 MB that has a public address.
    """
    from srbench.methods.catalogue import resolve

    if name == "all-small" and not source:
        _pull_small()
        return
    pull_files(name, resolve(name).weights, source)


@protocols_app.command("list")
def list_protocols(as_json: AsJson = False) -> None:
    """Every protocol in one line."""
    from srbench.protocols import PROTOCOLS

    print_list(((protocol.name, protocol.summary, None) for protocol in PROTOCOLS), as_json=as_json)


@protocols_app.command("show")
def show_protocol(name: Name) -> None:
    """One protocol: everything that changes a number."""
    from srbench.protocol_files import resolve

    print_facts(resolve(name).as_dict())

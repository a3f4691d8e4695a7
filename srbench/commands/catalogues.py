"""`srbench methods|metrics|protocols list|show|pull`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.commands.terminal import AsJson, command_group, console, notices, print_json, progress
from srbench.core.records import UserError

if TYPE_CHECKING:
    from srbench.core.weights import WeightFile
    from srbench.methods.contract import Method
    from srbench.metrics.sets.catalogue import SetMetric

methods_app = command_group("Super-resolution methods.")
metrics_app = command_group("Image quality metrics.")
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


def _weight_facts(files: Iterable[WeightFile]) -> dict[str, object]:
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
        f"{f'; {file.size / 1e6:.1f} MB' if file.size else ''}; licence {file.license}; {file.citation}"
    )


def _pull(name: str, files: tuple[WeightFile, ...], given: list[Path]) -> None:
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
            **_weight_facts(method.weights),
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
    _pull(name, resolve(name).weights, source)


@metrics_app.command("list")
def list_metrics(as_json: AsJson = False) -> None:
    """Every metric, and whether it can run here."""
    from srbench.metrics.catalogue import METRICS
    from srbench.metrics.pyiqa_bridge import PREFIX
    from srbench.metrics.pyiqa_known import KNOWN
    from srbench.metrics.sets.catalogue import SETS

    rows = [
        (metric.name, f"{metric.title}, {_direction(metric.higher_is_better)}", metric.unavailable())
        for metric in METRICS
    ]
    rows += [
        (f"{PREFIX}{name}", f"{one.title}, {_direction(one.higher_is_better)}", _unpulled(name))
        for name, one in KNOWN.items()
    ]
    of_sets = f"of whole sets (srbench sets), {_direction(higher_is_better=False)}"
    rows += [(metric.name, f"{metric.title} {of_sets}", metric.unavailable()) for metric in SETS]
    print_list(rows, as_json=as_json)


def _unpulled(name: str) -> str | None:
    """Why a metric of pyiqa cannot be measured without a download."""
    from importlib.metadata import PackageNotFoundError, version

    from srbench.metrics.pyiqa_bridge import PREFIX, pulled

    try:
        version("pyiqa")
    except PackageNotFoundError:
        return "the package pyiqa is not installed: pip install pyiqa"
    return None if pulled(name) else f"not pulled yet: srbench metrics pull {PREFIX}{name}"


def _direction(higher_is_better: bool) -> str:
    return "higher is better" if higher_is_better else "lower is better"


@metrics_app.command("show")
def show_metric(name: Name) -> None:
    """One metric: definition, direction, source, weights."""
    from srbench.metrics.catalogue import resolve
    from srbench.metrics.sets.catalogue import SETS

    if name in SETS:
        _show_set_metric(SETS.get(name))
        return
    metric = resolve(name)
    print_facts(
        {
            "name": metric.name,
            "title": metric.title,
            "unit": metric.unit,
            "direction": _direction(metric.higher_is_better),
            "reference": "needed" if metric.needs_reference else "not needed",
            "of a data set": metric.aggregate,
            "source": metric.source,
            "note": metric.note,
            **_weight_facts(metric.weights),
            "status": metric.unavailable() or "ready",
        }
    )


def _show_set_metric(metric: SetMetric) -> None:
    print_facts(
        {
            "name": metric.name,
            "title": metric.title,
            "direction": _direction(higher_is_better=False),
            "reference": "needed",
            "of a data set": "one value for all images: srbench sets RUN --metrics " + metric.name,
            "source": metric.source,
            "note": metric.note,
            **_weight_facts(metric.weights),
            "status": metric.unavailable() or "ready",
        }
    )


@metrics_app.command("pull")
def pull_metric(name: Name, source: FromFile = []) -> None:  # noqa: B006 - typer copies it
    """Get the weights of a metric, or of a network that metrics and training share, by name."""
    from srbench.metrics.catalogue import resolve
    from srbench.metrics.deep.features import BACKBONES
    from srbench.metrics.pyiqa_bridge import PREFIX, fetch, licence_warning
    from srbench.metrics.pyiqa_known import known_name
    from srbench.metrics.sets.catalogue import SETS

    if name.startswith(PREFIX) or known_name(name):
        notices().print(licence_warning([name]), markup=False)
        folder = fetch(known_name(name) or name.removeprefix(PREFIX), source)
        notices().print(f"{name} opens; its files are in {folder}", markup=False)
        return
    shared = tuple(backbone.file for backbone in BACKBONES if backbone.file.name == name)
    _pull(name, shared or (SETS.get(name) if name in SETS else resolve(name)).weights, source)


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

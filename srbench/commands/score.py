"""`srbench score`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.commands.terminal import console, notices, progress, results_table
from srbench.core.records import UsageError, UserError

if TYPE_CHECKING:
    from srbench.metrics.contract import Metric
    from srbench.protocols import Protocol
    from srbench.runs.score import ImageScore


_GAPS = 10  # lines about missing scores


def score(
    images: Annotated[Path, typer.Argument(metavar="FILE|DIR", help="An image or a folder of images.")],
    reference: Annotated[
        Path | None, typer.Option(metavar="FILE|DIR", help="The reference, or a folder of references.")
    ] = None,
    metrics: Annotated[str, typer.Option(help="Names, default (the protocol's) or all.")] = "default",
    protocol: Annotated[str, typer.Option(help="See: srbench protocols list; or a FILE.toml.")] = "srbench",
    scale: Annotated[int, typer.Option(min=1, help="Factor; decides the border of some protocols.")] = 4,
    bits: Annotated[
        int,
        typer.Option(help="8 or 16; 0 is the protocol's. 16 measures 16-bit PNG and TIFF files as they are."),
    ] = 0,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write the scores here.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    workers: Annotated[int, typer.Option(help="Processes; 0 is one per core where that pays.")] = 0,
) -> None:
    """Score any images, with or without references, without a data set."""
    from srbench.core.devices import choose_device
    from srbench.core.files import ready_file, write_csv
    from srbench.metrics.pyiqa_bridge import licence_warning
    from srbench.protocol_files import in_bits
    from srbench.runs.score import ImageScore, candidates, score_images

    if csv is not None:
        ready_file(csv, "--csv")
    chosen = in_bits(protocol, bits)
    found = candidates(images, reference)
    wanted = _metrics(metrics, chosen, has_reference=reference is not None)
    if warning := licence_warning(metric.name for metric in wanted):
        notices().print(warning, markup=False)
    with progress("images") as bar:
        scores = score_images(
            found,
            wanted,
            chosen,
            scale,
            device=choose_device(device),
            progress=bar,
            workers=workers,
        )
    if csv is not None:
        write_csv(csv, ImageScore.__dataclass_fields__, (asdict(row) for row in scores))
    _print(scores, wanted)
    if all(row.value is None for row in scores):
        raise UserError(f"no score could be computed: {scores[0].image}: {scores[0].status}")


def _metrics(names: str, protocol: Protocol, *, has_reference: bool) -> list[Metric]:
    """The metrics that can run; those asked for by name must."""
    from srbench.runs.choose import choose_metrics

    choice = choose_metrics(
        names, protocol, listed=lambda metric: has_reference or not metric.needs_reference
    ).required()
    if not choice.usable:
        hint = "" if has_reference else "; give --reference, or --metrics with one that needs none"
        reasons = "".join(f"; {name}: {reason}" for name, reason in choice.skipped.items())
        raise UserError(f"none of the metrics can run here{hint}{reasons}")
    for metric in choice.usable.values():
        if metric.needs_reference and not has_reference:
            raise UsageError(f"{metric.name} compares with a reference; give --reference FILE or DIR")
    return list(choice.usable.values())


def _print(scores: list[ImageScore], metrics: list[Metric]) -> None:
    from rich.markup import escape

    from srbench.runs.facts import metric_info
    from srbench.tables.boards import cell_of
    from srbench.tables.text import format_cell, format_value, heading

    infos = [metric_info(metric) for metric in metrics]
    output = console()
    shown = results_table(output)
    shown.add_column("image")
    for info in infos:
        shown.add_column(escape(heading(info)), justify="right")
    by_image: dict[str, dict[str, float | None]] = {}
    for row in scores:
        by_image.setdefault(row.image, {})[row.metric] = row.value
    for image, values in by_image.items():
        cells = ["–" if (v := values[info.name]) is None else format_value(v, info) for info in infos]
        shown.add_row(escape(image), *cells)
    shown.add_section()
    for how in dict.fromkeys(info.aggregate for info in infos):
        cells = [
            format_cell(cell_of([values[info.name] for values in by_image.values()], info), info)
            if info.aggregate == how
            else ""
            for info in infos
        ]
        shown.add_row(how.replace("-", " "), *cells, style="bold")
    output.print(shown)
    for line in _gaps(scores):
        output.print(f"missing: {line}", markup=False)


def _gaps(scores: list[ImageScore]) -> list[str]:
    """What is missing and why: a line for each image and reason, the first ones where there are many."""
    groups: dict[tuple[str, str], list[str]] = {}
    for row in scores:
        if row.value is None:
            groups.setdefault((row.image, row.status), []).append(row.metric)
    lines = [f"{image}, {', '.join(metrics)}: {why}" for (image, why), metrics in groups.items()]
    more = len(lines) - _GAPS
    return lines if more <= 0 else [*lines[:_GAPS], f"{more} more; --csv FILE has every reason"]

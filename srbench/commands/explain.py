"""`srbench explain`."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.commands.terminal import DataRoot, console, progress
from srbench.core.files import ready_file
from srbench.core.records import UsageError, UserError

if TYPE_CHECKING:
    from rich.console import Console

    from srbench.studies.explain.search import Explanation, Row
    from srbench.studies.explain.sources import Sources

_SHOWN = 10
_NEAREST = 5
_CHOICES = 14


def explain(
    images: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE|DIR]", help="Output images; or give --method and --dataset."),
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(metavar="FILE|DIR", help="The reference, or a folder of references.")
    ] = None,
    claimed: Annotated[
        str, typer.Option(metavar="PSNR/SSIM", help="As printed, e.g. 28.42/0.8101, 28.42 or /0.8101.")
    ] = "",
    method: Annotated[str, typer.Option(help="A method in place of images; also searches the inputs.")] = "",
    dataset: Annotated[str, typer.Option(help="The data set that --method is run on.")] = "",
    scale: Annotated[int, typer.Option(min=1, help="Super-resolution factor.")] = 4,
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all conventions here.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="The same as a JSON array.")] = None,
    write_protocol: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help="Write the best convention as a protocol for srbench run."),
    ] = None,
) -> None:
    """Find the conventions under which images score a claimed number, or show what they score in all.

    Luma, rounding, gray files, border, kind of SSIM, average, data range, crops, shifts, channel order,
    gamma, JPEG; with --method also the resampler. Every convention that agrees is listed.
    """
    from srbench.studies.explain.claim import read_claim
    from srbench.studies.explain.search import explain as search

    claim = read_claim(claimed) if claimed else None
    for option, path in (("--csv", csv), ("--json", json), ("--write-protocol", write_protocol)):
        if path is not None:
            ready_file(path, option)
    sources = _sources(images, reference, method, dataset, scale, data_root)
    with progress("images") as bar:
        found = search(sources, claim, scale, workers=os.cpu_count() or 1, progress=bar)
    if not found.rows:
        raise UserError("no convention can be applied to these images; they are too small")
    _print(console(), found, scale)
    _write(found, scale, csv, json, write_protocol)


def _sources(
    images: Path | None, reference: Path | None, method: str, dataset: str, scale: int, roots: list[Path]
) -> Sources:
    from srbench.studies.explain.sources import from_files, from_method

    if images is not None and not (method or dataset):
        if reference is None:
            raise UsageError("give --reference, the images that these are compared with")
        return from_files(images, reference, scale)
    if images is None and method and dataset and reference is None:
        return from_method(method, dataset, scale, roots)
    raise UsageError("give images with --reference, or --method with --dataset")


def _print(output: Console, found: Explanation, scale: int) -> None:
    output.print(f"{found.title}; {len(found.rows)} conventions", markup=False)
    if found.claim is None:
        from srbench.studies.explain.table import print_table

        print_table(output, found, scale)
    else:
        _print_claim(output, found, scale)
    _print_choices(output, found)


def _print_claim(output: Console, found: Explanation, scale: int) -> None:
    matching = found.matching
    if matching:
        several = "; the number cannot tell them apart" if len(matching) > 1 else ""
        output.print(f"{found.claim}: {len(matching)} agree to the printed digits{several}", markup=False)
    else:
        output.print(f"{found.claim}: none agrees to the printed digits; the nearest are", markup=False)
    for row in matching or found.rows[:_NEAREST]:
        output.print(_line(row, scale), markup=False)
    if matching and found.doubles:
        output.print("No simpler convention agrees: with two departures some do by chance.", markup=False)


def _line(row: Row, scale: int) -> str:
    from srbench.studies.explain.words import used_by, words

    users = used_by(row.convention, scale)
    ssim = "      " if row.ssim is None else f"{row.ssim:.5f}"
    return f"  {row.psnr:7.4f} {ssim}  {words(row.convention)}{f'  [{users}]' if users else ''}"


def _print_choices(output: Console, found: Explanation) -> None:
    from srbench.studies.explain.words import change, words

    best = found.rows[0].convention
    output.print(f"From {words(best)}, one choice other makes (dB, SSIM):", markup=False)
    telling = [
        choice for choice in found.choices if abs(choice.psnr) >= 5e-5 or abs(choice.ssim or 0) >= 5e-6
    ]
    for choice in telling[:_CHOICES]:
        ssim = "" if choice.ssim is None else f"{choice.ssim:+.5f}"
        psnr = f"{choice.psnr:+.4f}" if math.isfinite(choice.psnr) else f"{choice.psnr:+}"
        output.print(f"  {psnr:>9} {ssim:>9}  {change(choice.convention, best)}", markup=False)
    if len(telling) > _CHOICES:
        output.print(f"  and {len(telling) - _CHOICES} smaller ones", markup=False)


def _write(
    found: Explanation, scale: int, csv: Path | None, json: Path | None, protocol: Path | None
) -> None:
    from srbench.studies.explain.export import write_json, write_protocol, write_rows

    if csv is not None:
        write_rows(csv, found, scale)
    if json is not None:
        write_json(json, found, scale)
    if protocol is not None:
        write_protocol(protocol, found.rows[0].convention, scale)

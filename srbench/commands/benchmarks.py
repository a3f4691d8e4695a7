"""`srbench bapps-2afc`, `bapps-jnd` and `recognition`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.commands.common import DataRoot, console, notices, progress

if TYPE_CHECKING:
    from srbench.bapps.benchmark import Finished, Options

_Metrics = Annotated[
    str,
    typer.Option(help="Names separated by commas; all is every metric with a reference that can run here."),
]
_Split = Annotated[str, typer.Option(help="The split to use: val or train.")]
_Subsets = Annotated[
    str,
    typer.Option(help="Subsets separated by commas (traditional, cnn, superres, ...); all that are here."),
]
_Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
_BatchSize = Annotated[int, typer.Option(help="Items that a network sees at once.")]
_GramVariants = Annotated[
    bool,
    typer.Option("--gram-variants", help="Also every reading of what TSRN leaves open for the gram metrics."),
]
_Variants = Annotated[
    list[str],
    typer.Option(
        "--variant",
        metavar="NAME=FILE",
        help="An LPIPS network trained as a whole, e.g. lpips-alex-tune=FILE (a state dict of the lpips "
        "package's module); may be given several times.",
    ),
]


def bapps_2afc(
    metrics: _Metrics = "all",
    split: _Split = "val",
    subsets: _Subsets = "",
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
    out: Annotated[Path, typer.Option(help="Folder for the tables.")] = Path("runs/bapps-2afc"),
    device: _Device = "auto",
    batch_size: _BatchSize = 50,
    gram_variants: _GramVariants = False,
    variant: _Variants = [],  # noqa: B006 - typer copies it
) -> None:
    """Score metrics by how often they agree with people on BAPPS triplets (TSRN's Table 5).

    Reads 2afc/SPLIT/SUBSET/{ref,p0,p1,judge} under a data root; a part of the data set will do. Metrics
    see whole 64x64 patches (protocol bapps). Writes 2afc.csv, 2afc.md, tests.csv, items.csv, run.json.
    """
    from srbench.bapps.benchmark import Options

    _bapps(
        Options(
            kind="2afc",
            metrics=metrics,
            split=split,
            subsets=_names(subsets),
            roots=tuple(data_root),
            out=out,
            device=_chosen(device),
            batch_size=batch_size,
            gram_variants=gram_variants,
            variants=tuple(variant),
        )
    )


def bapps_jnd(
    metrics: _Metrics = "all",
    split: _Split = "val",
    subsets: _Subsets = "",
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
    out: Annotated[Path, typer.Option(help="Folder for the tables.")] = Path("runs/bapps-jnd"),
    device: _Device = "auto",
    batch_size: _BatchSize = 50,
    gram_variants: _GramVariants = False,
    variant: _Variants = [],  # noqa: B006 - typer copies it
) -> None:
    """Score metrics by how well they rank BAPPS pairs by "people see no difference" (average precision).

    Reads jnd/SPLIT/SUBSET/{p0,p1,same} under a data root; a part of the data set will do. Metrics see
    whole 64x64 patches (protocol bapps). Writes jnd.csv, jnd.md, items.csv, run.json.
    """
    from srbench.bapps.benchmark import Options

    _bapps(
        Options(
            kind="jnd",
            metrics=metrics,
            split=split,
            subsets=_names(subsets),
            roots=tuple(data_root),
            out=out,
            device=_chosen(device),
            batch_size=batch_size,
            gram_variants=gram_variants,
            variants=tuple(variant),
        )
    )


def _bapps(options: Options) -> None:
    from srbench.bapps.benchmark import run

    remarks = notices()
    with progress("items") as bar:
        finished = run(
            options,
            say=lambda text: remarks.print(text, markup=False),
            begin=bar.begin,
            advance=bar.advance,
        )
    _print_bapps(finished)


def _print_bapps(finished: Finished) -> None:
    from rich.markup import escape
    from rich.table import Table

    from srbench.bapps.files import cell, remarks, table_rows
    from srbench.bapps.tables import GROUP_TITLES

    groups, metrics = table_rows(finished.results.scores)
    shown = Table(header_style="bold", title="per cent, higher is better (reported)", title_justify="left")
    shown.add_column("metric")
    for group in groups:
        shown.add_column(GROUP_TITLES.get(group, group), justify="right")
    for name, scores in metrics.items():
        shown.add_row(escape(name), *(escape(cell(score)) for score in scores))
    output = console()
    output.print(shown)
    for line in remarks(finished.results.scores):
        output.print(line, markup=False)
    for name, reason in finished.skipped.items():
        notices().print(f"left out: {name}: {reason}", markup=False)
    output.print(
        f"{finished.items} items ({finished.seconds:.1f} s); files in {finished.files[0].parent}",
        markup=False,
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _chosen(device: str) -> str:
    from srbench.devices import choose_device

    return choose_device(device)

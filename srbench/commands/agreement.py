"""`srbench agreement` and `srbench atlas`: which metric follows people, and what a metric sees."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from srbench.commands.terminal import console, progress
from srbench.core.records import UsageError


def agreement(
    study: Annotated[Path | None, typer.Option(metavar="STUDY", help="An own study, with --run.")] = None,
    run: Annotated[
        Path | None, typer.Option(metavar="RUN", help="The run whose images the study showed.")
    ] = None,
    opinions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Others' opinions: PIPAL, QADS, Ma et al. 2017, SRIQA-Bench, WIND, votes of RealSR-1K, "
            "or any lines of an image's name and a score; with --images. BAPPS: see srbench bapps-2afc.",
        ),
    ] = None,
    images: Annotated[Path | None, typer.Option(metavar="DIR", help="The images that FILE names.")] = None,
    references: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Their references, where they are elsewhere.")
    ] = None,
    lower_is_better: Annotated[
        bool | None,
        typer.Option(
            "--lower-is-better/--higher-is-better",
            help="The direction of the scores in FILE; higher is better without it.",
        ),
    ] = None,
    metrics: Annotated[
        str, typer.Option(help="Separated by commas; all of the run, or the protocol's, without it.")
    ] = "",
    protocol: Annotated[str, typer.Option(help="See: srbench protocols list.")] = "srbench",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    out: Annotated[Path, typer.Option(help="Folder for the table and the plot.")] = Path("runs/agreement"),
) -> None:
    """Say which metrics follow people: SRCC, KRCC, PLCC, pairwise accuracy, for each family of methods.

    Of choices: the share of votes on the metric's side.

    With intervals over references and tests of the differences. Writes agreement.csv, differences.csv,
    agreement.md and a plot.
    """
    from srbench.studies.agreement.job import Request
    from srbench.studies.agreement.job import agreement as compare

    if (study is None) == (opinions is None):
        raise UsageError("agreement needs either --study with --run, or --opinions with --images")
    if study is not None and run is None:
        raise UsageError("--study needs --run, whose scores are compared")
    if opinions is not None and images is None:
        raise UsageError("--opinions needs --images, the folder of the images that it names")
    request = Request(
        study=study,
        run=run,
        opinions=opinions,
        images=images,
        references=references,
        lower_is_better=lower_is_better,
        metrics=metrics,
        protocol=protocol,
        device=device,
    )
    with progress("metrics") as bar:
        text, files = compare(request, out, progress=bar)
    console().print(text, markup=False, end="")
    console().print(f"files in {out}: {', '.join(path.name for path in files)}", markup=False)


def atlas(
    references: Annotated[Path, typer.Option(metavar="DIR", help="Folder of reference images.")],
    run: Annotated[
        Path, typer.Option(metavar="RUN", help="A run of three methods or more, the scale of the values.")
    ],
    metrics: Annotated[str, typer.Option(help="Names separated by commas, default or all.")] = "default",
    protocol: Annotated[str, typer.Option(help="See: srbench protocols list.")] = "srbench",
    scale: Annotated[int, typer.Option(min=1, help="Super-resolution factor of the run.")] = 4,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    out: Annotated[Path, typer.Option(help="Folder for the table and the figure.")] = Path("runs/atlas"),
) -> None:
    """Show what metrics see and what they ignore: their answers to graded distortions of references.

    Shifts, blur, noise, JPEG, colour cast, sharpening, lost texture, another kernel; in standard deviations
    of the run's methods. Writes atlas.csv and a figure.
    """
    from srbench.core.devices import choose_device
    from srbench.protocols import PROTOCOLS
    from srbench.runs.choose import choose_metrics
    from srbench.runs.reader import read_run
    from srbench.studies.atlas.atlas import atlas as measure
    from srbench.studies.atlas.atlas import write

    chosen = PROTOCOLS.get(protocol)
    choice = choose_metrics(metrics, chosen)
    if choice.refused:
        raise UsageError("; ".join(f"{name}: {reason}" for name, reason in choice.refused.items()))
    with progress("distortions") as bar:
        rows = measure(
            references, read_run(run), list(choice.usable.values()), chosen, scale=scale,
            device=choose_device(device), progress=bar,
        )  # fmt: skip
    files = write(rows, out)
    console().print(f"{len(rows)} values; files: {', '.join(str(path) for path in files)}", markup=False)

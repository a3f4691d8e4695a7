"""`srbench sets`: FID, KID and their like of a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from srbench.commands.terminal import DataRoot, console, print_board, progress
from srbench.core.registry import split_names


def sets(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")],
    metrics: Annotated[
        str, typer.Option(help="fid, fid-clean, fid-patch256, kid, kid-clean, kid-patch256, by commas.")
    ] = "fid,kid",
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
) -> None:
    """Measure metrics of whole sets: all outputs of a method against all references of a data set.

    The values become columns of the run's tables, without an interval. What is there already of the same
    outputs is not measured again; outputs that a later run makes anew lose their values.
    """
    from srbench.core.devices import choose_device
    from srbench.report.sets import chosen_metrics, measure_sets

    chosen = chosen_metrics(split_names(metrics, "--metrics"))
    with progress("images") as bar:
        made = measure_sets(run_folder, chosen, data_root, device=choose_device(device), progress=bar)
    for board in made:
        print_board(console(), board)

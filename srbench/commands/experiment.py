"""`srbench experiment`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from srbench.commands.terminal import DataRoot, ListAsJson, console, print_json
from srbench.core.registry import split_names


def experiment(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An experiment's name, or list.")],
    data: Annotated[Path | None, typer.Option(help="Folder of images to train on.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the experiment (runs/experiment/NAME).")] = None,
    budget: Annotated[
        str, typer.Option(help="What each row may cost: cpu, gpu or a number of iterations.")
    ] = "cpu",
    features: Annotated[
        str | None,
        typer.Option(help="vgg19-imagenet, vgg19-random or a file; ImageNet's where they are here."),
    ] = None,
    test: Annotated[str, typer.Option(help="Data sets to score, separated by commas.")] = "set5",
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    devices: Annotated[int, typer.Option(min=1, help="Processes per row, one device each.")] = 1,
    jobs: Annotated[
        int,
        typer.Option(
            min=1, help="Rows trained beside each other, on one device each where there are several."
        ),
    ] = 1,
    precision: Annotated[str, typer.Option(help="auto, 32-true, bf16-mixed or 16-mixed.")] = "auto",
    as_json: ListAsJson = False,
) -> None:
    """Repeat a paper's ablation as short trainings; `srbench experiment list` names them.

    Ctrl-C saves and stops; the same command goes on from there. Writes table.md with every row's scores and a
    picture of each, and one folder per row as srbench train does.
    """
    from srbench.train.ablations import EXPERIMENTS

    if name == "list" and as_json:
        print_json([{"name": one.name, "summary": one.summary, "paper": one.paper} for one in EXPERIMENTS])
        return
    if name == "list":
        for one in EXPERIMENTS:
            console().print(f"{one.name:20} {one.summary} ({one.paper})", markup=False)
        return
    from srbench.core.records import UsageError

    chosen = EXPERIMENTS.get(name)
    if data is None:
        raise UsageError("an experiment needs --data DIR, a folder of images")
    from srbench.commands.training_log import TrainingLog
    from srbench.train.experiments import Plan, carry_out
    from srbench.train.perception import at_hand

    plan = Plan(
        experiment=chosen,
        data=data,
        out=out or Path("runs/experiment") / name,
        budget=budget,
        features=features or at_hand(),
        test=tuple(split_names(test)),
        roots=tuple(data_root),
        device=device,
        devices=devices,
        jobs=jobs,
        precision=precision,
    )
    with TrainingLog() as log:
        table = carry_out(plan, log)
    console().print(table.read_text(encoding="utf-8"), markup=False)

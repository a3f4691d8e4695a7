"""`srbench train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.commands.terminal import DataRoot, ListAsJson, console, notices, print_json
from srbench.core.registry import split_names

if TYPE_CHECKING:
    from srbench.train.job import Result


def train(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe's name, or list.")],
    data: Annotated[Path | None, typer.Option(help="Folder of images to train on.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run (runs/train/RECIPE); a stopped one goes on.")
    ] = None,
    iterations: Annotated[int | None, typer.Option(min=1, help="Milestones move in proportion.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Patches per process and iteration.")] = None,
    crop: Annotated[int | None, typer.Option(min=1, help="Side of the high-resolution patches.")] = None,
    scale: Annotated[int | None, typer.Option(min=1, help="Super-resolution factor.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Initial learning rate.")] = None,
    features: Annotated[
        str | None, typer.Option(help="vgg19-imagenet, vgg19-random or a file of VGG-19 weights.")
    ] = None,
    start_from: Annotated[str | None, typer.Option(help="Weights: FILE, a recipe, none.")] = None,
    average: Annotated[float | None, typer.Option(help="Decay of the moving average of weights.")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides initial weights and patches.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any constant of the recipe."),
    ] = None,
    validation: Annotated[
        Path | None, typer.Option(help="Folder of validation images; else some of the data are held out.")
    ] = None,
    annotations: Annotated[
        Path | None, typer.Option(help="COCO-Stuff pixel maps of the images (recipes with masks).")
    ] = None,
    test: Annotated[str, typer.Option(help="Data sets to score at the end, separated by commas.")] = "",
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    devices: Annotated[int, typer.Option(min=1, help="Processes, one device each; or use torchrun.")] = 1,
    precision: Annotated[str, typer.Option(help="auto, 32-true, bf16-mixed or 16-mixed.")] = "auto",
    compiled: Annotated[bool, typer.Option("--compile", help="Compile the networks with torch.")] = False,
    install: Annotated[
        bool, typer.Option("--install", help="Put the result where srbench run finds it.")
    ] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Say how long it would take; writes nothing but the cache.")
    ] = False,
    as_json: ListAsJson = False,
) -> None:
    """Train a paper's model by its recipe; `srbench train list` names the recipes.

    Ctrl-C or SIGTERM saves and stops; the same command goes on from there. Writes last.ckpt, best.ckpt,
    curve.csv, TensorBoard files and model/{weights.safetensors,recipe.json,card.md,curve.csv}.
    """
    if recipe == "list":
        _print_recipes(as_json=as_json)
        return
    from srbench.commands.training_log import TrainingLog
    from srbench.train.job import Job, resolve, run

    changes = {
        "iterations": iterations, "batch": batch, "crop": crop, "scale": scale, "average": average,
        "learning_rate": learning_rate, "feature_network": features, "seed": seed,
    }  # fmt: skip
    start = [] if start_from is None else [f"start_from={start_from}"]
    job = Job(
        recipe=resolve(recipe, changes, start + (settings or [])),
        data=data,
        out=out,
        validation=validation,
        annotations=annotations,
        test=tuple(split_names(test)),
        roots=tuple(data_root),
        device=device,
        devices=devices,
        precision=precision,
        compiled=compiled,
        install=install,
        estimate=estimate,
    )
    with TrainingLog() as log:
        finished = run(job, log)
    if finished.main and finished.weights is not None:
        _print_result(finished)


def _print_recipes(*, as_json: bool) -> None:
    from srbench.train.recipes import RECIPES

    if as_json:
        print_json([{"name": one.name, "summary": one.summary, "paper": one.paper} for one in RECIPES])
        return
    output = console()
    for one in RECIPES:
        output.print(f"{one.name:16} {one.summary}", markup=False)


def _print_result(finished: Result) -> None:
    """What came of it, and the file of weights; exits as a signal asks where one stopped the training."""
    remarks = notices()
    for line in finished.lines:
        remarks.print(line, markup=False)
    if finished.stopped:
        raise typer.Exit(128 + finished.stopped)
    console().print(f"{finished.weights}", markup=False)

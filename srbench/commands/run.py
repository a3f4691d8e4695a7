"""`srbench run` and `merge`."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.commands.terminal import (
    DataRoot,
    console,
    memory_bytes,
    notices,
    print_board,
    progress,
)
from srbench.core.records import UsageError, UserError

if TYPE_CHECKING:
    from srbench.runs.config import Asked
    from srbench.runs.run import Finished, Options


class ExecutorName(StrEnum):
    """Where the work is done."""

    LOCAL = "local"
    RAY = "ray"


class InputsName(StrEnum):
    """Which low-resolution images of a data set are used."""

    GIVEN = "given"
    MADE = "made"


def run(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Argument(metavar="[CONFIG.toml]", help="Options as a file; those typed beside it win."),
    ] = None,
    methods: Annotated[str, typer.Option(help="Names separated by commas, or all.")] = "all",
    datasets: Annotated[str, typer.Option(help="Names separated by commas; also folder:DIR.")] = "demo",
    scale: Annotated[str, typer.Option(help="Super-resolution factor; several as in 2,3,4.")] = "4",
    metrics: Annotated[str, typer.Option(help="Names, default (the protocol's) or all.")] = "default",
    protocol: Annotated[str, typer.Option(help="See: srbench protocols list; or a FILE.toml.")] = "srbench",
    bits: Annotated[
        int,
        typer.Option(help="8 or 16; 0 is the protocol's. 16 takes 16-bit PNG and TIFF files as they are."),
    ] = 0,
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
    out: Annotated[Path, typer.Option(help="Run folder; a finished one is only completed.")] = Path(
        "runs/default"
    ),
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    max_memory: Annotated[
        float, typer.Option(metavar="GB", min=0.1, help="Activations of a network beyond this are tiled.")
    ] = 2.0,
    workers: Annotated[int, typer.Option(help="Processes; 0 is one per core.")] = 0,
    executor: Annotated[
        ExecutorName, typer.Option(help="This machine or a Ray cluster.")
    ] = ExecutorName.LOCAL,
    address: Annotated[
        str,
        typer.Option(help="The Ray cluster: auto, HOST:PORT or ray://HOST:PORT; without it this machine."),
    ] = "",
    shard: Annotated[
        str, typer.Option(metavar="I/N", help="Only the I-th of N parts of the images; see: srbench merge.")
    ] = "",
    inputs: Annotated[
        InputsName,
        typer.Option(help="Low-resolution images: those given beside the references, or made from them."),
    ] = InputsName.GIVEN,
    task_timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, help="For one method or metric on one image.")
    ] = 900.0,
    task_memory: Annotated[
        float,
        typer.Option(metavar="GB", min=0, help="For a process that works; 0 shares most of the machine."),
    ] = 0.0,
    strict: Annotated[bool, typer.Option("--strict", help="Fail when any score is missing.")] = False,
) -> None:
    """Upscale data sets with methods, score the outputs, write leaderboards.

    CONFIG.toml holds the same options by their names, such as methods = ["bicubic"] and scale = [2, 4], with
    paths relative to the file; the run.toml of a run folder repeats that run.
    """
    from srbench.core.registry import split_names
    from srbench.runs.config import Asked, read_config, scales_of

    typed = Asked(
        methods=tuple(split_names(methods, "--methods")),
        datasets=tuple(split_names(datasets, "--datasets")),
        scale=scales_of(scale),
        metrics=tuple(split_names(metrics, "--metrics")),
        protocol=protocol,
        bits=bits,
        data_root=tuple(data_root),
        out=out,
        device=device,
        max_memory=max_memory,
        workers=workers,
        executor=executor.value,
        address=address,
        shard=shard,
        inputs=inputs.value,
        task_timeout=task_timeout,
        task_memory=task_memory,
        strict=strict,
    )
    if config is None:
        _run(typed)
        return
    given = {
        name for name in context.params if str(context.get_parameter_source(name)).endswith("COMMANDLINE")
    }
    for said in read_config(config):
        _run(replace(typed, **{name: value for name, value in said.items() if name not in given}))


def _run(asked: Asked) -> None:
    from srbench.metrics.pyiqa_bridge import licence_warning
    from srbench.runs.run import run as run_all

    options = _options(asked)
    with progress("images") as bar:
        finished = run_all(options, progress=bar)
    if warning := licence_warning(asked.metrics):
        notices().print(warning, markup=False)
    _print_finished(finished, asked.out)
    missing = finished.outcome.missing
    if missing and asked.strict:
        raise UserError(
            f"{len(missing)} scores are missing, and --strict is set; see {asked.out / 'scores.csv'}"
        )


def _options(asked: Asked) -> Options:
    """What a run takes, with the device, the limits and the shard that were meant."""
    from srbench.core.devices import choose_device
    from srbench.runs.run import Options
    from srbench.runs.shards import parse_shard
    from srbench.runs.workers import Limits, step_limits

    if asked.address and asked.executor != "ray":
        raise UsageError("--address is that of a Ray cluster; give --executor ray with it")
    elsewhere = asked.executor == "ray"
    memory = int(asked.task_memory * 1024**3)
    limits = (
        Limits(asked.task_timeout, memory)
        if elsewhere
        else step_limits(asked.task_timeout, asked.task_memory, asked.workers)
    )
    return Options(
        methods=asked.methods,
        datasets=asked.datasets,
        scales=asked.scale,
        metrics=asked.metrics,
        protocol=asked.protocol,
        bits=asked.bits,
        roots=asked.data_root,
        out=asked.out,
        device=asked.device if elsewhere and asked.device != "auto" else choose_device(asked.device),
        max_memory=memory_bytes(asked.max_memory),
        workers=asked.workers,
        executor=asked.executor,
        inputs=asked.inputs,
        limits=limits,
        address=asked.address,
        shard=parse_shard(asked.shard),
    )


def _print_finished(finished: Finished, out: Path) -> None:
    """The leaderboards, and what is missing of them; `UserError` where a method or everything failed."""
    output, remarks = console(), notices()
    for board in finished.boards:
        print_board(output, board)
    for name, reason in finished.skipped.items():
        remarks.print(f"left out: {name}: {reason}", markup=False)
    outcome = finished.outcome
    images = f"{outcome.computed} image{'s' if outcome.computed != 1 else ''} computed"
    output.print(
        f"{images if outcome.computed else 'nothing to compute'} in {finished.seconds:.1f} s; files in {out}",
        markup=False,
    )
    if outcome.missing and not outcome.scored:
        raise UserError(f"no score could be computed: {outcome.missing[0].status}")
    for method, (count, of) in outcome.lost.items():
        if 0 < count < of:
            why = f"{out / 'scores.csv'} says why"
            remarks.print(f"{method} failed on {count} of {of} images; {why}", markup=False)
    if failed := [method for method, (count, of) in outcome.lost.items() if count == of]:
        raise UserError(f"failed on every image: {', '.join(failed)}; the others' scores are in {out}")


def merge(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs made with --shard.")],
    out: Annotated[Path, typer.Option(help="The run folder that is made.")],
) -> None:
    """Put the parts of a run together: the folder that one run would have made."""
    from srbench.runs.joining import join

    output = console()
    for board in join(runs, out):
        print_board(output, board)
    output.print(f"files in {out}", markup=False)

"""`srbench methods bench` and `srbench interpolate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.commands.terminal import console, memory_bytes, notices
from srbench.core.records import UsageError, UserError
from srbench.core.registry import split_names

if TYPE_CHECKING:
    from srbench.methods.running.bench import Cost

_MEGABYTE = 1024**2


def bench_methods(
    methods: Annotated[
        str, typer.Option("--methods", help="Names separated by commas; 'all' is every network.")
    ] = "all",
    size: Annotated[
        str, typer.Option("--size", metavar="WIDTHxHEIGHT", help="Size of the input.")
    ] = "120x80",
    scale: Annotated[int, typer.Option("--scale", min=1)] = 4,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    max_memory: Annotated[
        float, typer.Option("--max-memory", metavar="GB", help="Activations beyond this are tiled.")
    ] = 2.0,
    repeats: Annotated[int, typer.Option("--repeats", min=1)] = 3,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Also as CSV, for srbench figure runtimes.")
    ] = None,
) -> None:
    """Parameters, multiply-adds, milliseconds and peak memory per image of each method."""
    from srbench.core.devices import choose_device
    from srbench.core.records import Unscorable
    from srbench.methods.catalogue import resolve
    from srbench.methods.contract import Runtime
    from srbench.methods.running.bench import measure

    width, height = _size(size)
    runtime = Runtime(device=choose_device(device), max_memory=memory_bytes(max_memory))
    costs = []
    for name in _names(methods, scale):
        method = resolve(name)
        try:
            refused = method.refuses(scale)
            if refused:
                raise Unscorable(refused)
            costs.append(
                measure(method, height=height, width=width, scale=scale, runtime=runtime, repeats=repeats)
            )
        except (UserError, Unscorable) as error:
            said = str(error)
            notices().print(said if name in said else f"{name}: {said}", markup=False)
    if not costs:
        raise UserError("nothing could be measured")
    if out is not None:
        from srbench.core.files import write_csv
        from srbench.methods.running.bench import COLUMNS

        place = {
            "device": runtime.device,
            "width": width,
            "height": height,
            "scale": scale,
            "repeats": repeats,
        }
        write_csv(out, COLUMNS, ({**vars(cost), **place} for cost in costs))
    _print(costs, f"{width}x{height} input, {scale}x, {runtime.device}")


def interpolate_networks(
    first: Annotated[str, typer.Argument(metavar="A", help="A method or checkpoint file: alpha 0.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another of the same network: alpha 1.")],
    alpha: Annotated[float, typer.Option("--alpha", help="From 0 (A) to 1 (B).")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The result, a .safetensors file.")
    ] = Path("interpolated.safetensors"),
) -> None:
    """Write the network (1 - alpha) A + alpha B, usable as a method by its file name."""
    from srbench.methods.catalogue import METHODS
    from srbench.methods.files.blend import interpolate_files

    interpolate_files(first, second, alpha, out, METHODS.get)
    console().print(f"written: {out}; use it as --methods {out}", markup=False)


def _names(methods: str, scale: int) -> list[str]:
    from srbench.methods.catalogue import METHODS
    from srbench.methods.networks.method import NetworkMethod

    if methods.strip() != "all":
        return split_names(methods, "--methods")
    return [m.name for m in METHODS if isinstance(m, NetworkMethod) and m.refuses(scale) is None]


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) and int(height)):
        raise UsageError(f"--size {text}: write WIDTHxHEIGHT, as in 120x80")
    return int(width), int(height)


def _print(costs: list[Cost], title: str) -> None:
    from rich.table import Table

    table = Table(title=title, box=None, padding=(0, 2, 0, 0))
    table.add_column("method")
    for heading in ("parameters", "multiply-adds", "ms", "network alone, ms", "ratio", "peak memory"):
        table.add_column(heading, justify="right")
    for cost in costs:
        table.add_row(
            cost.method,
            _count(cost.parameters),
            _count(cost.multiply_adds),
            f"{cost.milliseconds:.1f}",
            "" if cost.forward is None else f"{cost.forward:.1f}",
            "" if cost.ratio is None else f"{cost.ratio:.2f}",
            f"{cost.memory / _MEGABYTE:.0f} MB",
        )
    console().print(table)


def _count(number: int | None) -> str:
    if number is None:
        return ""
    for unit, factor in (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= factor:
            return f"{number / factor:.2f} {unit}"
    return str(number)

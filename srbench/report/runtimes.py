"""Time per image against quality: what `srbench methods bench --out FILE` measured beside a run's scores."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srbench.core.figures import Drawn, look, new_figure, plain_logarithms
from srbench.core.records import UserError
from srbench.report.planes import exceptions, label, value_row
from srbench.tables.boards import Board, MetricInfo
from srbench.tables.text import board_title, heading


@dataclass(frozen=True)
class Timing:
    """The milliseconds that a method takes for one image, and where that was measured."""

    milliseconds: float
    device: str
    size: str
    scale: int
    repeats: int


def read_timings(path: Path) -> dict[str, Timing]:
    """The timings of `srbench methods bench --out FILE`, by method; `UserError` for another file."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; srbench methods bench --out {path} writes it")
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            return {
                row["method"]: Timing(
                    _duration(row["milliseconds"]), row["device"], f"{row['width']}x{row['height']}",
                    int(row["scale"]), int(row["repeats"]),
                )
                for row in csv.DictReader(stream)
            }  # fmt: skip
    except (KeyError, ValueError, TypeError):
        raise UserError(f"{path} is no file of srbench methods bench --out FILE") from None


def _duration(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise ValueError(f"{text} is no duration")
    return value


def runtimes(board: Board, info: MetricInfo, timings: dict[str, Timing]) -> Drawn:
    """Milliseconds on a logarithmic scale against a metric; a line joins the methods that no other one beats
    in both. `UserError` where no method has both a time and a finite value."""
    rows = _rows(board, info, timings)
    if not rows:
        raise UserError(
            f"none of the run's methods ({', '.join(board.methods)}) has both a time at x{board.scale} and a "
            f"finite value of {info.name}"
        )
    figure, axes = new_figure(5.2, 4.0)
    points = {row["method"]: (row["milliseconds"], row[info.name]) for row in rows}
    for index, point in enumerate(points.values()):
        colour, mark = look(index)
        axes.plot(*point, mark, color=colour, ms=6, mec="w", mew=0.5, zorder=3)
    front = sorted((row["milliseconds"], row[info.name]) for row in rows if row["unbeaten"])
    axes.step(*zip(*front, strict=True), where="post", color="0.6", lw=1, zorder=1)
    axes.set_xscale("log")
    plain_logarithms(axes.xaxis)
    axes.set_xlabel("time of one image [ms] ↓")
    axes.set_ylabel(heading(info))
    axes.margins(0.1)
    axes.autoscale_view()
    label(axes, points)
    return Drawn(figure, rows, _caption(board, info, rows, timings))


def _rows(board: Board, info: MetricInfo, timings: dict[str, Timing]) -> list[dict[str, Any]]:
    there = [
        name
        for name in board.methods
        if name in timings
        and name not in board.reference_methods
        and timings[name].scale == board.scale
        and math.isfinite(_value(board, name, info))
    ]
    sign = 1 if info.higher_is_better else -1
    place = {name: (timings[name].milliseconds, -sign * _value(board, name, info)) for name in there}
    return [
        {
            "method": name,
            **vars(timings[name]),
            **value_row(board, name, info),
            "unbeaten": not any(_beats(place[other], place[name]) for other in there),
        }
        for name in there
    ]


def _value(board: Board, method: str, info: MetricInfo) -> float:
    value = board.cells[method, info.name].value
    return math.nan if value is None else value


def _beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether a method is at least as good in both (less is better) and better in one."""
    return one != other and one[0] <= other[0] and one[1] <= other[1]


def _caption(board: Board, info: MetricInfo, rows: list[dict[str, Any]], timings: dict[str, Timing]) -> str:
    where = ", ".join(sorted({f"an input of {row['size']} on {row['device']}" for row in rows}))
    repeats = min(row["repeats"] for row in rows)
    line = "the line joins what no method beats in both"
    timed = [name for name in board.methods if name in timings and timings[name].scale == board.scale]
    notes = "".join(f" {note}." for note in exceptions(board, (info,), timed))
    return f"{board_title(board)}; {line}. Time: median of {repeats} runs of {where}.{notes}"

"""Training curves: losses and held-out PSNR of trainings, from the `curve.csv` of their folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.core.figures import COLOURS, LINES, Drawn, plain_logarithms
from srbench.core.records import UserError
from srbench.train.curves import FILE, read

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# What is no loss: where the training stands, and how fast it goes.
_NOT_SHOWN = ("iteration", "learning_rate", "images_per_second", "seconds")
_PSNR = "psnr_y"


@dataclass(frozen=True)
class Training:
    """The columns of a curve as (iteration, value), without those that are empty."""

    name: str
    columns: dict[str, list[tuple[int, float]]]


def read_training(folder: Path) -> Training:
    """The curve of a training's folder, or of one that ships; `UserError` for a folder without one."""
    path = folder if folder.is_file() else folder / FILE
    rows = read(path)
    if not rows:
        raise UserError(f"{folder} holds no {FILE} with rows; srbench train --out DIR makes such folders")
    columns: dict[str, list[tuple[int, float]]] = {}
    try:
        for row in rows:
            for name, text in row.items():
                if name not in _NOT_SHOWN and text:
                    columns.setdefault(name, []).append((int(row["iteration"]), float(text)))
    except (TypeError, ValueError) as error:
        raise UserError(f"{path} is damaged or was edited by hand ({error})") from None
    if not columns:
        raise UserError(f"{path} has no losses; srbench train writes them while it runs")
    return Training(path.resolve().parent.name, columns)


def training_curves(folders: Sequence[Path]) -> Drawn:
    """Losses left, held-out PSNR right; of several trainings the whole loss, of one every term of it."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    trainings = [read_training(folder) for folder in folders]
    validated = any(_PSNR in one.columns for one in trainings)
    figure = Figure(figsize=(7.2 if validated else 4.2, 2.9))
    panels = figure.subplots(1, 1 + validated, squeeze=False, gridspec_kw={"wspace": 0.38})[0].tolist()
    alone = len(trainings) == 1
    for index, one in enumerate(trainings):
        terms = [name for name in one.columns if name != _PSNR] if alone else ["loss"]
        for number, name in enumerate(terms):
            _line(
                panels[0], one.columns.get(name, []), number if alone else index, name if alone else one.name
            )
        if validated:
            _line(panels[1], one.columns.get(_PSNR, []), index, one.name)
    positive = all(value > 0 for axes in panels[:1] for line in axes.lines for value in line.get_ydata())
    if positive:
        panels[0].set_yscale("log")
        plain_logarithms(panels[0].yaxis)
    panels[0].set_ylabel("loss ↓")
    for axes in panels:
        axes.set_xlabel("iteration")
        axes.xaxis.set_major_locator(
            MaxNLocator(4, integer=True, steps=[1, 2, 5, 10])
        )  # more five-digit numbers touch
        axes.grid(color="0.92", lw=0.6)
        axes.set_axisbelow(True)
    panels[0].legend(fontsize=7, frameon=False)
    if validated:
        panels[1].set_ylabel("PSNR of held-out images [dB] ↑")
        if not alone:
            panels[1].legend(fontsize=7, frameon=False)
    return Drawn(figure, _rows(trainings), _caption(trainings, validated))


def _line(axes: Axes, points: list[tuple[int, float]], index: int, name: str) -> None:
    if points:
        marks = "o" if len(points) < 60 else None
        axes.plot(
            *zip(*points, strict=True), color=COLOURS[index % len(COLOURS)], label=name,
            ls=LINES[index // len(COLOURS) % len(LINES)], marker=marks, ms=2.5, lw=1.1,
        )  # fmt: skip


def _rows(trainings: Sequence[Training]) -> list[dict[str, Any]]:
    return [
        {"training": one.name, "iteration": iteration, "quantity": name, "value": value}
        for one in trainings
        for name, points in one.columns.items()
        for iteration, value in points
    ]


def _caption(trainings: Sequence[Training], validated: bool) -> str:
    ends = ", ".join(f"{one.name} {max(p[-1][0] for p in one.columns.values())}" for one in trainings)
    psnr = "; PSNR on luma of the training's own held-out images" if validated else ""
    return f"Iterations: {ends}. The loss is the mean since the row before{psnr}."

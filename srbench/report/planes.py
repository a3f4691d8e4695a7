"""The perception-distortion plane: a mark for each method, a curve for each family, names apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from srbench.core.figures import COLOURS, new_figure
from srbench.tables.boards import MetricInfo
from srbench.tables.pirm import PIRM, REGIONS
from srbench.tables.ranked import Ranked
from srbench.tables.text import heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Eight colours and seven marks have no common factor: 56 methods that differ.
MARKS = ("o", "s", "^", "D", "v", "P", "X")
_Points = dict[str, tuple[float, float]]


def plane(ranked: Ranked, x: MetricInfo, y: MetricInfo) -> Figure:
    """Distortion to the right, perception upwards; the reference, which has no distortion, is a level.

    Methods that differ in the number behind an @ only (`esrgan@0.2`, `mix:A,B@0.5`) are joined to a curve.
    PIRM's regions stand under its protocol where the distortion is an RMSE.
    """
    figure, axes = new_figure(5.2, 4.0)
    points: _Points = {}
    for index, method in enumerate(ranked.methods):
        place = (_finite(ranked, method, x), _finite(ranked, method, y))
        if method in ranked.board.reference_methods:
            _level(axes, method, place[1])
        elif not any(map(math.isnan, place)):
            points[method] = place
            axes.plot(
                *place, MARKS[index % len(MARKS)], color=COLOURS[index % len(COLOURS)], ms=6, mec="w",
                mew=0.5, zorder=3,
            )  # fmt: skip
    for curve in families(points).values():
        axes.plot(*zip(*curve, strict=True), "-", color="0.6", lw=1, zorder=1)
    if x.name == "rmse_y" and ranked.board.protocol == PIRM:
        _regions(axes)
    axes.set_xlabel(heading(x))
    axes.set_ylabel(heading(y))
    axes.margins(0.1)
    axes.autoscale_view()
    _label(axes, points)
    return figure


def families(points: _Points) -> dict[str, list[tuple[float, float]]]:
    """The points of each family of three members or more, in the order of the number behind the @."""
    found: dict[str, dict[float, tuple[float, float]]] = {}
    for method, point in points.items():
        stem, _, text = method.rpartition("@")
        try:
            found.setdefault(stem, {})[float(text)] = point
        except ValueError:
            continue
    return {
        stem: [members[alpha] for alpha in sorted(members)]
        for stem, members in found.items()
        if stem and len(members) > 2
    }


def _level(axes: Axes, name: str, value: float) -> None:
    if not math.isnan(value):
        axes.axhline(value, color="0.6", lw=0.8, ls=":")
        axes.annotate(
            name, (1, value), (-2, 2), xycoords=("axes fraction", "data"), textcoords="offset points",
            ha="right", va="bottom", fontsize=7, color="0.4",
        )  # fmt: skip


def _regions(axes: Axes) -> None:
    for region, bound in REGIONS:
        axes.axvline(bound, color="0.6", lw=0.8, ls="--")
        axes.annotate(
            f"region {region}", (bound, 0.02), (-3, 0), xycoords=("data", "axes fraction"),
            textcoords="offset points", rotation=90, ha="right", va="bottom", fontsize=7, color="0.4",
        )  # fmt: skip


def _label(axes: Axes, points: _Points) -> None:
    """A name beside each point; of a family only its ends have one. A line leads where a name had to move."""
    from adjustText import adjust_text

    inner = {point for curve in families(points).values() for point in curve[1:-1]}
    named = {name: point for name, point in points.items() if point not in inner}
    if not named:
        return
    # The library's start positions are random; its results must not be.
    axes.figure.canvas.draw()
    texts = [axes.text(*point, name, fontsize=7.5) for name, point in named.items()]
    xs, ys = zip(*points.values(), strict=True)
    adjust_text(
        texts, x=list(xs), y=list(ys), ax=axes, expand=(1.15, 1.35), iter_lim=400, time_lim=None,
        arrowprops={"arrowstyle": "-", "color": "0.5", "lw": 0.6, "shrinkB": 3},
    )  # fmt: skip


def _finite(ranked: Ranked, method: str, info: MetricInfo) -> float:
    """The value of a method, NaN where it has none or an infinite one."""
    value = ranked.board.cells[method, info.name].value
    return math.nan if value is None or math.isinf(value) else value

"""The perception-distortion plane: a mark for each method, a curve for each family, names apart."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from srbench.core.figures import Drawn, look, new_figure
from srbench.tables.boards import Board, MetricInfo
from srbench.tables.pirm import PIRM, REGIONS, region_of
from srbench.tables.ranked import Ranked
from srbench.tables.text import board_title, heading, root_mean_squares

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_Points = dict[str, tuple[float, float]]
Line = Sequence[tuple[float, float]]
_MARK = 6.0  # points
_NEAR = 3  # neighbours that make a place crowded
# Whether leading lines may cross, and how far names may move (a share of the axes): the first that has room.
_ATTEMPTS = ((False, 0.06), (False, 0.12), (False, 0.25), (True, 0.25), (True, 0.6))


def plane(ranked: Ranked, x: MetricInfo, y: MetricInfo) -> Drawn:
    """Distortion to the right, perception upwards; the reference, which has no distortion, is a level.

    Methods that differ in the number behind an @ only (`esrgan@0.2`, `mix:A,B@0.5`) are joined to a curve of
    one colour. PIRM's regions stand under its protocol where the distortion is an RMSE.
    """
    figure, axes = new_figure(5.2, 4.0)
    points: _Points = {}
    for method in ranked.methods:
        place = (_finite(ranked, method, x), _finite(ranked, method, y))
        if method in ranked.board.reference_methods:
            _level(axes, method, place[1])
        elif not any(map(math.isnan, place)):
            points[method] = place
    curves = families(points)
    looks = _looks(list(points), curves)
    for method, place in points.items():
        colour, mark = looks[method]
        axes.plot(*place, mark, color=colour, ms=_MARK, mec="w", mew=0.5, zorder=3)
    for members in curves.values():
        line = [points[name] for name in members]
        axes.plot(*zip(*line, strict=True), "-", color=looks[members[0]][0], lw=1, alpha=0.6, zorder=1)
    in_regions = x.name == "rmse_y" and ranked.board.protocol == PIRM
    axes.set_xlabel(heading(x))
    axes.set_ylabel(heading(y))
    axes.margins(0.1)
    axes.autoscale_view()
    inner = {name for members in curves.values() for name in members[1:-1]}
    lines: list[Line] = [[points[name] for name in members] for members in curves.values()]
    label(axes, points, unnamed=inner, lines=lines + (_regions(axes) if in_regions else []))
    return Drawn(figure, _rows(ranked, points, curves, (x, y), in_regions), _caption(ranked, x, y))


def _caption(ranked: Ranked, x: MetricInfo, y: MetricInfo) -> str:
    better = " and ".join(
        f"{'higher' if info.higher_is_better else 'lower'} {info.title} is better" for info in (x, y)
    )
    sentences = [root_mean_squares((x, y)), *exceptions(ranked.board, (x, y))]
    return " ".join([f"{board_title(ranked.board)}; {better}.", *(f"{each}." for each in sentences if each)])


def exceptions(
    board: Board, infos: Sequence[MetricInfo], methods: Collection[str] | None = None
) -> list[str]:
    """What a caption says of methods (all without them): those without a finite value of every metric are
    not drawn, others may have values of fewer images than the rest."""
    left_out, partly = [], []
    for method in board.methods if methods is None else methods:
        cells = [board.cells[method, info.name] for info in infos]
        if method in board.reference_methods:
            continue
        if any(cell.value is None or math.isinf(cell.value) for cell in cells):
            left_out.append(method)
        elif counts := {f"{cell.n} of {cell.expected}" for cell in cells if cell.n < cell.expected}:
            partly.append(f"{method} over {' and '.join(sorted(counts))} images only")
    drawn = [f"Not drawn, without finite values: {', '.join(left_out)}"] if left_out else []
    return drawn + partly


def _rows(
    ranked: Ranked, points: _Points, curves: dict[str, list[str]], infos: tuple[MetricInfo, ...], pirm: bool
) -> list[dict[str, Any]]:
    family = {name: stem for stem, members in curves.items() for name in members}
    rows = []
    for method in points:
        row: dict[str, Any] = {"method": method, "family": family.get(method, "")}
        for info in infos:
            row |= value_row(ranked.board, method, info)
        if pirm:
            row["region"] = region_of(row["rmse_y"])
        rows.append(row)
    return rows


def value_row(board: Board, method: str, info: MetricInfo) -> dict[str, Any]:
    """A method's value of a metric as columns of a row: value, ends of its interval, n of expected images."""
    cell = board.cells[method, info.name]
    name, interval = info.name, cell.interval
    return {
        name: cell.value,
        f"{name}_low": interval.low if interval else None,
        f"{name}_high": interval.high if interval else None,
        f"{name}_n": cell.n,
        f"{name}_expected": cell.expected,
    }


def _looks(methods: list[str], curves: dict[str, list[str]]) -> dict[str, tuple[str, str]]:
    """Colour and mark of each method; the members of a family share theirs."""
    family = {name: stem for stem, members in curves.items() for name in members}
    order = {name: index for index, name in enumerate(dict.fromkeys(family.get(m, m) for m in methods))}
    return {method: look(order[family.get(method, method)]) for method in methods}


def families(points: _Points) -> dict[str, list[str]]:
    """The members of each family of three or more, in the order of the number behind the @."""
    found: dict[str, dict[float, str]] = {}
    for method in points:
        stem, _, text = method.rpartition("@")
        try:
            found.setdefault(stem, {})[float(text)] = method
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
            name, (1, value), (3, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            ha="left", va="center", fontsize=7, color="0.4",
        )  # fmt: skip


def _regions(axes: Axes) -> list[Line]:
    """Lines at the regions' bounds and their names above the axes, where they are within them."""
    left, right = axes.get_xlim()
    lines: list[Line] = []
    for region, bound in REGIONS:
        if left < bound:
            middle = (left + min(bound, right)) / 2
            axes.annotate(
                f"region {region}" if region == 1 else str(region), (middle, 1.01), ha="center", va="bottom",
                xycoords=("data", "axes fraction"), fontsize=7, color="0.4", annotation_clip=False,
            )  # fmt: skip
        if left < bound < right:
            axes.axvline(bound, color="0.6", lw=0.8, ls="--", zorder=0)
            lines.append([(bound, y) for y in axes.get_ylim()])
        left = max(left, bound)
        if left >= right:
            break
    return lines


def label(axes: Axes, points: _Points, *, unnamed: Collection[str] = (), lines: Sequence[Line] = ()) -> None:
    """A name beside each point, but for those `unnamed`, apart from each other, from all points and from
    `lines`. A line leads where a name had to move; the axes are final before this is called."""
    import textalloc

    named = {name: point for name, point in points.items() if name not in unnamed}
    if not named:
        return
    # Points in crowded places choose first.
    axes.figure.canvas.draw()
    pixels = axes.transData.transform(list(points.values()))
    near = {
        name: float(np.sort(np.hypot(*(pixels - axes.transData.transform(point)).T))[: 1 + _NEAR].sum())
        for name, point in named.items()
    }
    order = sorted(named, key=lambda name: near[name])
    xs, ys = np.array([named[name] for name in order]).T
    all_xs, all_ys = np.array(list(points.values())).T
    for crossing, reach in _ATTEMPTS:
        allocated: Any = textalloc.allocate(
            axes, xs, ys, order, x_scatter=all_xs, y_scatter=all_ys, margin=0.015, min_distance=0.016,
            x_lines=[[x for x, _ in line] for line in lines],
            y_lines=[[y for _, y in line] for line in lines],
            textsize=7.5, linecolor="0.5", linewidth=0.6, nbr_candidates=1000, max_distance=reach,
            avoid_label_lines_overlap=not crossing, avoid_crossing_label_lines=not crossing,
            draw_all=(crossing, reach) == _ATTEMPTS[-1],
        )  # fmt: skip
        _, _, texts, leaders = allocated
        if sum(text is not None for text in texts) == len(order):
            return
        for drawn in (*texts, *leaders):
            if drawn is not None:
                drawn.remove()


def _finite(ranked: Ranked, method: str, info: MetricInfo) -> float:
    """The value of a method, NaN where it has none or an infinite one."""
    value = ranked.board.cells[method, info.name].value
    return math.nan if value is None or math.isinf(value) else value

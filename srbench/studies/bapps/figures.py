"""TSRN's Figure 8: how often metrics agree with people, from the folder of a finished `bapps-2afc`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.figures import COLOURS, Drawn
from srbench.core.records import UsageError, UserError
from srbench.studies.bapps.export import shown_name
from srbench.studies.bapps.results import GROUP_TITLES, HUMAN, MAJORITY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TABLE = "2afc.csv"
_USUAL = ("distortions", "real", "all")  # the groups of the paper's figure
_CHANCE = 50.0
# A colour for each way of comparing features.
_FAMILIES = {"feat": COLOURS[5], "gram": COLOURS[1], "lpips": COLOURS[0]}


@dataclass(frozen=True)
class Bar:
    """A metric's agreement with people on one group, in per cent; None where a number is not known."""

    metric: str
    group: str
    value: float
    low: float | None
    high: float | None
    n: int
    expected: int
    subsets: int
    of_subsets: int
    reported: float | None


def read_bars(folder: Path, groups: tuple[str, ...]) -> list[Bar]:
    """The bars of these groups (the paper's where none are named); `UserError` for another folder."""
    path = folder / _TABLE
    if not path.is_file():
        raise UserError(f"{folder} holds no {_TABLE}; srbench bapps-2afc --out DIR makes such folders")
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            bars = [_bar(row) for row in csv.DictReader(stream) if row["value"]]
    except (KeyError, ValueError) as error:
        raise UserError(f"{path} is damaged or was edited by hand ({error})") from None
    present = list(dict.fromkeys(bar.group for bar in bars))
    unknown = [name for name in groups if name not in present]
    if unknown:
        raise UsageError(f"{folder} has no group '{unknown[0]}'; it has: {', '.join(present)}")
    chosen = groups or tuple(name for name in _USUAL if name in present) or tuple(present)
    if not chosen:
        raise UserError(f"{path} has no values")
    return [bar for name in chosen for bar in bars if bar.group == name]


def _bar(row: dict[str, str]) -> Bar:
    low, high, reported = (float(row[name]) if row[name] else None for name in ("low", "high", "reported"))
    counts = {name: int(row[name]) for name in ("n", "expected", "subsets", "of_subsets")}
    return Bar(row["metric"], row["group"], float(row["value"]), low, high, reported=reported, **counts)


def agreement_bars(folder: Path, groups: tuple[str, ...]) -> Drawn:
    """A panel for each group, metrics down in their order, people as a dashed line (TSRN, Figure 8).

    Bars begin at 50, which guessing has; whiskers are 95% intervals, diamonds what the paper reports.
    """
    from matplotlib.figure import Figure

    bars = read_bars(folder, groups)
    shown = list(dict.fromkeys(bar.group for bar in bars))
    metrics = [name for name in dict.fromkeys(bar.metric for bar in bars) if name not in (HUMAN, MAJORITY)]
    if not metrics:
        raise UserError(f"{folder / _TABLE} has people only and no metric")
    figure = Figure(figsize=(1.2 + 2.2 * len(shown), 0.9 + 0.24 * len(metrics)))
    panels = figure.subplots(1, len(shown), squeeze=False, sharex=True, sharey=True)[0].tolist()
    for axes, group in zip(panels, shown, strict=True):
        of_group = [bar for bar in bars if bar.group == group]
        _panel(axes, of_group, metrics)
        partial = any(bar.subsets < bar.of_subsets or bar.n < bar.expected for bar in of_group)
        axes.set_title(f"{GROUP_TITLES.get(group, group)}{' *' if partial else ''}", fontsize=9)
        axes.set_xlabel("2AFC score [%] ↑")
    panels[0].set_yticks(range(len(metrics)), [shown_name(name) for name in metrics])
    panels[0].set_ylim(len(metrics) - 0.5, -0.5)
    ends = [end for bar in bars for end in (bar.value, bar.low, bar.high, bar.reported) if end is not None]
    low, high = min(_CHANCE, *ends), max(_CHANCE, *ends)
    panels[0].set_xlim(low - 0.02 * (high - low) if low < _CHANCE else low, high + 0.2 * (high - low))
    figure.subplots_adjust(wspace=0.12)
    return Drawn(figure, [vars(bar) for bar in bars], _caption(bars))


def _panel(axes: Axes, bars: list[Bar], metrics: list[str]) -> None:
    for bar in bars:
        if bar.metric == HUMAN:
            axes.axvline(bar.value, color="0.35", lw=1, ls="--")
        if bar.metric not in metrics:
            continue
        place = metrics.index(bar.metric)
        colour = _FAMILIES.get(bar.metric.partition("-")[0], COLOURS[2])
        axes.barh(place, bar.value - _CHANCE, 0.72, left=_CHANCE, color=colour)
        reach = max(_CHANCE, bar.value)
        if bar.low is not None and bar.high is not None:
            axes.plot([bar.low, bar.high], [place, place], color="black", lw=0.9)
            reach = max(reach, bar.high)
        if bar.reported is not None:
            axes.plot(bar.reported, place, "D", mfc="none", mec="black", ms=4, zorder=3)
            reach = max(reach, bar.reported)
        axes.annotate(
            f"{bar.value:.1f}", (reach, place), (4, 0), textcoords="offset points", va="center", fontsize=6.5,
            bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none"},
        )  # fmt: skip


def _caption(bars: list[Bar]) -> str:
    groups = dict.fromkeys(bar.group for bar in bars)
    counts = {name: next(bar.expected for bar in bars if bar.group == name) for name in groups}
    words = [
        "n: " + ", ".join(f"{GROUP_TITLES.get(name, name)} {count}" for name, count in counts.items()),
        "higher is better; bars begin at 50%, which guessing has",
    ]
    if any(bar.metric == HUMAN for bar in bars):
        words.append("dashed: what one person has against the others")
    if any(bar.low is not None for bar in bars):
        words.append("whiskers: 95% bootstrap intervals over references")
    if any(bar.reported is not None for bar in bars):
        words.append("diamonds: as reported")
    if any(bar.subsets < bar.of_subsets or bar.n < bar.expected for bar in bars):
        words.append("*: subsets or items are missing")
    return f"{'; '.join(words)}."

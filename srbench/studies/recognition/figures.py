"""EnhanceNet's and TSRN's comparison by recognition as bars, from the folder of a finished `recognition`."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from srbench.core.figures import COLOURS, Drawn
from srbench.core.records import UserError
from srbench.studies.recognition.measure import BASELINE
from srbench.studies.recognition.results import reported

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

Measure = Literal["error", "accuracy"]
_TABLE = "recognition.csv"
_KINDS = (("top1", "top-1", COLOURS[0]), ("top5", "top-5", COLOURS[5]))
_THICK = 0.38


@dataclass(frozen=True)
class Bar:
    """One measure of one method under one classifier, with what a paper reports; None: not known."""

    classifier: str
    method: str
    measure: str
    value: float
    low: float | None
    high: float | None
    n: int
    expected: int
    reported: float | None


def read_bars(folder: Path, measure: Measure) -> list[Bar]:
    """The bars of a finished folder; `UserError` where it is none."""
    path = folder / _TABLE
    if not path.is_file():
        raise UserError(f"{folder} holds no {_TABLE}; srbench recognition --out DIR makes such folders")
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = [row for row in csv.DictReader(stream) if row["measure"].endswith(f"_{measure}")]
        bars = [_bar(row) for row in rows if row["value"]]
    except (KeyError, ValueError) as error:
        raise UserError(f"{path} is damaged or was edited by hand ({error})") from None
    if not bars:
        raise UserError(f"{path} has no {measure}; write it again with srbench recognition")
    return bars


def _bar(row: dict[str, str]) -> Bar:
    known = reported(int(row["scale"])).get((row["classifier"], row["method"], row["measure"]), [])
    low, high = (float(row[end]) if row[end] else None for end in ("low", "high"))
    return Bar(
        classifier=row["classifier"], method=row["method"], measure=row["measure"],
        value=float(row["value"]), low=low, high=high, n=int(row["n"]), expected=int(row["expected"]),
        reported=known[0][1] if known else None,
    )  # fmt: skip


def recognition_bars(folder: Path, measure: Measure) -> Drawn:
    """A panel for each classifier, methods down, the best on top and the originals last.

    Bars begin at 0; whiskers are 95% Wilson intervals, diamonds what a paper reports.
    """
    from matplotlib.figure import Figure

    bars = read_bars(folder, measure)
    classifiers = list(dict.fromkeys(bar.classifier for bar in bars))
    methods = _ordered(bars, classifiers[0], measure)
    figure = Figure(figsize=(1.1 + 2.3 * len(classifiers), 0.9 + 0.34 * len(methods)))
    panels = figure.subplots(1, len(classifiers), squeeze=False, sharex=True, sharey=True)[0].tolist()
    end = 1.18 * max(max(bar.value, bar.high or 0.0, bar.reported or 0.0) for bar in bars)
    for axes, classifier in zip(panels, classifiers, strict=True):
        _panel(axes, [bar for bar in bars if bar.classifier == classifier], methods)
        axes.set_title(classifier, fontsize=9)
        axes.set_xlabel(f"{measure} {'↓' if measure == 'error' else '↑'}")
        axes.set_xlim(0, end)
    panels[0].set_yticks(range(len(methods)), methods)
    panels[0].set_ylim(len(methods) - 0.5, -0.5)
    handles, labels = _legend(panels)
    figure.legend(
        handles, labels, loc="lower right", bbox_to_anchor=(0.9, 0.9), ncols=3, fontsize=7, frameon=False
    )
    figure.subplots_adjust(top=0.9 - 0.25 / figure.get_figheight(), wspace=0.12)
    return Drawn(figure, [vars(bar) for bar in bars], _caption(bars, measure))


def _ordered(bars: list[Bar], classifier: str, measure: Measure) -> list[str]:
    sign = 1 if measure == "error" else -1
    value = {
        bar.method: sign * bar.value
        for bar in bars
        if (bar.classifier, bar.measure) == (classifier, f"top1_{measure}")
    }
    methods = dict.fromkeys(bar.method for bar in bars)
    return sorted(methods, key=lambda name: (name == BASELINE, value.get(name, math.inf)))


def _panel(axes: Axes, bars: list[Bar], methods: list[str]) -> None:
    for bar in bars:
        number = next(i for i, (name, *_) in enumerate(_KINDS) if bar.measure.startswith(name))
        _, title, colour = _KINDS[number]
        place = methods.index(bar.method) + (number - 0.5) * _THICK
        axes.barh(place, bar.value, _THICK, color=colour, label=title)
        reach = bar.value
        if bar.low is not None and bar.high is not None:
            axes.plot([bar.low, bar.high], [place, place], color="black", lw=0.9)
            reach = max(reach, bar.high)
        if bar.reported is not None:
            axes.plot(bar.reported, place, "D", mfc="none", mec=COLOURS[1], ms=4, label="reported", zorder=3)
            reach = max(reach, bar.reported)
        axes.annotate(
            f"{bar.value:.3f}", (reach, place), (4, 0), textcoords="offset points", va="center", fontsize=6.5
        )


def _legend(panels: list[Axes]) -> tuple[list[Artist], list[str]]:
    """Each label once, with its mark."""
    found: dict[str, Artist] = {}
    for axes in panels:
        found |= {label: handle for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    return list(found.values()), list(found)


def _caption(bars: list[Bar], measure: Measure) -> str:
    counts = sorted({bar.n for bar in bars})
    images = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    better = "lower is better" if measure == "error" else "higher is better"
    whiskers = "; whiskers: 95% Wilson intervals" if any(bar.low is not None for bar in bars) else ""
    marks = "; diamonds: as reported" if any(bar.reported is not None for bar in bars) else ""
    hr = f"; {BASELINE}: the originals" if any(bar.method == BASELINE for bar in bars) else ""
    return f"{images} images; {better}{whiskers}{marks}{hr}."

"""The figures of a study: SRGAN's Figure 5 for opinion scores, scores with intervals for choices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from srbench.core.figures import save, style
from srbench.studies.people.choice_tables import ChoiceTable
from srbench.studies.people.opinion_tables import OpinionTable
from srbench.studies.people.records import SCALE


def distribution(table: OpinionTable, stem: Path) -> list[Path]:
    """Colour-coded distribution of ratings, a column for each method, with the mean and its interval as a
    red marker; bins are centred on the scores (SRGAN, Figure 5)."""
    from matplotlib.figure import Figure

    methods = sorted(table.methods, key=lambda one: one.mean.mean)
    with style():
        figure = Figure(figsize=(1.4 + 0.62 * len(methods), 3.4))
        axes = figure.add_subplot()
        shares = [[one.counts[row] / one.n for one in methods] for row in range(len(SCALE))]
        image = axes.imshow(shares, origin="lower", cmap="Blues", vmin=0, vmax=1, aspect="auto")
        means = [one.mean.mean for one in methods]
        ends = [one.mean.interval or (one.mean.mean, one.mean.mean) for one in methods]
        error = [
            [mean - low for mean, (low, _) in zip(means, ends, strict=True)],
            [high - mean for mean, (_, high) in zip(means, ends, strict=True)],
        ]
        axes.errorbar(
            range(len(methods)), [mean - 1 for mean in means], yerr=error,
            fmt="o", ms=4, color="#c00000", lw=1.2, capsize=3,
        )  # fmt: skip
        axes.set_xticks(range(len(methods)), [one.method for one in methods], rotation=40, ha="right")
        axes.set_yticks(range(len(SCALE)), [str(score) for score in SCALE])
        axes.set_ylabel("rating")
        axes.set_title(f"{table.opinions.dataset}: {_counts(methods)}", fontsize=9)
        figure.colorbar(image, ax=axes, label="share of ratings", fraction=0.05)
        return save(figure, stem)


def _counts(methods: list[Any]) -> str:
    least, most = min(one.n for one in methods), max(one.n for one in methods)
    return f"{least if least == most else f'{least} to {most}'} ratings a method"


def scores(table: ChoiceTable, stem: Path) -> list[Path]:
    """Bradley-Terry scores with intervals, best on top; nothing where there are none."""
    from matplotlib.figure import Figure

    values, intervals = table.scores.values, table.scores.intervals
    if values is None:
        return []
    order = values.argsort().tolist()
    with style():
        figure = Figure(figsize=(4.8, 0.8 + 0.32 * len(order)))
        axes = figure.add_subplot()
        for row, index in enumerate(order):
            if intervals is not None:
                axes.plot(intervals[index], [row, row], color="#0072b2", lw=2)
            axes.plot(values[index], row, "o", color="#0072b2")
        axes.set_yticks(range(len(order)), [table.choices.methods[index] for index in order])
        axes.set_xlabel("Bradley-Terry score (log-odds, mean 0)")
        axes.set_title(table.choices.dataset, fontsize=9)
        return save(figure, stem)

"""The figures of a study: SRGAN's Figure 5 for opinion scores, scores with intervals for choices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.figures import Drawn, save, style
from srbench.studies.people.choice_tables import ChoiceTable, score_rows
from srbench.studies.people.database import Study
from srbench.studies.people.opinion_tables import MethodOpinion, OpinionTable, mos_rows, opinion_table
from srbench.studies.people.published import reported_mos
from srbench.studies.people.records import SCALE
from srbench.studies.people.responses import rated

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage


def distribution(tables: Sequence[OpinionTable]) -> Drawn:
    """Colour-coded distribution of ratings, a panel for each data set and a column for each method, with the
    mean and its interval as a red marker; bins are centred on the scores (SRGAN, Figure 5)."""
    from matplotlib.figure import Figure

    columns = [len(table.methods) for table in tables]
    figure = Figure(figsize=(1.0 + 0.4 * len(tables) + 0.62 * sum(columns), 3.4))
    panels = figure.subplots(
        1, len(tables), squeeze=False, sharey=True, width_ratios=columns, gridspec_kw={"wspace": 0.06}
    )[0].tolist()
    images = [_panel(axes, table) for axes, table in zip(panels, tables, strict=True)]
    panels[0].set_yticks(range(len(SCALE)), [str(score) for score in SCALE])
    panels[0].set_ylabel("rating")
    figure.colorbar(images[-1], ax=panels, label="share of ratings", fraction=0.05 / len(tables), pad=0.02)
    rows = [
        row
        for table in tables
        for row in mos_rows(table, reported_mos(table.opinions.dataset, table.opinions.scale))
    ]
    return Drawn(figure, rows, _distribution_caption(tables))


def _distribution_caption(tables: Sequence[OpinionTable]) -> str:
    counts = "; ".join(
        f"{table.opinions.dataset or 'all images'}: {_counts(table.methods)} by "
        f"{max(one.raters for one in table.methods)} raters of "
        f"{max(one.images for one in table.methods)} images"
        for table in tables
    )
    return f"Ratings from 1 (bad) to 5 (excellent), {counts}. Red: mean and its 95% interval."


def _panel(axes: Axes, table: OpinionTable) -> AxesImage:
    methods = sorted(table.methods, key=lambda one: one.mean.mean)
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
    axes.set_title(table.opinions.dataset or "all images", fontsize=9)
    return image


def _counts(methods: Sequence[MethodOpinion]) -> str:
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
        caption = (
            f"{sum(row['n'] for row in table.pairs)} choices; higher is better"
            f"{'; bars: 95% intervals' if intervals is not None else ''}."
        )
        return save(Drawn(figure, list(score_rows(table)), caption), stem)


def of_study(folder: Path) -> Drawn:
    """SRGAN's Figure 5 of all answers that a study of opinion scores has; `UserError` for another study."""
    with Study(folder) as study:
        return distribution([opinion_table(part, "both") for part in rated(study, "this figure")])

"""The plots of the report as files for papers, drawn by matplotlib."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from srbench.core.figures import COLOURS, Drawn, new_figure, save, style
from srbench.core.files import file_name
from srbench.core.records import Score
from srbench.report.data import DISTORTION, PERCEPTION, correlations
from srbench.report.planes import plane, value_row
from srbench.runs.data import RunData
from srbench.statistics.intervals import aggregate
from srbench.tables.boards import MetricInfo
from srbench.tables.ranked import PostHoc, Ranked, of_board, rank, values_of
from srbench.tables.text import board_title, heading


def write_figures(run: RunData, out: Path, post_hoc: PostHoc = "wilcoxon-holm") -> list[Path]:
    """Writes every plot of a run as SVG, PDF and PNG with its numbers as CSV; returns the files."""
    out.mkdir(parents=True, exist_ok=True)
    files = []
    with style():
        for board in run.boards():
            ranked = rank(board, of_board(run.scores, board), post_hoc)
            stem = f"{board.dataset}_x{board.scale}_{board.protocol}"
            for name, drawn in _figures(ranked, of_board(run.scores, board)):
                files += save(drawn, out / file_name(f"{stem}_{name}"))
    return files


def _figures(ranked: Ranked, scores: list[Score]) -> Iterator[tuple[str, Drawn]]:
    infos = {info.name: info for info in ranked.board.metrics}
    x = next((infos[name] for name in DISTORTION if name in infos), None)
    y = next((infos[name] for name in PERCEPTION if name in infos), None)
    if x and y:
        yield "plane", plane(ranked, x, y)
    if len(infos) > 1:
        yield "correlation", correlation(ranked, scores)
    for info in ranked.board.metrics:
        yield f"strip_{info.name}", strip(ranked, scores, info)
        if info.name in ranked.ranks:
            yield f"ranks_{info.name}", mean_ranks(ranked, info)


def colours_of(methods: tuple[str, ...]) -> dict[str, str]:
    """A colour for each method, by its place."""
    return {method: COLOURS[index % len(COLOURS)] for index, method in enumerate(methods)}


def strip(ranked: Ranked, scores: list[Score], info: MetricInfo) -> Drawn:
    """Every image as a dot, a row for each method, a line at the value over the finite ones: their mean, or
    their root mean square where that is the metric's."""
    methods = [name for name in ranked.methods if name not in ranked.board.reference_methods]
    figure, axes = new_figure(5.6, 0.5 + 0.32 * max(len(methods), 1))
    values = values_of(scores)
    colours = colours_of(ranked.methods)
    rows = []
    for row, method in enumerate(methods):
        of_method = values.get((method, info.name), {})
        rows += [{"method": method, "image": image, info.name: value} for image, value in of_method.items()]
        found = [value for value in of_method.values() if math.isfinite(value)]
        heights = [row + (((index * 7) % 11) - 5) * 0.045 for index in range(len(found))]
        axes.scatter(found, heights, s=9, color=colours[method], alpha=0.55, linewidths=0)
        if found:
            axes.plot([aggregate(found, info.aggregate)] * 2, [row - 0.36, row + 0.36], color="black", lw=1.6)
    axes.set_yticks(range(len(methods)), methods)
    axes.invert_yaxis()
    line = "root mean square" if info.aggregate == "root-mean-square" else "mean"
    axes.set_xlabel(f"{heading(info)}; line: {line}")
    return Drawn(figure, rows, f"{board_title(ranked.board)}; a dot for each image.")


def correlation(ranked: Ranked, scores: list[Score]) -> Drawn:
    """Spearman's correlation of each two metrics, every one turned so that up is better."""
    infos = ranked.board.metrics
    found = correlations(ranked.board, scores)
    rows = [[_or_nan(found[a.name][b.name][0]) for b in infos] for a in infos]
    size = 1.2 + 0.55 * len(infos)
    figure, axes = new_figure(size, size)
    axes.imshow(rows, cmap="RdBu", vmin=-1, vmax=1)
    for i, row in enumerate(rows):
        for j, rho in enumerate(row):
            if not math.isnan(rho):
                dark = abs(rho) > 0.6
                axes.text(
                    j, i, f"{rho:.2f}", ha="center", va="center", fontsize=8, color="w" if dark else "k"
                )
    titles = [info.title for info in infos]
    axes.set_xticks(range(len(infos)), titles, rotation=45, ha="right")
    axes.set_yticks(range(len(infos)), titles)
    table = [
        {
            "metric_a": a.name,
            "metric_b": b.name,
            "spearman": found[a.name][b.name][0],
            "n": found[a.name][b.name][1],
        }
        for a in infos
        for b in infos
    ]
    counts = sorted({row["n"] for row in table})
    outputs = f"{counts[0]} outputs" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} outputs"
    caption = f"Spearman's correlation over {outputs} (a method's image each), up is better: "
    return Drawn(figure, table, f"{caption}{board_title(ranked.board)}.")


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def mean_ranks(ranked: Ranked, info: MetricInfo) -> Drawn:
    """Demšar's diagram: methods on an axis of mean ranks, bars with a dot at each that they join."""
    test, groups, difference = ranked.ranks[info.name], ranked.groups[info.name], ranked.difference(info.name)
    half = math.ceil(test.k / 2)
    depth = 0.35 * len(groups) + 0.5
    figure, axes = new_figure(5.6, 0.9 + 0.22 * half + 0.12 * len(groups))
    axes.axis("off")
    axes.set_xlim(1 - 0.35 * (test.k - 1), test.k + 0.35 * (test.k - 1))
    axes.set_ylim(depth + half + 0.3, -2.2)
    axes.plot([1, test.k], [0, 0], color="black", lw=1)
    for tick in range(1, test.k + 1):
        axes.plot([tick, tick], [-0.2, 0], color="black", lw=1)
        axes.text(tick, -0.35, str(tick), ha="center", va="bottom", fontsize=8)
    title = f"{info.title}, {test.n} images"
    if difference is not None:
        axes.plot([1, 1 + difference], [-1.45, -1.45], color="black", lw=2)
        title = f"CD = {difference:.2f}, {title}"
    axes.text(1, -1.6, title, va="bottom", fontsize=8)
    for level, group in enumerate(groups):
        ranks = [test.ranks[name] for name in group]
        axes.plot(ranks, [0.35 * (level + 1)] * len(ranks), "o-", color="black", lw=2, ms=4)
    for index, (name, value) in enumerate(test.ranks.items()):
        left = index < half
        height = depth + (index if left else test.k - 1 - index)
        end = 1 - 0.08 * (test.k - 1) if left else test.k + 0.08 * (test.k - 1)
        axes.plot([value, value, end], [0, height, height], color="0.35", lw=0.9)
        text = f"{name} {value:.2f}"
        axes.annotate(
            text, (end, height), (-3 if left else 3, 0), textcoords="offset points",
            ha="right" if left else "left", va="center", fontsize=8,
        )  # fmt: skip
    rows = [
        {"method": name, "mean_rank": value, "n": test.n, **value_row(ranked.board, name, info)}
        for name, value in test.ranks.items()
    ]
    joined = "Nemenyi's test" if ranked.post_hoc == "nemenyi" else "signed-rank tests with Holm's correction"
    caption = f"{board_title(ranked.board)}; rank 1 is best; bars join what {joined} cannot tell apart."
    return Drawn(figure, rows, caption)

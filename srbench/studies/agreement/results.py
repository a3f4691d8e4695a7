"""`srbench agreement`: which metric follows people, for which kind of method; one table, one plot."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from srbench.core.figures import COLOURS, MARKS, Drawn, save, style
from srbench.core.files import write_csv, write_text
from srbench.core.records import SILENT, Progress, UserError
from srbench.statistics.correlations import Agreement, agreement, difference_p, srcc, williams
from srbench.statistics.pairs import SIGNIFICANCE, holm
from srbench.studies.agreement.measure import Material
from srbench.tables.text import markdown, markdown_head, markdown_row

_STATISTICS = ("srcc", "krcc", "plcc", "accuracy")
COLUMNS = (
    "family", "metric", "n", "references",
    *(name for one in _STATISTICS for name in (one, f"{one}_low", f"{one}_high")),
)  # fmt: skip
TEST_COLUMNS = (
    "metric_a", "metric_b", "n", "srcc_a", "srcc_b", "p_permutation", "p_holm", "significant", "p_williams",
)  # fmt: skip
_LEAST = 5


@dataclass(frozen=True)
class Agreements:
    """Agreement by family ("all" first) and metric, tests of the metrics' differences, remarks."""

    table: dict[tuple[str, str], Agreement]
    tests: list[dict[str, Any]]
    remarks: list[str]

    def best(self) -> str:
        """The metric with the highest SRCC over all images."""
        found = {metric: one.srcc for (family, metric), one in self.table.items() if family == "all"}
        return max(found, key=lambda name: -math.inf if math.isnan(found[name]) else found[name])


def agreements(material: Material, *, lower_is_better: bool, progress: Progress = SILENT) -> Agreements:
    """All metrics against opinions, over everything and within each family of five images or more.

    `lower_is_better` turns the opinions' direction.
    """
    people = np.array([one.score for one in material.opinions]) * (-1 if lower_is_better else 1)
    references = np.array([one.reference for one in material.opinions])
    families = np.array([one.family for one in material.opinions])
    remarks = list(material.remarks)
    table: dict[tuple[str, str], Agreement] = {}
    usable: dict[str, np.ndarray] = {}
    progress.begin(len(material.values))
    for metric, values in material.values.items():
        turned = values * material.signs[metric]
        present = np.isfinite(turned)
        if present.sum() < _LEAST:
            remarks.append(f"{metric} has values for {int(present.sum())} images: too few")
            continue
        if not present.all():
            remarks.append(f"{metric} lacks {int((~present).sum())} of {present.size} images")
        usable[metric] = turned
        table["all", metric] = agreement(turned[present], people[present], references[present])
        for family in np.unique(families):
            rows = present & (families == family)
            if family and rows.sum() >= _LEAST:
                table[str(family), metric] = agreement(turned[rows], people[rows], references[rows])
        progress.advance()
    if not table:
        raise UserError("no metric has values for five of the images or more")
    return Agreements(table, _tests(usable, people, references), remarks)


def _tests(usable: dict[str, np.ndarray], people: np.ndarray, references: np.ndarray) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for a, b in itertools.combinations(usable, 2):
        both = np.isfinite(usable[a]) & np.isfinite(usable[b])
        first, second, opinion = usable[a][both], usable[b][both], people[both]
        if first.size < _LEAST:
            continue
        left, right = srcc(first, opinion), srcc(second, opinion)
        rows.append(
            {
                "metric_a": a,
                "metric_b": b,
                "n": first.size,
                "srcc_a": left,
                "srcc_b": right,
                "p_permutation": difference_p(first, second, opinion, references[both]),
                "p_williams": williams(left, right, srcc(first, second), first.size),
            }
        )
    corrected = holm([row["p_permutation"] for row in rows])
    return [
        row | {"p_holm": p, "significant": p < SIGNIFICANCE} for row, p in zip(rows, corrected, strict=True)
    ]


def write(found: Agreements, material: Material, out: Path) -> list[Path]:
    """`agreement.csv`, `differences.csv`, `agreement.md` and the plot."""
    out.mkdir(parents=True, exist_ok=True)
    return [
        write_csv(out / "agreement.csv", COLUMNS, _rows(found)),
        write_csv(out / "differences.csv", TEST_COLUMNS, found.tests),
        write_text(out / "agreement.md", text(found)),
        *_plot(found, material, out / "agreement"),
    ]


def _rows(found: Agreements) -> list[dict[str, Any]]:
    rows = []
    for (family, metric), one in found.table.items():
        row: dict[str, Any] = {"family": family, "metric": metric, "n": one.n, "references": one.references}
        for name in _STATISTICS:
            low, high = one.intervals.get(name, (None, None))
            row |= {name: getattr(one, name), f"{name}_low": low, f"{name}_high": high}
        rows.append(row)
    return rows


def text(found: Agreements) -> str:
    """The table for people: metrics by falling SRCC, then which to report for each family."""
    lines = [markdown_head(["metric", "SRCC", "95% CI", "KRCC", "PLCC", "pairwise", "n"]).rstrip()]
    whole = {metric: one for (family, metric), one in found.table.items() if family == "all"}
    for metric, one in sorted(whole.items(), key=lambda item: -_or_least(item[1].srcc)):
        low, high = one.intervals.get("srcc", (math.nan, math.nan))
        cells = [
            metric,
            _n(one.srcc),
            f"{_n(low)} – {_n(high)}",
            _n(one.krcc),
            _n(one.plcc),
            _n(one.accuracy),
        ]
        lines.append(markdown_row([*map(markdown, cells), str(one.n)]).rstrip())
    best = found.best()
    alike = [
        row["metric_b"] if row["metric_a"] == best else row["metric_a"]
        for row in found.tests
        if best in (row["metric_a"], row["metric_b"]) and not row["significant"]
    ]
    told = f"; not told apart from it: {', '.join(alike)}" if alike else ""
    lines += ["", f"- over all images: {markdown(best + told)}"]
    for family in dict.fromkeys(family for family, _ in found.table if family != "all"):
        of = {metric: one.srcc for (name, metric), one in found.table.items() if name == family}
        first = max(of, key=lambda metric: _or_least(of[metric]))
        said = "opinions are all equal" if math.isnan(of[first]) else f"{first} (SRCC {_n(of[first])})"
        lines.append(f"- {markdown(f'{family}: {said}')}")
    lines += [f"- {markdown(remark)}" for remark in found.remarks]
    lines.append(
        "\nHigher is better in every column; metrics where lower is better are turned. Intervals: percentile "
        "bootstrap over references. Pairwise: share of pairs of one reference in people's order. Not told "
        "apart: permutation test of the difference of SRCC by reference, p ≥ 0.05 after Holm's correction.\n"
    )
    return "\n".join(lines)


def _or_least(value: float) -> float:
    return -math.inf if math.isnan(value) else value


def _n(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _plot(found: Agreements, material: Material, stem: Path) -> list[Path]:
    """Opinions against each metric, families by colour."""
    from matplotlib.figure import Figure

    metrics = [metric for family, metric in found.table if family == "all"]
    columns = min(3, len(metrics))
    rows = -(-len(metrics) // columns)
    people = np.array([one.score for one in material.opinions])
    families = list(dict.fromkeys(one.family for one in material.opinions))
    with style(8):
        figure = Figure(figsize=(3.2 * columns, 2.8 * rows), layout="constrained")
        for place, metric in enumerate(metrics, start=1):
            axes = figure.add_subplot(rows, columns, place)
            for index, family in enumerate(families):
                of = np.array([one.family == family for one in material.opinions])
                axes.scatter(
                    material.values[metric][of], people[of], s=9, alpha=0.6, linewidths=0,
                    color=COLOURS[index % len(COLOURS)], label=family,
                    marker=MARKS[index // len(COLOURS) % len(MARKS)],
                )  # fmt: skip
            axes.set_xlabel(f"{material.titles[metric]} {'↑' if material.signs[metric] > 0 else '↓'}")
            axes.set_ylabel("people")
            axes.set_title(f"SRCC {_n(found.table['all', metric].srcc)}", fontsize=8)
        if any(families):
            handles, labels = axes.get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=7)
        count = len(material.opinions)
        caption = f"{count} opinions; arrows: which way a metric is better; SRCC: Spearman's correlation."
        return save(Drawn(figure, caption=caption), stem)

"""`srbench agreement` for choices: the table, the tests and the plot."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from srbench.core.figures import COLOURS, Drawn, save, style
from srbench.core.files import write_csv, write_text
from srbench.core.records import SILENT, Progress, UserError
from srbench.statistics.pairs import SIGNIFICANCE, holm
from srbench.statistics.votes import VoteAgreement, vote_agreement, vote_difference_p
from srbench.studies.agreement.votes import VoteMaterial
from srbench.tables.text import markdown, markdown_head, markdown_row

COLUMNS = (
    "method", "metric", "n", "references", "votes", "votes_low", "votes_high", "majority", "majority_low",
    "majority_high", "people",
)  # fmt: skip
TEST_COLUMNS = ("metric_a", "metric_b", "n", "votes_a", "votes_b", "p_permutation", "p_holm", "significant")
_ALL = "all"
_LEAST = 5


@dataclass(frozen=True)
class VoteAgreements:
    """Agreement by method ("all" first: every question; else the questions that the method is in) and
    metric, tests of the metrics' differences, remarks."""

    table: dict[tuple[str, str], VoteAgreement]
    tests: list[dict[str, Any]]
    remarks: list[str]


def vote_agreements(material: VoteMaterial, *, progress: Progress = SILENT) -> VoteAgreements:
    """All metrics against the choices, over everything and for the questions on each method."""
    share = np.array([one.share for one in material.questions])
    weight = np.array([one.votes for one in material.questions])
    references = np.array([one.reference for one in material.questions])
    methods = np.array([one.methods for one in material.questions])
    remarks = list(material.remarks)
    progress.begin(len(material.values))
    table: dict[tuple[str, str], VoteAgreement] = {}
    credit_of: dict[str, np.ndarray] = {}
    for metric, values in material.values.items():
        present = np.isfinite(values).all(axis=1)
        if present.sum() < _LEAST:
            remarks.append(f"{metric} has values for {int(present.sum())} questions: too few")
            continue
        if not present.all():
            remarks.append(f"{metric} lacks {int((~present).sum())} of {present.size} questions")
        with np.errstate(invalid="ignore"):
            credit = 0.5 + 0.5 * np.sign(values[:, 0] - values[:, 1])
        credit_of[metric] = credit
        for name in (_ALL, *np.unique(methods).tolist()):
            rows = present if name == _ALL else present & (methods == name).any(axis=1)
            if rows.sum() >= _LEAST:
                table[name, metric] = vote_agreement(
                    credit[rows], share[rows], weight[rows], references[rows]
                )
        progress.advance()
    if not table:
        raise UserError("no metric has values for five of the questions or more")
    return VoteAgreements(table, _tests(credit_of, share, weight, references), remarks)


def _tests(
    credit_of: dict[str, np.ndarray], share: np.ndarray, weight: np.ndarray, references: np.ndarray
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for a, b in itertools.combinations(credit_of, 2):
        both = np.isfinite(credit_of[a]) & np.isfinite(credit_of[b])
        if both.sum() < _LEAST:
            continue
        first, second = credit_of[a][both], credit_of[b][both]
        of = (share[both], weight[both], references[both])
        rows.append(
            {
                "metric_a": a,
                "metric_b": b,
                "n": int(both.sum()),
                "votes_a": vote_agreement(first, *of).votes,
                "votes_b": vote_agreement(second, *of).votes,
                "p_permutation": vote_difference_p(first, second, *of),
            }
        )
    corrected = holm([row["p_permutation"] for row in rows])
    return [
        row | {"p_holm": p, "significant": p < SIGNIFICANCE} for row, p in zip(rows, corrected, strict=True)
    ]


def write_votes(found: VoteAgreements, out: Path) -> list[Path]:
    """`agreement.csv`, `differences.csv`, `agreement.md` and the plot."""
    out.mkdir(parents=True, exist_ok=True)
    return [
        write_csv(out / "agreement.csv", COLUMNS, [_row(*item) for item in found.table.items()]),
        write_csv(out / "differences.csv", TEST_COLUMNS, found.tests),
        write_text(out / "agreement.md", vote_text(found)),
        *_plot(found, out / "agreement"),
    ]


def _row(place: tuple[str, str], one: VoteAgreement) -> dict[str, Any]:
    row: dict[str, Any] = {"method": place[0], "metric": place[1], "n": one.n, "references": one.references}
    for name in ("votes", "majority"):
        low, high = one.intervals.get(name, (None, None))
        row |= {name: getattr(one, name), f"{name}_low": low, f"{name}_high": high}
    return row | {"people": one.people}


def _ranked(found: VoteAgreements) -> list[tuple[str, VoteAgreement]]:
    return sorted(
        ((metric, one) for (name, metric), one in found.table.items() if name == _ALL),
        key=lambda item: -item[1].votes,
    )


def vote_text(found: VoteAgreements) -> str:
    """The table for people: metrics by falling agreement, then the best one for each method."""
    lines = [markdown_head(["metric", "votes", "95% CI", "majority", "95% CI", "n"]).rstrip()]
    ranked = _ranked(found)
    for metric, one in ranked:
        cells = [metric, f"{one.votes:.1%}", _between(one, "votes"), _share(one.majority)]
        lines.append(markdown_row([*map(markdown, [*cells, _between(one, "majority")]), str(one.n)]).rstrip())
    best, first = ranked[0]
    alike = [
        row["metric_b"] if row["metric_a"] == best else row["metric_a"]
        for row in found.tests
        if best in (row["metric_a"], row["metric_b"]) and not row["significant"]
    ]
    told = f"; not told apart from it: {', '.join(alike)}" if alike else ""
    lines += ["", f"- over all questions: {markdown(best + told)}"]
    for name in dict.fromkeys(name for name, _ in found.table if name != _ALL):
        of = {metric: one.votes for (method, metric), one in found.table.items() if method == name}
        top = max(of, key=lambda metric: of[metric])
        lines.append(f"- {markdown(f'questions on {name}: {top} ({of[top]:.1%} of votes)')}")
    lines += [f"- {markdown(remark)}" for remark in found.remarks]
    lines.append(
        f"\nVotes: share of people's votes on the metric's side; people are divided, so that no metric can "
        f"have more than {first.people:.1%}, and guessing has 50%. Majority: share of questions on which the "
        "metric is with more than half of the votes. Intervals: percentile bootstrap over references. Not "
        "told apart: permutation test by reference, p ≥ 0.05 after Holm's correction.\n"
    )
    return "\n".join(lines)


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1%}"


def _between(one: VoteAgreement, name: str) -> str:
    return " – ".join(f"{bound:.1%}" for bound in one.intervals.get(name, ())) or "–"


def _plot(found: VoteAgreements, stem: Path) -> list[Path]:
    """The share of votes of each metric with its interval, best on top; guessing, and the most possible."""
    from matplotlib.figure import Figure

    ranked = _ranked(found)[::-1]
    with style(8):
        figure = Figure(figsize=(4.8, 0.8 + 0.3 * len(ranked)))
        axes = figure.add_subplot()
        for place, (_, one) in enumerate(ranked):
            if "votes" in one.intervals:
                axes.plot(one.intervals["votes"], [place, place], color=COLOURS[0], lw=2)
            axes.plot(one.votes, place, "o", color=COLOURS[0])
        for value, name in ((0.5, "guessing"), (ranked[-1][1].people, "people")):
            axes.axvline(value, color="#666666", lw=0.8, ls=":")
            axes.text(
                value, 1.02, name, ha="center", va="bottom", fontsize=7, transform=axes.get_xaxis_transform()
            )
        axes.set_ylim(-0.6, len(ranked) - 0.4)
        axes.set_yticks(range(len(ranked)), [metric for metric, _ in ranked])
        axes.set_xlabel("share of votes on the metric's side")
        caption = (
            f"{ranked[-1][1].n} questions; higher is better; bars: 95% percentile bootstrap over references."
        )
        return save(Drawn(figure, caption=caption), stem)

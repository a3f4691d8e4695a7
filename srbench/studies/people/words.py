"""The page of text of an analysis: tables in the papers' form, and what readers must know of them."""

from __future__ import annotations

import math
from typing import Any

from srbench.statistics.crossed import Over
from srbench.studies.people.choice_tables import ChoiceTable, score_rows
from srbench.studies.people.opinion_tables import OpinionTable
from srbench.studies.people.published import reported_mos
from srbench.tables.text import markdown, markdown_head, markdown_row

_NO_PAIR = "no two raters judged the same"
_NO_ALPHA = f"{_NO_PAIR}, or nothing varies"
_OVER = {
    "both": "over raters and images like these",
    "raters": "over raters like these, on these very images",
    "images": "over images like these, by these very raters",
}


def opinion_text(tables: list[OpinionTable], over: Over) -> str:
    """MOS by method and data set, with what SRGAN reports, and the quality of the ratings."""
    lines = [
        f"MOS: mean of ratings from 1 (bad) to 5 (excellent); in brackets the 95% interval {_OVER[over]}.\n"
    ]
    for table in tables:
        opinions = table.opinions
        reported = reported_mos(opinions.dataset, opinions.scale)
        lines.append(f"## {markdown(opinions.dataset or 'all images')}\n")
        head = [
            "method",
            "MOS",
            "95% CI",
            "n",
            "not told apart from",
            *(["SRGAN reports"] if reported else []),
        ]
        lines.append(markdown_head(head).rstrip())
        for one in sorted(table.methods, key=lambda method: -method.mean.mean):
            interval = one.mean.interval
            between = "–" if interval is None else f"{interval[0]:.2f} – {interval[1]:.2f}"
            cells = [one.method, f"{one.mean.mean:.2f}", between, str(one.n), _alike(table, one.method)]
            cells += [reported.get(one.method, "–")] if reported else []
            lines.append(markdown_row(map(markdown, cells)).rstrip())
        lines += ["", *_reliability(table), ""]
    lines.append(
        "Not told apart: Wilcoxon's signed-rank test over ratings (rater × image, as in SRGAN), p ≥ 0.05 "
        "after Holm's correction over the pairs of a data set. Ratings of one rater depend on each other; "
        "the test over the images' means stands beside in tests.csv.\n"
    )
    return "\n".join(lines)


def _alike(table: OpinionTable, method: str) -> str:
    names = [
        row["method_b"] if row["method_a"] == method else row["method_a"]
        for row in table.tests
        if row["unit"] == "rating" and not row["significant"] and method in (row["method_a"], row["method_b"])
    ]
    return ", ".join(names) or "–"


def _reliability(table: OpinionTable) -> list[str]:
    lines = [
        f"- agreement of raters: Krippendorff's alpha {_number(table.alpha_ordinal, _NO_ALPHA)} (ordinal), "
        f"{_number(table.alpha_interval, _NO_ALPHA)} (interval)"
    ]
    icc = table.correlation
    if icc is None:
        lines.append("- intraclass correlation: none (no two raters rated all the same versions)")
    else:
        lines.append(
            f"- intraclass correlation over {icc.raters} raters × {icc.items} versions: "
            f"ICC(2,1) {icc.icc21:.3f}, ICC(2,k) {icc.icc2k:.3f}"
        )
    again = table.retest
    if again is None:
        lines.append("- test-retest: no repeated trials")
    else:
        lines.append(
            f"- test-retest over {again.n} repeated trials: {again.same:.0%} the same, mean difference "
            f"{again.difference:+.2f} (signed-rank p = {again.test.p_value:.3g}), Spearman's correlation "
            f"{_number(again.correlation, 'nothing varies')}"
        )
    return lines


def _number(value: float, missing: str) -> str:
    return f"none ({missing})" if math.isnan(value) else f"{value:.3f}"


def choice_text(tables: list[ChoiceTable], design: str) -> str:
    """Scores and rates by data set, and the agreement of raters."""
    lines = []
    for table in tables:
        choices = table.choices
        lines.append(f"## {markdown(choices.dataset or 'all images')}\n")
        lines.append(markdown_head(["method", "Bradley-Terry", "95% CI", "preferred", "n"]).rstrip())
        for row in sorted(score_rows(table), key=lambda one: -one["rate"]):
            score = "–" if row["score"] is None else f"{row['score']:+.3f}"
            between = "–" if row["low"] is None else f"{row['low']:+.3f} – {row['high']:+.3f}"
            cells = [row["method"], score, between, f"{row['rate']:.1%}", str(row["n"])]
            lines.append(markdown_row(map(markdown, cells)).rstrip())
        lines.append("")
        if table.scores.reason:
            lines.append(f"- {table.scores.reason}")
        lines += [f"- {_rate(row)}" for row in table.pairs]
        lines.append(
            f"- agreement of raters: coefficient u {_number(table.agreement.coefficient, _NO_PAIR)} over "
            f"{table.agreement.pairs} pairs of raters on the same question"
        )
        if table.concordance is not None:
            lines.append(f"- Kendall's W, mean over images: {table.concordance:.3f}")
        if table.same is not None:
            lines.append(
                f"- test-retest: the same answer in {table.same:.0%} of {table.repeated} repeated trials"
            )
        lines.append("")
    implied = " A ranking counts as the choices that it implies." if design == "ranking" else ""
    lines.append(
        "Rates have exact binomial intervals (Clopper and Pearson), p values are exact and corrected by Holm "
        "over the pairs of a data set; both take votes as independent, which those of one rater are not. "
        f"Intervals of scores count raters and images.{implied}\n"
    )
    return "\n".join(lines)


def _rate(row: dict[str, Any]) -> str:
    better, worse, rate = row["method_a"], row["method_b"], row["rate"]
    low, high = row["low"], row["high"]
    if rate < 0.5:
        better, worse, rate, low, high = worse, better, 1 - rate, 1 - high, 1 - low
    reported = f"; reported: {row['reported']}" if row["reported"] else ""
    return markdown(
        f"{better} preferred to {worse} in {rate:.1%} of {row['n']} votes of {row['raters']} raters "
        f"({low:.1%} – {high:.1%}, p = {row['p_holm']:.3g}){reported}"
    )


def raters_text(rows: list[dict[str, Any]]) -> str:
    """How many raters there were, and who stood out."""
    lines = [
        f"## Raters\n\n- answers of all kinds: {sum(row['answers'] for row in rows)}, raters: {len(rows)}"
    ]
    out = [row for row in rows if row["screened_out"]]
    if any(row["screened_out"] is not None for row in rows):
        names = ", ".join(str(row["rater"]) for row in out) or "nobody"
        used = "left out here" if any(row["excluded"] for row in rows) else "kept in all numbers"
        lines.append(f"- BT.500's screening points at: {names}" + (f" ({used})" if out else ""))
    failed = [f"{row['rater']} ({row['checks_passed']} of {row['checks']})" for row in rows
              if row["checks"] and row["checks_passed"] < row["checks"]]  # fmt: skip
    if any(row["checks"] for row in rows):
        lines.append(f"- attention checks failed by: {', '.join(failed) or 'nobody'}")
    return "\n".join(lines) + "\n"

"""Paired tests of methods as rows, made from score rows and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from srbench.core.records import Score
from srbench.statistics.pairs import SIGNIFICANCE, PairedTest, holm, wilcoxon
from srbench.tables.boards import MetricInfo, groups, rows_by_cell


def significance(
    scores: list[Score], infos: dict[str, MetricInfo], references: set[str]
) -> list[dict[str, Any]]:
    """Wilcoxon tests of all pairs of methods, corrected by Holm within each data set and metric."""
    rows: list[dict[str, Any]] = []
    for (dataset, scale, protocol), group in groups(scores):
        by_cell = rows_by_cell(group)
        for metric in infos:
            found = [row for (_, name), rows in by_cell.items() if name == metric for row in rows]
            by_method = _values_by_method(found, references)
            tests = {pair: compare(by_method, *pair) for pair in itertools.combinations(sorted(by_method), 2)}
            corrected = _corrected(tests)
            for (method_a, method_b), test in tests.items():
                p_holm = corrected[method_a, method_b]
                rows.append(
                    {
                        "dataset": dataset,
                        "metric": metric,
                        "method_a": method_a,
                        "method_b": method_b,
                        "n": test.n,
                        "median_difference": test.median_difference,
                        "statistic": test.statistic,
                        "p_value": test.p_value,
                        "p_holm": p_holm,
                        "significant": p_holm < SIGNIFICANCE,
                        "rank_biserial": test.rank_biserial,
                        "scale": scale,
                        "protocol": protocol,
                        "distribution": test.distribution,
                        "note": test.note,
                    }
                )
    return rows


def _corrected(tests: dict[tuple[str, str], PairedTest]) -> dict[tuple[str, str], float]:
    """Holm's p values of the pairs; one without a common image is no test and weighs on no other."""
    tested = {pair: test.p_value for pair, test in tests.items() if test.n}
    return dict.fromkeys(tests, 1.0) | dict(zip(tested, holm(list(tested.values())), strict=True))


def _values_by_method(rows: Iterable[Score], leave_out: set[str]) -> dict[str, dict[str, float]]:
    by_method: dict[str, dict[str, float]] = {}
    for row in rows:
        if row.value is not None and row.method not in leave_out:
            by_method.setdefault(row.method, {})[row.image] = row.value
    return by_method


def compare(by_method: dict[str, dict[str, float]], method_a: str, method_b: str) -> PairedTest:
    """The paired test of two methods over the images that both have (values by method and image)."""
    a, b = by_method[method_a], by_method[method_b]
    common = sorted(a.keys() & b.keys())
    return wilcoxon([a[image] for image in common], [b[image] for image in common])


SIGNIFICANCE_COLUMNS = (
    "dataset", "metric", "method_a", "method_b", "n", "median_difference", "statistic", "p_value",
    "p_holm", "significant", "rank_biserial", "scale", "protocol", "distribution", "note",
)  # fmt: skip

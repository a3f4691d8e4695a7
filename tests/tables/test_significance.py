"""Significance tables from score rows."""

from __future__ import annotations

import math

import pytest

from srbench.statistics.pairs import holm, wilcoxon
from srbench.tables.significance import significance
from tests.tables.test_boards import INFOS, scores


def test_significance_of_all_pairs_with_holm_over_them() -> None:
    table: dict[str, list[float | None]] = {
        "a": [30.0, 31, 32, 33, 34, 35, 36, 37],
        "b": [29.1, 30.2, 31.3, 32.4, 33.5, 34.6, 35.7, 36.8],
        "c": [30.1, 30.8, 32.3, 32.6, 34.5, 34.4, 36.7, 36.2],
    }
    rows = significance(scores(table), INFOS, set())
    assert [(row["method_a"], row["method_b"]) for row in rows] == [("a", "b"), ("a", "c"), ("b", "c")]
    tests = [wilcoxon(table[row["method_a"]], table[row["method_b"]]) for row in rows]  # type: ignore[arg-type]
    corrected = holm([test.p_value for test in tests])
    assert [row["p_value"] for row in rows] == [test.p_value for test in tests]
    assert [row["p_holm"] for row in rows] == corrected
    assert [row["significant"] for row in rows] == [p < 0.05 for p in corrected]
    assert rows[0]["significant"]
    assert not rows[1]["significant"]
    assert rows[0]["median_difference"] == pytest.approx(0.55)


def test_holm_does_not_reach_over_data_sets_and_metrics() -> None:
    table: dict[str, list[float | None]] = {"a": [1.0, 2, 3, 4, 5, 6], "b": [0.9, 1.8, 2.7, 3.6, 4.5, 5.4]}
    rows = significance(
        scores(table) + scores(table, "rmse_y") + scores(table, dataset="bsd100"), INFOS, set()
    )
    assert len(rows) == 3
    assert all(row["p_holm"] == row["p_value"] for row in rows)


def test_pairs_use_the_images_that_both_have() -> None:
    (row,) = significance(scores({"a": [1.0, 2.0, None, 4.0], "b": [None, 1.0, 1.0, 1.0]}), INFOS, set())
    assert row["n"] == 2
    assert row["median_difference"] == 2.0


def test_no_common_image_is_said() -> None:
    (row,) = significance(scores({"a": [1.0, None], "b": [None, 1.0]}), INFOS, set())
    assert (row["n"], row["p_value"], row["note"]) == (0, 1.0, "no image has both values")


def test_references_are_not_compared() -> None:
    assert significance(scores({"hr": [math.inf], "a": [30.0]}), INFOS, {"hr"}) == []


def test_a_pair_without_a_common_image_weighs_on_no_other() -> None:
    table: dict[str, list[float | None]] = {
        "a": [30.0, 31, 32, 33, 34, 35, 36, None],
        "b": [29.1, 30.2, 31.3, 32.4, 33.5, 34.6, 35.7, None],
        "alone": [None] * 7 + [30.0],
    }
    rows = {(r["method_a"], r["method_b"]): r for r in significance(scores(table), INFOS, set())}
    assert rows["a", "b"]["p_holm"] == rows["a", "b"]["p_value"] == 2 / 2**7
    assert rows["a", "alone"]["p_holm"] == 1.0

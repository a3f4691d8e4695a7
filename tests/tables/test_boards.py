"""Leaderboards from score rows."""

from __future__ import annotations

import math
import random

import pytest

from srbench.core.records import OK, Score
from srbench.statistics.intervals import CORRELATION, DISTANCE, aggregate, mean_interval
from srbench.tables.boards import Board, MetricInfo, boards
from srbench.tables.significance import significance

PSNR = MetricInfo("psnr_y", "PSNR", "dB", True, "mean")
SSIM = MetricInfo("ssim_y", "SSIM", "", True, "mean", CORRELATION)
RMSE = MetricInfo("rmse_y", "RMSE", "grey levels", False, "root-mean-square", DISTANCE)
INFOS = {"psnr_y": PSNR, "rmse_y": RMSE}


def score(method: str, image: str, value: float | None, metric: str = "psnr_y", **fields: object) -> Score:
    place = {"dataset": "set5", "scale": 4, "protocol": "srbench"} | fields
    status = OK if value is not None else str(fields.pop("status", "a reason"))
    return Score(
        method=method, image=image, metric=metric, value=value, seconds=0.0,
        **{"status": status} | place,  # type: ignore[arg-type]
    )  # fmt: skip


def scores(table: dict[str, list[float | None]], metric: str = "psnr_y", **fields: object) -> list[Score]:
    return [
        score(method, f"i{index}", value, metric, **fields)
        for method, row in table.items()
        for index, value in enumerate(row)
    ]


def board(rows: list[Score], references: set[str] | None = None) -> Board:
    (made,) = boards(
        rows, INFOS, method_order=["hr", "nearest", "bicubic"], references=references or set(), remarks={}
    )
    return made


def test_mean_interval_and_number_of_images() -> None:
    made = board(scores({"bicubic": [30.0, 32.0, 28.0]}))
    cell = made.cells["bicubic", "psnr_y"]
    assert (made.images, cell.n, cell.expected, cell.value) == (3, 3, 3, 30.0)
    assert cell.interval == mean_interval([30.0, 32.0, 28.0])
    assert cell.reasons == ()


def test_a_root_mean_square_has_the_interval_of_one() -> None:
    cell = board(scores({"bicubic": [3.0, 4.0]}, "rmse_y")).cells["bicubic", "rmse_y"]
    assert cell.value == pytest.approx(math.sqrt(12.5))
    assert cell.interval == mean_interval([3.0, 4.0], aggregate="root-mean-square")
    assert cell.interval is not None
    assert 0 < cell.interval.low < math.sqrt(12.5) < cell.interval.high


def test_no_interval_of_a_cell_passes_the_metrics_bounds() -> None:
    infos = {"ssim_y": SSIM, "rmse_y": RMSE}
    rows = scores({"a": [0.999, 0.90, 0.999, 0.998, 0.97]}, "ssim_y")
    rows += scores({"a": [0.1, 0.2, 9.0, 0.1, 0.1]}, "rmse_y")
    (made,) = boards(rows, infos, method_order=[], references=set(), remarks={})
    ssim, rmse = (made.cells["a", name].interval for name in infos)
    assert ssim is not None
    assert rmse is not None
    assert ssim.high < 1
    assert rmse.low > 0


def test_the_order_of_rows_changes_nothing() -> None:
    generator = random.Random(1)
    rows = [
        score(method, f"i{index}", generator.gauss(30, 3), metric)
        for method in "abc"
        for index in range(25)
        for metric in INFOS
    ]
    shuffled = generator.sample(rows, len(rows))
    assert board(shuffled) == board(rows)
    assert significance(shuffled, INFOS, set()) == significance(rows, INFOS, set())


def test_another_method_changes_neither_values_nor_tests_of_the_others() -> None:
    table: dict[str, list[float | None]] = {
        "a": [30.0, 31, 32, 33, 34, 35, 36, 37],
        "b": [29.1, 30.2, 31.3, 32.4, 33.5, 34.6, 35.7, 36.8],
    }
    more: dict[str, list[float | None]] = {**table, "c": [1.0, None, *[1.0] * 6]}
    assert board(scores(table)).cells.items() <= board(scores(more)).cells.items()
    (row,) = significance(scores(table), INFOS, set())
    same = next(r for r in significance(scores(more), INFOS, set()) if r["method_b"] == "b")
    corrected = {"p_holm", "significant"}
    assert {k: v for k, v in row.items() if k not in corrected} == {
        k: v for k, v in same.items() if k not in corrected
    }
    assert same["p_holm"] >= row["p_holm"]


def test_infinite_values_of_both_signs_have_no_mean() -> None:
    cell = board(scores({"odd": [math.inf, -math.inf, 30.0]})).cells["odd", "psnr_y"]
    assert (cell.value, cell.n) == (None, 3)
    assert cell.reasons == ("the mean of ∞ and -∞ is not defined",)


def test_means_of_infinite_values() -> None:
    made = board(scores({"hr": [math.inf, math.inf], "lucky": [math.inf, 30.0]}))
    assert made.cells["hr", "psnr_y"].value == math.inf
    assert made.cells["lucky", "psnr_y"].value == math.inf
    assert made.cells["lucky", "psnr_y"].interval is None


def test_a_mean_over_fewer_images_is_known_as_such_and_never_the_best() -> None:
    made = board(scores({"full": [30.0, 30.0], "partial": [40.0, None]}))
    cell = made.cells["partial", "psnr_y"]
    assert (cell.value, cell.n, cell.expected, cell.reasons) == (40.0, 1, 2, ("a reason",))
    assert made.best(PSNR) == {"full"}


def test_rows_that_are_not_there_count_as_missing() -> None:
    made = board(scores({"full": [30.0, 31.0, 32.0], "short": [29.0]}))
    cell = made.cells["short", "psnr_y"]
    assert (cell.n, cell.expected, cell.reasons) == (1, 3, ("not computed",))


def test_a_method_without_any_value_has_a_cell_without_value() -> None:
    made = board(scores({"full": [30.0], "none": [None]}) + scores({"full": [5.0]}, "rmse_y"))
    assert made.cells["none", "psnr_y"].value is None
    assert made.cells["none", "rmse_y"].reasons == ("not computed",)
    assert made.best(RMSE) == {"full"}


def test_best_follows_the_direction_and_knows_ties_and_references() -> None:
    table: dict[str, list[float | None]] = {"a": [30.0, 31.0], "b": [31.0, 30.0], "c": [20.0, 20.0]}
    made = board(scores(table) + scores(table, "rmse_y"))
    assert made.best(PSNR) == {"a", "b"}
    assert made.best(RMSE) == {"c"}
    assert board(scores({"hr": [99.0], "a": [30.0]}), {"hr"}).best(PSNR) == {"a"}
    assert board(scores({"hr": [99.0]}), {"hr"}).best(PSNR) == set()


def test_methods_in_the_order_of_registration_then_by_name() -> None:
    made = board(scores({"zeta": [1.0], "bicubic": [1.0], "alpha": [1.0], "hr": [1.0]}))
    assert made.methods == ("hr", "bicubic", "alpha", "zeta")


def test_one_board_per_data_set_scale_and_protocol() -> None:
    rows = (
        scores({"a": [1.0]})
        + scores({"a": [2.0, 2.0]}, dataset="bsd100")
        + scores({"a": [3.0]}, scale=2)
        + scores({"a": [4.0]}, protocol="srgan")
    )
    made = boards(rows[::-1], INFOS, method_order=[], references=set(), remarks={})
    assert [(b.dataset, b.scale, b.protocol, b.images) for b in made] == [
        ("bsd100", 4, "srbench", 2), ("set5", 2, "srbench", 1), ("set5", 4, "srbench", 1),
        ("set5", 4, "srgan", 1),
    ]  # fmt: skip
    assert [b.cells["a", "psnr_y"].value for b in made] == [2.0, 3.0, 1.0, 4.0]


def test_only_metrics_with_rows_make_columns() -> None:
    assert board(scores({"a": [1.0]})).metrics == (PSNR,)


def test_aggregate_does_not_depend_on_the_order() -> None:
    values = [1e16, 1.0, -1e16, 3.0]
    assert aggregate(values, "mean") == aggregate(values[::-1], "mean") == 1.0

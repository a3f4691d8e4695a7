"""The PIRM challenge's table: which images count, and where it has regions."""

from __future__ import annotations

import math

import pytest

from srbench.core.records import Score
from srbench.tables.pirm import pirm_cells, pirm_markdown, pirm_rows, region_of
from tests.tables.test_boards import scores


def challenge(**metrics: list[float | None]) -> list[Score]:
    return [
        row for metric, values in metrics.items() for row in scores({"a": values}, metric, protocol="pirm")
    ]


def test_only_images_with_all_scores_count() -> None:
    """An image too small for NIQE once gave n = 3 and the PI of other images than the RMSE's."""
    (row,) = pirm_rows(
        challenge(rmse_y=[10.0, 12.0, 30.0], ma=[8.0, 7.0, 2.0], niqe=[4.0, 5.0, None], pi=[3.0, 4.0, None])
    )
    assert (row.n, row.expected) == (2, 3)
    # By hand over the two images: ((10 - 7.5) + 4.5) / 2.
    assert (row.ma, row.niqe, row.pi, row.pi_image_mean) == (7.5, 4.5, 3.5, 3.5)
    assert row.rmse == pytest.approx(math.sqrt((100 + 144) / 2))
    assert row.rmse_image_mean == 11.0
    assert row.region == 1
    assert pirm_cells(row)[2] == "2 of 3"


def test_a_whole_row_has_no_mark() -> None:
    (row,) = pirm_rows(challenge(rmse_y=[10.0, 12.0], ma=[8.0, 7.0], niqe=[4.0, 5.0]))
    assert pirm_cells(row)[2] == "2"


def test_a_metric_that_could_not_be_had_leaves_out_no_image() -> None:
    (row,) = pirm_rows(challenge(rmse_y=[10.0, 12.0], ma=[None, None], niqe=[4.0, 5.0]))
    assert (row.n, row.ma, row.pi, row.niqe) == (2, None, None, 4.5)


def test_scores_without_a_common_image_give_no_number() -> None:
    (row,) = pirm_rows(challenge(rmse_y=[10.0, None], niqe=[None, 4.0]))
    assert (row.n, row.rmse, row.niqe, row.region) == (0, None, None, None)
    assert pirm_cells(row)[2:] == ["0 of 2", "–", "–", "–", "–", "none"]


def test_images_of_other_methods_are_expected_too() -> None:
    rows = pirm_rows(challenge(rmse_y=[10.0]) + scores({"b": [9.0, 9.0]}, "rmse_y", protocol="pirm"))
    assert [(row.method, row.n, row.expected) for row in rows] == [("a", 1, 2), ("b", 2, 2)]


@pytest.mark.parametrize("protocol", ["srbench", "basicsr"])
def test_other_protocols_have_no_regions(protocol: str) -> None:
    assert pirm_rows(scores({"a": [10.0]}, "rmse_y", protocol=protocol)) == []
    assert pirm_markdown([]) == ""


@pytest.mark.parametrize(
    ("rmse", "region"), [(11.5, 1), (11.51, 2), (12.5, 2), (12.51, 3), (16.0, 3), (16.01, None)]
)
def test_regions_end_where_the_challenge_says(rmse: float, region: int | None) -> None:
    assert region_of(rmse) == region

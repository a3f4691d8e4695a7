"""Marks and groups of a board: what the page's one test says of pairs."""

from __future__ import annotations

import numpy as np
import pytest

from srbench.statistics.ranks import critical_difference, nemenyi_p
from srbench.tables.boards import boards
from srbench.tables.ranked import Ranked, rank
from srbench.tables.significance import significance
from tests.tables.test_boards import INFOS, scores


def ranked(table: dict[str, list[float | None]], metric: str = "psnr_y", **options: object) -> Ranked:
    rows = scores(table, metric)
    (board,) = boards(rows, INFOS, method_order=[], references=set(), remarks={})
    return rank(board, rows, **options)  # type: ignore[arg-type]


def outlier() -> dict[str, list[float | None]]:
    """B beats A on 19 of 20 images; one image gives A the better mean."""
    b: list[float | None] = [30.0 + index for index in range(20)]
    a: list[float | None] = [30.0 + index - 0.1 - 0.01 * index for index in range(19)]
    return {"A": [*a, 90.0], "B": b}


def test_a_method_that_is_better_image_by_image_does_not_read_as_worse() -> None:
    found = ranked(outlier())
    standing = found.standings["B", "psnr_y"]
    assert found.board.best(INFOS["psnr_y"]) == {"A"}
    assert standing.p_value < 0.001
    assert (standing.verdict, found.mark("B", "psnr_y"), found.mark("A", "psnr_y")) == ("better", "△", "")
    assert any(line.startswith("△: better than the best image by image") for line in found.marks_explained())


@pytest.mark.parametrize("metric", ["psnr_y", "rmse_y"])
def test_marks_follow_the_direction_of_the_metric(metric: str) -> None:
    generator = np.random.default_rng(0)
    base = generator.uniform(20, 40, 20)
    sign = 1 if metric == "psnr_y" else -1
    found = ranked(
        {
            "best": (base + sign * 0.5).tolist(),
            "level": (base + sign * 0.49 + generator.normal(0, 0.3, 20)).tolist(),
            "worse": (base - sign * generator.uniform(0.1, 0.5, 20)).tolist(),
        },
        metric,
    )
    assert found.board.best(INFOS[metric]) in ({"best"}, {"level"})
    assert found.standings["worse", metric].verdict == "worse"
    assert found.mark("worse", metric) == ""
    (other,) = {"best", "level"} - found.board.best(INFOS[metric])
    assert found.mark(other, metric) == "≈"


def test_marks_are_holms_p_against_the_best() -> None:
    generator = np.random.default_rng(2)
    base = generator.normal(30, 2, 15)
    table = {f"m{index}": (base + 0.1 * index + generator.normal(0, 0.2, 15)).tolist() for index in range(5)}
    found = ranked(table)
    (best,) = found.board.best(INFOS["psnr_y"])
    for row in significance(scores(table), INFOS, set()):
        if best in (row["method_a"], row["method_b"]):
            (other,) = {row["method_a"], row["method_b"]} - {best}
            standing = found.standings[other, "psnr_y"]
            assert standing.p_value == row["p_holm"]
            assert (standing.verdict == "level") == (row["p_holm"] >= 0.05)


def test_groups_are_what_the_marks_say() -> None:
    """One test for a page: the best's groups hold the methods with the mark, and no other."""
    generator = np.random.default_rng(5)
    base = generator.normal(30, 2, 20)
    table = {f"m{index}": (base + 0.12 * index + generator.normal(0, 0.3, 20)).tolist() for index in range(6)}
    found = ranked(table)
    (best,) = found.board.best(INFOS["psnr_y"])
    with_best = {name for group in found.groups["psnr_y"] if best in group for name in group} - {best}
    assert with_best == {name for name in table if found.mark(name, "psnr_y") == "≈"}
    assert with_best
    assert with_best != set(table) - {best}
    assert found.difference("psnr_y") is None
    assert "Nemenyi" not in found.rank_text("psnr_y")


def test_nemenyi_on_request_decides_marks_and_groups_alike() -> None:
    generator = np.random.default_rng(5)
    base = generator.normal(30, 2, 20)
    table = {f"m{index}": (base + 0.12 * index + generator.normal(0, 0.3, 20)).tolist() for index in range(6)}
    found = ranked(table, post_hoc="nemenyi")
    test, difference = found.ranks["psnr_y"], found.difference("psnr_y")
    assert difference == critical_difference(6, 20)
    (best,) = found.board.best(INFOS["psnr_y"])
    for name in set(table) - {best}:
        gap = abs(test.ranks[name] - test.ranks[best])
        assert found.standings[name, "psnr_y"].p_value == nemenyi_p(test.ranks[name], test.ranks[best], 6, 20)
        assert (found.mark(name, "psnr_y") == "≈") == (gap <= difference)
    for group in found.groups["psnr_y"]:
        assert test.ranks[group[-1]] - test.ranks[group[0]] <= difference
    assert "Wilcoxon" not in " ".join(found.marks_explained())


@pytest.mark.parametrize(
    ("images", "methods", "marked"), [(5, 2, False), (6, 2, True), (6, 3, False), (7, 3, True)]
)
def test_no_mark_where_no_difference_could_be_told(images: int, methods: int, marked: bool) -> None:
    generator = np.random.default_rng(images)
    base = generator.normal(30, 2, images)
    table: dict[str, list[float | None]] = {
        f"m{index}": (base + generator.normal(0, 0.2, images)).tolist() for index in range(methods)
    }
    found = ranked(table)
    assert any(found.mark(name, "psnr_y") for name in table) == marked
    assert bool(found.warning) != marked


def test_units_and_the_order_of_methods_and_images_change_nothing() -> None:
    generator = np.random.default_rng(8)
    table = {f"m{index}": generator.normal(30 + 0.3 * index, 1, 12).tolist() for index in range(4)}
    found = ranked(table)
    order = generator.permutation(12)
    turned = {name: [255 * values[i] for i in order] for name, values in reversed(table.items())}
    other = ranked(turned)
    assert other.standings == found.standings
    assert other.ranks == found.ranks
    assert other.groups == found.groups

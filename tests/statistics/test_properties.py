"""What holds for every statistic: order, units and bystanders change nothing that they should not.

Every public function of `srbench.statistics` is in one of the two lists below; a new one fails until it is.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import rankdata

import srbench.statistics
from srbench.statistics import pairs
from srbench.statistics.choices import coefficient_of_agreement, concordance
from srbench.statistics.correlations import (
    agreement,
    difference_p,
    krcc,
    logistic_fit,
    plcc,
    srcc,
    williams,
)
from srbench.statistics.crossed import crossed_mean
from srbench.statistics.intervals import CORRELATION, DISTANCE, aggregate, mean_interval
from srbench.statistics.ranks import rank_test
from srbench.statistics.raters import intraclass, krippendorff_alpha
from srbench.statistics.votes import vote_agreement, vote_difference_p

IMAGES, METHODS = 24, 4
# Values of methods on images; some tie.
_NOISE = np.random.default_rng(11).normal(30, 2, (METHODS, IMAGES))
TABLE = np.round(_NOISE, 1) + np.arange(METHODS)[:, None] / 2


def by_method(table: np.ndarray) -> dict[str, dict[str, float]]:
    return {
        f"m{row}": {f"i{n:02d}": float(v) for n, v in enumerate(values)} for row, values in enumerate(table)
    }


def _ranks(table: np.ndarray) -> list[float]:
    found = rank_test(by_method(table), higher_is_better=True)
    assert found is not None
    return [found.statistic, found.p_value, *(found.ranks[f"m{row}"] for row in range(len(table)))]


def _interval(table: np.ndarray, **options: Any) -> list[float]:
    found = mean_interval(table[0], **options)
    assert found is not None
    return [found.low, found.high]


def _paired(table: np.ndarray) -> list[float]:
    found = pairs.wilcoxon(table[0], table[1])
    return [found.statistic, found.p_value, found.rank_biserial]


def _crossed(table: np.ndarray) -> list[float]:
    raters, images = np.indices(table.shape)
    found = crossed_mean(table.ravel(), raters.ravel(), images.ravel())
    assert found.interval is not None
    return [found.mean, *found.interval]


def _intraclass(table: np.ndarray) -> list[float]:
    found = intraclass(table)
    assert found is not None
    return [value for value in vars(found).values() if isinstance(value, float)]


# Functions of a table, methods (or raters) x images, whose value does not depend on the order of the images.
OF_IMAGES: dict[str, Callable[[np.ndarray], list[float]]] = {
    "wilcoxon": _paired,
    "rank_test": _ranks,
    "mean_interval": _interval,
    "mean_interval, few": lambda table: _interval(table[:, :7]),
    "mean_interval, distance": lambda table: _interval(table[:, :7], bounds=DISTANCE),
    "mean_interval, correlation": lambda table: _interval(table[:, :7] / 40, bounds=CORRELATION),
    "mean_interval, root": lambda table: _interval(table, aggregate="root-mean-square", bounds=DISTANCE),
    "aggregate": lambda table: [aggregate(table[0].tolist(), "mean")],
    "aggregate, root": lambda table: [aggregate(table[0].tolist(), "root-mean-square")],
    "crossed_mean": _crossed,
    "intraclass": _intraclass,
    "krippendorff_alpha": lambda table: [krippendorff_alpha(table, "interval")],
    "srcc": lambda table: [srcc(table[0], table[1])],
    "krcc": lambda table: [krcc(table[0], table[1])],
    "plcc": lambda table: [plcc(table[0], table[1])],
    "concordance": lambda table: list(concordance(rankdata(np.round(table, 9), axis=1))),
}
# Those that take the first images only must be given the same ones.
_FEW = {name for name in OF_IMAGES if name.startswith("mean_interval,") and "root" not in name}
# Not functions of values of images: of p values, of counts, of votes, or helpers with tests of their own.
ELSEWHERE = {
    "holm", "smallest_p", "power_warning", "differences", "wins_ties_losses", "common_images",
    "critical_difference", "nemenyi_p", "indistinct_groups", "caption", "binomial_interval", "binomial_p",
    "bradley_terry", "fit_scores", "coefficient_of_agreement", "agreement", "logistic_fit", "difference_p",
    "williams", "screen", "retest", "sign_counts", "signed_rank_power", "images_needed", "with_people",
    "vote_agreement", "vote_difference_p",
}  # fmt: skip


def test_every_statistic_is_covered() -> None:
    public = set()
    for module in pkgutil.iter_modules(srbench.statistics.__path__):
        loaded = importlib.import_module(f"srbench.statistics.{module.name}")
        public |= {
            name
            for name, value in vars(loaded).items()
            if inspect.isfunction(value) and value.__module__ == loaded.__name__ and not name.startswith("_")
        }
    assert public == {name.partition(",")[0] for name in OF_IMAGES} | ELSEWHERE


@pytest.mark.parametrize("name", OF_IMAGES)
def test_the_order_of_the_images_does_not_matter(name: str) -> None:
    order = np.random.default_rng(0).permutation(7 if name in _FEW else IMAGES)
    table = TABLE[:, : order.size]
    assert OF_IMAGES[name](table[:, order]) == pytest.approx(OF_IMAGES[name](table), rel=1e-12, abs=1e-14)


WITHOUT_UNIT = {
    "wilcoxon", "rank_test", "srcc", "krcc", "plcc", "krippendorff_alpha", "intraclass", "concordance",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(WITHOUT_UNIT))
@pytest.mark.parametrize("factor", [2.0**-10, 1 / 3, 255.0])
def test_units_do_not_matter(name: str, factor: float) -> None:
    """Ties are ties in every unit, also where the factor is no power of two and values are rounded again."""
    assert OF_IMAGES[name](TABLE * factor) == pytest.approx(OF_IMAGES[name](TABLE), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", sorted(OF_IMAGES.keys() - WITHOUT_UNIT))
@pytest.mark.parametrize("factor", [2.0**-10, 4.0])
def test_values_in_other_units_are_carried_along(name: str, factor: float) -> None:
    if "correlation" in name:
        pytest.skip("a correlation has no unit")
    expected = [factor * value for value in OF_IMAGES[name](TABLE)]
    assert OF_IMAGES[name](TABLE * factor) == pytest.approx(expected, rel=1e-9)


def test_swapping_two_methods_swaps_the_sign_only() -> None:
    one, other = pairs.wilcoxon(TABLE[0], TABLE[1]), pairs.wilcoxon(TABLE[1], TABLE[0])
    assert one.p_value == other.p_value
    assert one.rank_biserial == -other.rank_biserial
    assert one.median_difference == -other.median_difference


def test_the_order_of_the_methods_does_not_matter() -> None:
    order = [2, 0, 3, 1]
    found = _ranks(TABLE[order])
    expected = _ranks(TABLE)
    assert found[:2] == pytest.approx(expected[:2], rel=1e-12)
    assert found[2:] == pytest.approx([expected[2 + row] for row in order])


def test_ranks_keep_to_the_order_of_values_alone() -> None:
    assert _ranks(np.exp(TABLE / 10)) == pytest.approx(_ranks(TABLE))
    lower = rank_test(by_method(-TABLE), higher_is_better=False)
    assert lower is not None
    assert [lower.statistic, lower.p_value] == pytest.approx(_ranks(TABLE)[:2])


def test_a_pair_without_a_difference_changes_no_wilcoxon_test() -> None:
    more = np.concatenate([TABLE, np.full((METHODS, 3), 30.0)], axis=1)
    assert _paired(more)[1:] == _paired(TABLE)[1:]


def test_holm_keeps_the_order_and_grows_with_the_number_of_tests() -> None:
    p_values = [0.04, 0.001, 0.5, 0.012, 0.012]
    found = pairs.holm(p_values)
    order = [3, 0, 4, 2, 1]
    assert pairs.holm([p_values[n] for n in order]) == [found[n] for n in order]
    assert all(p <= corrected for p, corrected in zip(p_values, found, strict=True))
    longer = pairs.holm([*p_values, 0.9])[:-1]
    assert all(short <= long for short, long in zip(found, longer, strict=True))


def test_raters_and_judges_in_any_order() -> None:
    order = [3, 1, 0, 2]
    for name in ("krippendorff_alpha", "crossed_mean", "intraclass", "concordance"):
        assert OF_IMAGES[name](TABLE[order]) == pytest.approx(OF_IMAGES[name](TABLE), rel=1e-12)
    votes = [np.random.default_rng(number).integers(0, 2, 5 + number) for number in range(4)]
    shuffled = [question[::-1] for question in votes[::-1]]
    assert coefficient_of_agreement(shuffled) == coefficient_of_agreement(votes)


def test_williams_test_does_not_depend_on_which_metric_comes_first() -> None:
    assert williams(0.8, 0.6, 0.5, 40) == pytest.approx(williams(0.6, 0.8, 0.5, 40))


def test_the_logistic_fit_carries_units_of_the_metric() -> None:
    metric, opinion = TABLE[0], TABLE[0] / 10 + np.random.default_rng(2).normal(0, 0.1, IMAGES)
    np.testing.assert_allclose(logistic_fit(metric * 100, opinion), logistic_fit(metric, opinion), rtol=1e-3)


def test_questions_and_opinions_in_any_order() -> None:
    """Also the bootstraps and permutations, whose draws are of references by their names."""
    rng = np.random.default_rng(7)
    references = rng.integers(0, 12, 60)
    share, weight = rng.integers(0, 6, 60) / 5, rng.integers(1, 9, 60).astype(float)
    one, other = rng.integers(0, 2, (2, 60)).astype(float)
    metric, opinion = rng.normal(size=(2, 60))
    order = rng.permutation(60)
    found = vars(vote_agreement(one, share, weight, references))
    again = vars(vote_agreement(one[order], share[order], weight[order], references[order]))
    intervals, intervals_again = found.pop("intervals"), again.pop("intervals")
    assert again == pytest.approx(found)
    for name, interval in intervals.items():
        assert intervals_again[name] == pytest.approx(interval)
    shuffled = share[order], weight[order], references[order]
    p_value = vote_difference_p(one, other, share, weight, references)
    assert vote_difference_p(one[order], other[order], *shuffled) == p_value
    assert vote_difference_p(other, one, share, weight, references) == p_value
    assert difference_p(metric, opinion, share, references) == pytest.approx(
        difference_p(opinion, metric, share, references), abs=0.02
    )
    assert agreement(metric[order], opinion[order], references[order]).srcc == pytest.approx(
        agreement(metric, opinion, references).srcc
    )

"""Power of the signed-rank test: against SciPy's test on simulated data, and the t test's sample size."""

from __future__ import annotations

import math

import numpy as np
import pytest

from srbench.statistics.pairs import wilcoxon
from srbench.statistics.power import MOST_IMAGES, images_needed, largest_sum, signed_rank_power


@pytest.mark.parametrize(
    ("images", "level"), [(5, 0.05), (6, 0.05), (14, 0.01), (50, 0.05), (51, 0.05), (100, 0.001)]
)
def test_the_largest_sum_is_where_the_test_stops_being_significant(images: int, level: float):
    reach = largest_sum(images, level)
    for smaller in {int(reach), int(reach) + 1} - {-1}:
        # Distinct differences whose positive ranks add up to `smaller`: the largest ranks first.
        signs, left = -np.ones(images), smaller
        for rank in range(images, 0, -1):
            if rank <= left:
                signs[rank - 1], left = 1.0, left - rank
        test = wilcoxon(signs * np.arange(1, images + 1), np.zeros(images))
        assert test.statistic == smaller
        assert (test.p_value < level) == (smaller <= reach)


@pytest.mark.parametrize(("images", "effect"), [(14, 0.8), (40, 0.4), (80, 0.3)])
def test_power_is_how_often_scipy_finds_the_difference(images: int, effect: float):
    from scipy.stats import wilcoxon as scipys

    rng = np.random.default_rng(5)
    drawn = rng.normal(effect, 1, (1000, images))
    method = "exact" if images <= 50 else "approx"
    found = np.mean([scipys(row, method=method, correction=False).pvalue < 0.05 for row in drawn])
    assert signed_rank_power(effect, images, 0.05) == pytest.approx(found, abs=0.05)


def test_too_few_images_have_no_power():
    assert signed_rank_power(10, 5, 0.05) == 0
    assert signed_rank_power(10, 6, 0.05) == 1
    assert images_needed(10, 0.05) == 6, "2 / 2^6 is the first p below 0.05"


@pytest.mark.parametrize("effect", [0.2, 0.5, 1.0])
def test_images_needed_are_those_of_the_t_test_by_its_relative_efficiency(effect: float):
    from scipy.optimize import brentq
    from scipy.stats import nct, t

    def missing(n: float) -> float:
        reach = t.ppf(0.975, n - 1)
        return float(nct.sf(reach, n - 1, effect * math.sqrt(n)) - 0.8)

    # The signed-rank test needs pi / 3 times as many normal differences as the t test, in large samples.
    wanted = brentq(missing, 3, 1000) * math.pi / 3
    found = images_needed(effect, 0.05)
    assert found == pytest.approx(wanted, rel=0.12, abs=1.5)


def test_a_difference_that_nobody_can_show():
    assert images_needed(0, 0.05) is None
    assert images_needed(0.01, 0.05) is None
    assert signed_rank_power(0.01, MOST_IMAGES, 0.05) < 0.2

"""Statistics of ratings and choices, against published examples and other programs."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from srbench.statistics.choices import (
    Votes,
    binomial_interval,
    bradley_terry,
    coefficient_of_agreement,
    concordance,
    fit_scores,
)
from srbench.statistics.correlations import agreement, krcc, plcc, srcc, williams
from srbench.statistics.crossed import crossed_mean
from srbench.statistics.raters import intraclass, krippendorff_alpha, screen

# Agresti, Categorical Data Analysis, 2nd ed. 2002, table 10.10: American League East, 1987; row beat column.
# Milwaukee, Detroit, Toronto, New York, Boston, Cleveland, Baltimore.
BASEBALL = np.array(
    [
        [0, 7, 9, 7, 7, 9, 11], [6, 0, 7, 5, 11, 9, 9], [4, 6, 0, 7, 7, 8, 12], [6, 8, 6, 0, 6, 7, 10],
        [6, 2, 6, 7, 0, 7, 12], [4, 4, 5, 6, 6, 0, 6], [2, 4, 1, 3, 1, 7, 0],
    ],
    dtype=float,
)  # fmt: skip


def test_bradley_terry_of_the_published_example():
    pytest.importorskip("choix")
    scores = fit_scores(BASEBALL)
    # Published to three digits, relative to Baltimore.
    published = [1.581, 1.436, 1.294, 1.248, 1.108, 0.684, 0.0]
    assert (scores - scores[6]).tolist() == pytest.approx(published, abs=6e-4)


def test_bradley_terry_agrees_with_evalica():
    pytest.importorskip("choix")
    evalica = pytest.importorskip("evalica")
    rng = np.random.default_rng(0)
    wins = rng.integers(1, 30, (8, 8)).astype(float)
    np.fill_diagonal(wins, 0)
    pairs = [(a, b) for a in range(8) for b in range(8) if a != b]
    found = evalica.bradley_terry(
        [a for a, _ in pairs],
        [b for _, b in pairs],
        [evalica.Winner.X] * len(pairs),
        weights=[wins[pair] for pair in pairs],
        tolerance=1e-14,
        limit=100_000,
    )
    other = np.log(found.scores.loc[range(8)].to_numpy())
    assert np.abs(fit_scores(wins) - (other - other.mean())).max() < 1e-6


def test_no_finite_scores_where_one_always_wins():
    votes = Votes(np.array([0, 1]), np.array([0, 1]), np.array([0, 0]), np.array([1, 1]))
    found = bradley_terry(votes, 2)
    assert found.values is None
    assert "always" in found.reason


def test_alpha_of_the_published_example():
    pytest.importorskip("krippendorff")
    # Krippendorff's example with three coders and missing values: 0.691 nominal, 0.811 interval.
    none = np.nan
    table = np.array(
        [
            [none, none, none, none, none, 3, 4, 1, 2, 1, 1, 3, 3, none, 3],
            [1, none, 2, 1, 3, 3, 4, 3, none, none, none, none, none, none, none],
            [none, none, 2, 1, 3, 4, 4, none, 2, 1, 1, 3, 3, none, 4],
        ]
    )
    assert krippendorff_alpha(table, "nominal") == pytest.approx(0.691, abs=5e-4)
    assert krippendorff_alpha(table, "interval") == pytest.approx(0.811, abs=5e-4)


def test_alpha_of_the_published_example_with_an_ordinal_scale():
    pytest.importorskip("krippendorff")
    # Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011, sections C to E: four observers, twelve
    # units.
    none = np.nan
    table = np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, none, none, none],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, none, 3],
            [none, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, none],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, none],
        ]
    )
    assert krippendorff_alpha(table, "nominal") == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(table, "ordinal") == pytest.approx(0.815, abs=5e-4)
    assert krippendorff_alpha(table, "interval") == pytest.approx(0.849, abs=5e-4)


def test_intraclass_correlations_of_the_published_example():
    # Shrout and Fleiss, Psychological Bulletin 86, 1979, tables 2 and 4.
    table = np.array(
        [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
    )
    found = intraclass(table.T)
    assert found is not None
    values = [found.icc11, found.icc21, found.icc31, found.icc1k, found.icc2k, found.icc3k]
    assert [round(value, 2) for value in values] == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]


def test_binomial_interval_of_a_published_case():
    # No event in ten trials: the upper bound is 1 - 0.025^(1/10).
    assert binomial_interval(0, 10) == pytest.approx((0.0, 1 - 0.025**0.1))


# Kendall and Babington Smith, Biometrika 31, 1940: 21 boys on 13 school subjects, 25 girls on 11; how many
# preferred the subject of the row to each of those after it. The tables and the coefficients 0.1866 and
# 0.08218 are those of the R package eba (`schoolsubjects`, `kendall.u`).
BOYS = (
    (14, 20, 15, 15, 16, 16, 18, 18, 18, 20, 21, 20), (14, 12, 13, 18, 14, 16, 16, 20, 16, 18, 19),
    (10, 14, 10, 16, 18, 16, 16, 17, 16, 19), (11, 12, 15, 14, 13, 13, 17, 17, 16),
    (14, 11, 12, 14, 15, 13, 14, 16), (14, 14, 13, 13, 16, 15, 17), (9, 11, 13, 15, 13, 15),
    (12, 14, 14, 16, 14), (10, 13, 13, 15), (10, 10, 14), (10, 13), (13,),
)  # fmt: skip
GIRLS = (
    (10, 19, 17, 20, 17, 21, 21, 21, 18, 22), (12, 15, 17, 15, 21, 19, 18, 16, 17),
    (16, 16, 18, 10, 17, 16, 19, 16), (16, 11, 13, 15, 14, 11, 14), (14, 18, 12, 13, 15, 18),
    (12, 13, 12, 16, 18), (14, 15, 14, 14), (14, 13, 14), (11, 17), (12,),
)  # fmt: skip


@pytest.mark.parametrize(("children", "table", "published"), [(21, BOYS, 0.1866), (25, GIRLS, 0.08218)])
def test_coefficient_of_agreement_of_the_published_example(children, table, published):
    votes = [np.repeat([1, 0], [count, children - count]) for row in table for count in row]
    found = coefficient_of_agreement(votes)
    assert found.coefficient == pytest.approx(published, abs=5e-5)
    assert found.pairs == math.comb(children, 2) * len(votes)


def test_coefficient_of_agreement_by_its_published_formula():
    rng = np.random.default_rng(1)
    raters, items = 7, 5
    prefer = {pair: rng.integers(0, 2, raters) for pair in itertools.combinations(range(items), 2)}
    agreeing = sum(math.comb(int(v.sum()), 2) + math.comb(int(raters - v.sum()), 2) for v in prefer.values())
    published = 2 * agreeing / (math.comb(raters, 2) * math.comb(items, 2)) - 1
    assert coefficient_of_agreement(list(prefer.values())).coefficient == pytest.approx(published)
    assert coefficient_of_agreement([np.ones(4)] * 3).coefficient == 1


def test_concordance_of_equal_and_opposite_rankings():
    assert concordance(np.array([[1, 2, 3]] * 4, float))[0] == pytest.approx(1)
    assert concordance(np.array([[1, 2, 3], [3, 2, 1]], float))[0] == pytest.approx(0)


def test_screening_points_at_the_random_rater_only():
    rng = np.random.default_rng(2)
    truth = rng.uniform(1.5, 4.5, 200)
    table = np.clip(np.rint(truth + rng.normal(0, 0.4, (20, 200))), 1, 5)
    table[7] = rng.integers(1, 6, 200)
    assert [slot for slot, one in enumerate(screen(table)) if one.rejected] == [7]


def test_screening_by_the_steps_of_the_standard():
    """ITU-R BT.500-14, section A1-2.3.1, word by word in loops."""
    rng = np.random.default_rng(6)
    truth = rng.uniform(1.2, 4.8, 60)
    table = np.clip(np.rint(truth + rng.normal(0, 0.8, (15, 60))), 1, 5)
    table[3] = rng.integers(1, 6, 60)
    table[rng.random(table.shape) < 0.1] = np.nan
    above, below = [0] * 15, [0] * 15
    for item in table.T:
        given = [(rater, value) for rater, value in enumerate(item) if not math.isnan(value)]
        values = [value for _, value in given]
        mean = sum(values) / len(values)
        deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
        second, fourth = (sum((value - mean) ** power for value in values) / len(values) for power in (2, 4))
        if deviation == 0:
            continue
        reach = 2 if 2 <= fourth / second**2 <= 4 else math.sqrt(20)
        for rater, value in given:
            above[rater] += value >= mean + reach * deviation
            below[rater] += value <= mean - reach * deviation
    rated = (~np.isnan(table)).sum(axis=1)
    for rater, found in enumerate(screen(table)):
        assert (found.high, found.low, found.ratings) == (above[rater], below[rater], rated[rater])
        outside = above[rater] + below[rater]
        told = outside / rated[rater] > 0.05 and abs(above[rater] - below[rater]) / outside < 0.3
        assert found.rejected == told


def _choices(rng, quality, raters, images, own):  # type: ignore[no-untyped-def]
    """All pairs by all raters on all images; raters and images differ in what they favour by `own`."""
    methods = len(quality)
    rater, image = (part.ravel() for part in np.indices((raters, images)))
    tastes = rng.normal(0, own, (raters, methods))[rater] + rng.normal(0, own, (images, methods))[image]
    parts = []
    for a, b in itertools.combinations(range(methods), 2):
        gap = quality[a] - quality[b] + tastes[:, a] - tastes[:, b]
        first = rng.random(gap.size) < 1 / (1 + np.exp(-gap))
        parts.append((rater, image, np.where(first, a, b), np.where(first, b, a)))
    return Votes(*(np.concatenate(column) for column in zip(*parts, strict=True)))


@pytest.mark.parametrize(
    ("raters", "images"), [pytest.param(26, 100, marks=pytest.mark.slow), (26, 14), (10, 10)]
)
def test_intervals_of_scores_cover(raters: int, images: int):
    pytest.importorskip("choix")
    rng = np.random.default_rng(8)
    quality, own = np.array([-0.8, -0.2, 0.2, 0.8]), 0.4
    # What all raters and images together say: the scores of the chances over their tastes.
    large = rng.normal(0, 2 * own, 1_000_000)
    chances = np.array([[np.mean(1 / (1 + np.exp(-(a - b + large)))) for b in quality] for a in quality])
    truth = fit_scores(chances * (1 - np.eye(4)))
    covered = np.zeros(4)
    for _ in range(500):
        found = bradley_terry(_choices(rng, quality, raters, images, own), 4)
        assert found.intervals is not None
        covered += [low <= value <= high for (low, high), value in zip(found.intervals, truth, strict=True)]
    assert 0.93 <= covered.mean() / 500 <= 0.97


def test_intervals_of_scores_are_wide_rather_than_narrow_in_small_studies():
    pytest.importorskip("choix")
    rng = np.random.default_rng(9)
    quality = np.array([-0.5, 0.0, 0.5])
    covered, made = np.zeros(3), 0
    for _ in range(300):
        found = bradley_terry(_choices(rng, quality, 8, 5, 0.0), 3)
        if found.intervals is not None:
            made += 1
            covered += [low <= q <= high for (low, high), q in zip(found.intervals, quality, strict=True)]
    assert made > 250
    assert covered.mean() / made > 0.95


@pytest.mark.parametrize(("raters", "images"), [(26, 100), (26, 14), (10, 10)])
def test_intervals_of_rated_means_cover(raters: int, images: int):
    rng = np.random.default_rng(3)
    effects = (0.4, 0.4, 0.7)
    large = 3.2 + rng.normal(0, math.hypot(*effects), 1_000_000)
    truth = np.clip(np.rint(large), 1, 5).mean()
    rater, image = (part.ravel() for part in np.indices((raters, images)))
    covered = 0
    for _ in range(500):
        own = rng.normal(0, effects[0], raters)[rater] + rng.normal(0, effects[1], images)[image]
        ratings = np.clip(np.rint(3.2 + own + rng.normal(0, effects[2], own.size)), 1, 5)
        low, high = crossed_mean(ratings, rater, image).interval or (0, 0)
        covered += low <= truth <= high
    assert 0.93 <= covered / 500 <= 0.97


def test_balanced_design_by_the_analysis_of_variance():
    rng = np.random.default_rng(4)
    table = rng.normal(3, 1, (6, 9)) + rng.normal(0, 1, (6, 1))
    rater, image = (part.ravel() for part in np.indices(table.shape))
    found = crossed_mean(table.ravel(), rater, image)
    by_rater, by_image = table.mean(axis=1), table.mean(axis=0)
    rest = table - by_rater[:, None] - by_image + table.mean()
    error = (rest**2).sum() / 40 / 54
    variance = max(by_rater.var(ddof=1) / 6 + by_image.var(ddof=1) / 9 - error, by_rater.var(ddof=1) / 6)
    from scipy.stats import t

    reach = t.ppf(0.975, found.degrees) * math.sqrt(variance)
    assert found.interval == pytest.approx((table.mean() - reach, table.mean() + reach))


def test_correlations_by_brute_force_and_scipy():
    from scipy import stats

    rng = np.random.default_rng(5)
    references = np.repeat(np.arange(8), 5)
    metric = rng.normal(size=40).round(1)
    opinion = (metric + rng.normal(size=40)).round(1)
    assert srcc(metric, opinion) == pytest.approx(stats.spearmanr(metric, opinion).statistic)
    assert plcc(metric, opinion) == pytest.approx(stats.pearsonr(metric, opinion).statistic)
    assert krcc(metric, opinion) == pytest.approx(stats.kendalltau(metric, opinion).statistic)
    found = agreement(metric, opinion, references)
    hits = total = 0.0
    for i, j in itertools.combinations(range(40), 2):
        if references[i] == references[j] and opinion[i] != opinion[j]:
            total += 1
            same = (metric[i] - metric[j]) * (opinion[i] - opinion[j])
            hits += 1 if same > 0 else 0.5 if same == 0 else 0
    assert found.accuracy == pytest.approx(hits / total)
    for name, (low, high) in found.intervals.items():
        assert low <= getattr(found, name) <= high


def test_williams_of_equal_correlations():
    assert williams(0.5, 0.5, 0.3, 50) == pytest.approx(1)
    assert williams(0.9, 0.1, 0.3, 200) < 1e-6


def test_equal_ratings_have_no_interval():
    """Two raters who both say 3 do not show that everybody would."""
    raters, images = (part.ravel() for part in np.indices((3, 4)))
    assert crossed_mean(np.full(12, 3.0), raters, images).interval is None
    assert crossed_mean([3.0], [0], [0]).interval is None


def test_ratings_that_cancel_out_still_vary():
    # Both raters and both images have the mean 3, and yet no two ratings agree.
    found = crossed_mean([1.0, 5.0, 5.0, 1.0], [0, 0, 1, 1], [0, 1, 0, 1])
    assert found.interval is not None
    assert found.interval[1] - found.interval[0] > 4

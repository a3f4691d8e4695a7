"""The scoring rules against the official code of the lpips package."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from lpips.trainer import score_2afc_dataset, score_jnd_dataset

from srbench.datasets.bapps import vote_share
from srbench.statistics.pairs import wilcoxon
from srbench.studies.bapps.agreement import (
    average_precision,
    human_ceiling,
    interval,
    majority,
    mean_by,
    resample,
    two_afc,
)


def _loader(**columns: np.ndarray) -> SimpleNamespace:
    batch = {name: torch.from_numpy(values) for name, values in columns.items()}
    return SimpleNamespace(load_data=lambda: [batch])


def test_ties_count_one_half() -> None:
    first, second = np.array([1.0, 2.0, 3.0, -np.inf]), np.array([2.0, 1.0, 3.0, -np.inf])
    judgement = np.array([0.2, 0.2, 0.2, 1.0])
    assert two_afc(first, second, judgement).tolist() == [0.8, 0.2, 0.5, 0.5]


def test_votes_in_single_precision_tie_as_votes_do() -> None:
    """Forty triplets of 3/5 and 2/5 of the votes; one metric always takes p1, the other p0: each wins as
    many votes as it loses, so the p value is 1; the rounding of float32 once made it 0.0056."""
    votes = np.array([vote_share(float(np.float32(h))) for h in (0.6, 0.4)] * 20)
    zeros, ones = np.zeros(40), np.ones(40)
    always_p1, always_p0 = two_afc(ones, zeros, votes), two_afc(zeros, ones, votes)
    assert sorted(set(always_p1)) == [0.4, 0.6]
    test = wilcoxon(always_p1, always_p0)
    assert (test.p_value, test.rank_biserial) == (1.0, 0.0)


@pytest.mark.parametrize("votes", range(1, 21))
def test_every_share_of_votes_is_recognised(votes: int) -> None:
    for count in range(votes + 1):
        assert vote_share(float(np.float32(count / votes))) == count / votes
    assert vote_share(0.44879895) == 0.44879895  # pi / 7


def test_2afc_is_the_official_rule() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 6, (2, 200)).astype(np.float64)
    judgement = rng.integers(0, 6, 200) / 5
    loader = _loader(ref=np.zeros(200), p0=first, p1=second, judge=judgement)
    official, details = score_2afc_dataset(loader, lambda _, distorted: distorted)
    scores = two_afc(first, second, judgement)
    assert (first == second).sum() > 10
    np.testing.assert_array_equal(scores, details["scores"])
    assert float(scores.mean()) == pytest.approx(float(official), abs=1e-15)


def test_jnd_is_the_official_rule() -> None:
    rng = np.random.default_rng(2)
    distances = rng.permutation(np.arange(150)).astype(np.float64)
    same = rng.integers(0, 4, 150) / 3
    official, _ = score_jnd_dataset(_loader(p0=distances, p1=distances, same=same), lambda d, _: d)
    assert average_precision(distances, same) == pytest.approx(float(official), abs=1e-12)


def test_tied_distances_have_no_order() -> None:
    rng = np.random.default_rng(3)
    distances, same = rng.integers(0, 10, 80).astype(np.float64), rng.integers(0, 4, 80) / 3
    order = rng.permutation(80)
    assert average_precision(distances, same) == pytest.approx(
        average_precision(distances[order], same[order])
    )


def test_extremes() -> None:
    assert average_precision(np.array([1.0, 2.0]), np.array([1.0, 0.0])) == 1.0
    assert average_precision(np.array([1.0, 2.0]), np.array([0.0, 0.0])) == 0.0
    judgement = np.array([0.0, 0.2, 0.5, 1.0])
    np.testing.assert_allclose(human_ceiling(judgement), [1.0, 0.68, 0.5, 1.0])
    np.testing.assert_allclose(majority(judgement), [1.0, 0.8, 0.5, 1.0])


def test_bootstrap_is_repeatable_and_paired() -> None:
    values = np.random.default_rng(4).random(400)
    single = np.arange(400)
    samples = resample((values,), single, np.mean)
    np.testing.assert_array_equal(samples, resample((values,), single, np.mean))
    np.testing.assert_allclose(resample((values + 1,), single, np.mean) - samples, 1.0)
    low, high = interval([samples])
    # The normal interval of a mean: 1.96 standard errors to each side.
    error = values.std() / np.sqrt(values.size)
    assert (low, high) == pytest.approx(
        (values.mean() - 1.96 * error, values.mean() + 1.96 * error), abs=error / 5
    )


def test_items_of_one_reference_are_drawn_together() -> None:
    """Every item eight times over says nothing new: the interval is that of the items once."""
    values = np.random.default_rng(5).random(300)
    once = interval([resample((values,), np.arange(300), np.mean)])
    order = np.random.default_rng(6).permutation(2400)
    repeated, references = np.tile(values, 8)[order], np.tile(np.arange(300), 8)[order]
    assert interval([resample((repeated,), references, np.mean)]) == pytest.approx(once, abs=1e-12)
    apart = interval([resample((repeated,), np.arange(2400), np.mean)])
    assert (once[1] - once[0]) / (apart[1] - apart[0]) == pytest.approx(np.sqrt(8), rel=0.15)


def test_clusters_of_unequal_size_against_brute_force() -> None:
    values, references = np.array([1.0, 2.0, 4.0, 8.0, 16.0]), np.array([7, 3, 7, 9, 3])
    found = resample((values,), references, np.sum)
    rng = np.random.default_rng(20180111)
    groups = [values[references == number] for number in (3, 7, 9)]
    expected = [sum(groups[one].sum() for one in rng.integers(0, 3, 3)) for _ in range(found.size)]
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(mean_by(references, values), [9.0, 2.5, 8.0])

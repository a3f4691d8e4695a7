"""How many images show a difference: the power of the signed-rank test, by simulation.

Differences of two methods over images are taken as normal with the measured mean and standard deviation; how
many images the test needs then depends only on their ratio.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from srbench.statistics.pairs import EXACT_UP_TO, sign_counts

SIMULATIONS = 1000
MOST_IMAGES = 1000
WANTED = 0.8
SEED = 0


def signed_rank_power(effect: float, images: int, level: float) -> float:
    """The chance that the two-sided signed-rank test of so many images gives p < `level`, where differences
    are normal with the mean `effect` in standard deviations."""
    sums = _sums(images, abs(float(effect)))
    reach = largest_sum(images, level)
    return float((np.minimum(sums, images * (images + 1) / 2 - sums) <= reach).mean())


def images_needed(effect: float, level: float, wanted: float = WANTED) -> int | None:
    """The fewest images with that power, None where it takes more than `MOST_IMAGES`."""
    from scipy.special import ndtri

    # What a test of the mean needs by the normal approximation is near: the search is around it.
    near = ((float(ndtri(1 - level / 2)) + float(ndtri(wanted))) / effect) ** 2 if effect else math.inf
    if not near < 2 * MOST_IMAGES:
        return None
    below, enough = int(near / 2), min(MOST_IMAGES, int(2 * near) + 20)
    if signed_rank_power(effect, enough, level) < wanted:
        return None
    below = below if below and signed_rank_power(effect, below, level) < wanted else 0
    while enough - below > 1:
        middle = (below + enough) // 2
        if signed_rank_power(effect, middle, level) >= wanted:
            enough = middle
        else:
            below = middle
    return enough


@lru_cache(maxsize=4096)
def largest_sum(images: int, level: float) -> float:
    """The largest smaller rank sum with p < `level` over so many distinct differences, -1 where there is
    none."""
    if images <= EXACT_UP_TO:
        counts = np.cumsum(sign_counts(np.arange(1, images + 1)))
        return float(np.searchsorted(2.0 * counts / 2.0**images, level, side="left")) - 1
    from scipy.special import ndtri

    mean = images * (images + 1) / 4
    deviation = math.sqrt(images * (images + 1) * (2 * images + 1) / 24)
    return math.ceil(mean + float(ndtri(level / 2)) * deviation) - 1.0


def _sums(images: int, effect: float) -> np.ndarray:
    """Sums of positive ranks in `SIMULATIONS` draws; the same draws for every effect."""
    rng = np.random.default_rng([SEED, images])
    found = np.empty(SIMULATIONS)
    step = max(1, 1_000_000 // images)
    for start in range(0, SIMULATIONS, step):
        drawn = rng.normal(effect, 1.0, (min(step, SIMULATIONS - start), images))
        ranks = np.argsort(np.argsort(np.abs(drawn), axis=1), axis=1) + 1
        found[start : start + step] = (ranks * (drawn > 0)).sum(axis=1)
    return found

"""`srbench study plan`: how many raters and images show a difference, by simulation.

The difference that rater r sees between two methods on image i is d + u_r + v_i + e: raters differ in how
much they care, images in how much they show, and no rating is repeated exactly. A study succeeds when the 95%
interval over raters and images (`srbench.statistics.crossed`) leaves out "no difference".
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from srbench.core.records import SILENT, Progress, UsageError, UserError
from srbench.statistics.crossed import crossed_mean
from srbench.studies.people.database import Study
from srbench.studies.people.responses import opinions

SIMULATIONS = 400
SEED = 0


@dataclass(frozen=True)
class Spread:
    """Standard deviations of a difference between two methods: between raters, between images, and of single
    ratings beside both; in points of the scale, or for choices in log-odds (where `rest` is not used)."""

    raters: float
    images: float
    rest: float


@dataclass(frozen=True)
class Plan:
    """The power of one size of study."""

    raters: int
    images: int
    repeats: int
    power: float


def plans(
    difference: float,
    spread: Spread,
    raters: Sequence[int],
    images: Sequence[int],
    repeats: int,
    *,
    choices: bool,
    progress: Progress = SILENT,
) -> list[Plan]:
    """The power of every combination; for `choices` the difference is the share of votes, such as 0.6."""
    if choices and not 0.5 < difference < 1:
        raise UsageError("--difference of a 2afc study is the share of votes for the better one: 0.5 to 1")
    if not choices and not 0 < difference <= 4:
        raise UsageError("--difference is in points of the scale 1 to 5: above 0, at most 4")
    if min(*raters, *images, repeats) < 1 or max(*raters, *images) < 2:
        raise UsageError("--raters and --images need numbers of 2 or more")
    made = []
    progress.begin(len(raters) * len(images))
    for r, i in itertools.product(sorted(raters), sorted(images)):
        made.append(Plan(r, i, repeats, _power(difference, spread, r, i, repeats, choices)))
        progress.advance()
    return made


def _power(difference: float, spread: Spread, raters: int, images: int, repeats: int, choices: bool) -> float:
    rng = np.random.default_rng([SEED, raters, images, repeats])
    rater, image = (part.ravel() for part in np.indices((raters, images)))
    shown = 0
    for _ in range(SIMULATIONS):
        own = rng.normal(0, spread.raters, raters)[rater] + rng.normal(0, spread.images, images)[image]
        if choices:
            chance = 1 / (1 + np.exp(-(math.log(difference / (1 - difference)) + own)))
            seen = rng.binomial(repeats, chance) / repeats - 0.5
        else:
            seen = difference + own + rng.normal(0, spread.rest / math.sqrt(repeats), own.size)
        interval = crossed_mean(seen, rater, image).interval
        # Without an interval all saw the same: the difference, or that there is none.
        shown += (seen[0] if interval is None else interval[0]) > 0
    return shown / SIMULATIONS


def measured_spread(study: Study) -> Spread:
    """The spread of the differences between methods in a finished study of opinion scores: the variance
    components of raters x images tables, averaged over all pairs of methods and data sets."""
    if study.settings.design != "mos":
        raise UserError("--from needs a study of opinion scores")
    found = []
    for part in opinions(study, study.judged()):
        table = part.table(int(part.raters.max()) + 1)
        cube = table.reshape(table.shape[0], len(part.images), len(part.methods))
        for a, b in itertools.combinations(range(len(part.methods)), 2):
            gap = cube[..., a] - cube[..., b]
            complete = gap[~np.isnan(gap).any(axis=1)]
            if min(complete.shape) > 1:
                found.append(_components(complete))
    if not found:
        raise UserError(f"{study.folder} has no two raters who rated all images: nothing to measure")
    means = np.array(found).mean(axis=0)
    return Spread(*np.sqrt(np.maximum(means, 0.0)).tolist())


def _components(gap: np.ndarray) -> tuple[float, float, float]:
    """Variances of raters, images and the rest, from the mean squares of a two-way table."""
    raters, images = gap.shape
    by_rater, by_image = gap.mean(axis=1), gap.mean(axis=0)
    rest = gap - by_rater[:, None] - by_image[None, :] + gap.mean()
    residual = float((rest**2).sum()) / ((raters - 1) * (images - 1))
    return (
        float(by_rater.var(ddof=1)) - residual / images,
        float(by_image.var(ddof=1)) - residual / raters,
        residual,
    )


def counts(text: str, option: str) -> list[int]:
    """Whole numbers separated by commas."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() and 0 < int(part) <= 10_000 for part in parts):
        raise UsageError(f"{option} {text}: whole numbers separated by commas, such as 8,16,26")
    return [int(part) for part in parts]


def plan_text(found: list[Plan], difference: float, spread: Spread) -> str:
    """The power of each size as a table, and the smallest studies that reach 0.8."""
    raters, images = sorted({one.raters for one in found}), sorted({one.images for one in found})
    power = {(one.raters, one.images): one.power for one in found}
    lines = [
        f"power to show a difference of {difference:g} ({SIMULATIONS} simulations each; spread: raters "
        f"{spread.raters:.2f}, images {spread.images:.2f}, rest {spread.rest:.2f})",
        "raters \\ images " + "".join(f"{count:>7}" for count in images),
    ]
    lines += [
        f"{count:>15} " + "".join(f"{power[count, other]:>7.2f}" for other in images) for count in raters
    ]
    enough = sorted((one for one in found if one.power >= 0.8), key=lambda one: one.raters * one.images)
    if enough:
        best = enough[0]
        total = best.raters * best.images * best.repeats
        lines.append(
            f"fewest ratings with power 0.8: {best.raters} raters and {best.images} images ({total} a method)"
        )
    else:
        lines.append("no size reaches power 0.8: try more raters or images, or a larger difference")
    return "\n".join(lines) + "\n"

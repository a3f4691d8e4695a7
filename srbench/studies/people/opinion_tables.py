"""The tables of a study of opinion scores: MOS with intervals, tests, agreement and screening of raters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srbench.statistics.crossed import CrossedMean, Over, crossed_mean
from srbench.statistics.pairs import SIGNIFICANCE, holm, wilcoxon
from srbench.statistics.raters import (
    IntraclassCorrelation,
    Retest,
    Screened,
    intraclass,
    krippendorff_alpha,
    retest,
    screen,
)
from srbench.studies.people.records import SCALE
from srbench.studies.people.responses import Opinions

MOS_COLUMNS = (
    "dataset", "scale", "method", "mos", "low", "high", "deviation", "n", "raters", "images",
    *(f"score_{score}" for score in SCALE), "reported",
)  # fmt: skip
TEST_COLUMNS = (
    "dataset", "scale", "unit", "method_a", "method_b", "n", "mean_difference", "median_difference",
    "statistic", "p_value", "p_holm", "significant", "rank_biserial", "note",
)  # fmt: skip


@dataclass(frozen=True)
class MethodOpinion:
    """What raters said of one method on one data set; `counts` are the ratings 1 to 5."""

    method: str
    mean: CrossedMean
    deviation: float
    n: int
    raters: int
    images: int
    counts: tuple[int, ...]


@dataclass(frozen=True)
class OpinionTable:
    """One data set of a study of opinion scores."""

    opinions: Opinions
    methods: tuple[MethodOpinion, ...]
    tests: tuple[dict[str, Any], ...]
    alpha_ordinal: float
    alpha_interval: float
    correlation: IntraclassCorrelation | None
    retest: Retest | None


def opinion_table(opinions: Opinions, over: Over) -> OpinionTable:
    """All that is computed of one data set."""
    raters = int(opinions.raters.max()) + 1
    table = opinions.table(raters)
    present = table[~np.isnan(table).all(axis=1)]
    return OpinionTable(
        opinions=opinions,
        methods=tuple(method_opinions(opinions, over)),
        tests=tuple(_tests(opinions, table)),
        alpha_ordinal=krippendorff_alpha(present, "ordinal"),
        alpha_interval=krippendorff_alpha(present, "interval"),
        correlation=intraclass(present),
        retest=retest(opinions.first, opinions.again),
    )


def method_opinions(opinions: Opinions, over: Over) -> list[MethodOpinion]:
    """What raters said of each method."""
    return [_method(opinions, index, over) for index in range(len(opinions.methods))]


def _method(opinions: Opinions, index: int, over: Over) -> MethodOpinion:
    ratings, raters, images = opinions.of(index)
    return MethodOpinion(
        method=opinions.methods[index],
        mean=_within_scale(crossed_mean(ratings, raters, images, over=over)),
        deviation=float(ratings.std(ddof=1)) if ratings.size > 1 else math.nan,
        n=int(ratings.size),
        raters=int(np.unique(raters).size),
        images=int(np.unique(images).size),
        counts=tuple(int((ratings == score).sum()) for score in SCALE),
    )


def _within_scale(found: CrossedMean) -> CrossedMean:
    """No mean rating lies beyond the ends of the scale."""
    if found.interval is None:
        return found
    low, high = found.interval
    return replace(found, interval=(max(low, min(SCALE)), min(high, max(SCALE))))


def _tests(opinions: Opinions, table: np.ndarray) -> list[dict[str, Any]]:
    """Signed-rank tests of all pairs of methods, over ratings as SRGAN does, and over the images' means."""
    cube = table.reshape(table.shape[0], len(opinions.images), len(opinions.methods))
    with np.errstate(invalid="ignore"):
        count = (~np.isnan(cube)).sum(axis=0)
        means = np.where(count > 0, np.nansum(cube, axis=0) / np.maximum(count, 1), np.nan)
    pairs = list(itertools.combinations(range(len(opinions.methods)), 2))
    return [
        row
        for unit, values in (("rating", cube), ("image", means))
        for row in _corrected(opinions, [_pair(opinions, unit, values, a, b) for a, b in pairs])
    ]


def _pair(opinions: Opinions, unit: str, values: np.ndarray, a: int, b: int) -> dict[str, Any]:
    first, second = values[..., a].ravel(), values[..., b].ravel()
    both = ~np.isnan(first) & ~np.isnan(second)
    test = wilcoxon(first[both], second[both])
    return {
        "unit": unit,
        "method_a": opinions.methods[a],
        "method_b": opinions.methods[b],
        "n": test.n,
        "mean_difference": float((first[both] - second[both]).mean()) if both.any() else math.nan,
        "median_difference": test.median_difference,
        "statistic": test.statistic,
        "p_value": test.p_value,
        "rank_biserial": test.rank_biserial,
        "note": test.note,
    }


def _corrected(opinions: Opinions, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    corrected = holm([row["p_value"] for row in rows])
    place = {"dataset": opinions.dataset, "scale": opinions.scale}
    return [
        place | row | {"p_holm": p, "significant": p < SIGNIFICANCE}
        for row, p in zip(rows, corrected, strict=True)
    ]


def screened(parts: Sequence[Opinions]) -> dict[int, Screened]:
    """BT.500's screening over all data sets of a study, by rater."""
    raters = max(int(part.raters.max()) for part in parts) + 1
    table = np.concatenate([part.table(raters) for part in parts], axis=1)
    found = screen(table)
    return {slot: result for slot, result in enumerate(found) if result.ratings}


def mos_rows(table: OpinionTable, reported: dict[str, str]) -> list[dict[str, Any]]:
    """The rows of `mos.csv`; `reported` has what a paper prints, by method."""
    opinions = table.opinions
    rows = []
    for one in table.methods:
        low, high = one.mean.interval or (None, None)
        row = {
            "dataset": opinions.dataset,
            "scale": opinions.scale,
            "method": one.method,
            "mos": one.mean.mean,
            "low": low,
            "high": high,
            "deviation": one.deviation,
            "n": one.n,
            "raters": one.raters,
            "images": one.images,
            "reported": reported.get(one.method, ""),
        }
        rows.append(row | {f"score_{score}": one.counts[index] for index, score in enumerate(SCALE)})
    return rows


def image_rows(opinions: Opinions) -> list[dict[str, Any]]:
    """The mean of each version of each image: what metrics are compared with."""
    size = len(opinions.images) * len(opinions.methods)
    cell = opinions.image * len(opinions.methods) + opinions.method
    count = np.bincount(cell, minlength=size)
    total = np.bincount(cell, weights=opinions.rating, minlength=size)
    return [
        {
            "dataset": opinions.dataset,
            "scale": opinions.scale,
            "image": opinions.images[index // len(opinions.methods)],
            "method": opinions.methods[index % len(opinions.methods)],
            "mos": float(total[index] / count[index]),
            "n": int(count[index]),
        }
        for index in range(size)
        if count[index]
    ]

"""How far raters agree with each other and with themselves, and who answers unlike all others.

Tables are raters x items, float64, NaN where a rater did not rate an item.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from srbench.core.records import UserError
from srbench.statistics.pairs import PairedTest, wilcoxon

# ITU-R BT.500-14, annex 1 to part 1, section 2.3.1 (in BT.500-13: annex 2, section 2.3.1).
_NORMAL_KURTOSIS = (2.0, 4.0)
_NORMAL_REACH = 2.0
_OTHER_REACH = math.sqrt(20.0)
_OUTSIDE = 0.05
_ONE_SIDED = 0.3


def krippendorff_alpha(table: np.ndarray, level: Literal["nominal", "ordinal", "interval"]) -> float:
    """Krippendorff's alpha: 1 is full agreement, 0 what chance gives; NaN where nothing varies."""
    try:
        import krippendorff
    except ImportError:
        raise UserError("Krippendorff's alpha needs one more package: pip install 'srbench[study]'") from None
    present = table[~np.isnan(table)]
    shared = (~np.isnan(table)).sum(axis=0) > 1
    if np.unique(present).size < 2 or not shared.any():
        return math.nan
    return float(krippendorff.alpha(reliability_data=table, level_of_measurement=level))


@dataclass(frozen=True)
class IntraclassCorrelation:
    """Shrout and Fleiss's coefficients of a complete table: `single` of one rater, `average` of the mean of
    all, each with raters drawn from many and absolute agreement (2,1 and 2,k) or these raters only and
    consistency (3,1 and 3,k), or without telling raters apart (1,1 and 1,k)."""

    raters: int
    items: int
    icc11: float
    icc21: float
    icc31: float
    icc1k: float
    icc2k: float
    icc3k: float


def intraclass(table: np.ndarray) -> IntraclassCorrelation | None:
    """Intraclass correlations (Shrout and Fleiss, Psychological Bulletin 86, 1979) over the raters who rated
    every item; None for fewer than two of them, or two items."""
    complete = table[~np.isnan(table).any(axis=1)].T
    items, raters = complete.shape
    if items < 2 or raters < 2:
        return None
    mean = complete.mean()
    between = raters * float(((complete.mean(axis=1) - mean) ** 2).sum())
    judges = items * float(((complete.mean(axis=0) - mean) ** 2).sum())
    total = float(((complete - mean) ** 2).sum())
    if total == 0:
        return None
    bms = between / (items - 1)
    wms = (total - between) / (items * (raters - 1))
    jms = judges / (raters - 1)
    ems = (total - between - judges) / ((items - 1) * (raters - 1))
    return IntraclassCorrelation(
        raters=raters,
        items=items,
        icc11=_ratio(bms - wms, bms + (raters - 1) * wms),
        icc21=_ratio(bms - ems, bms + (raters - 1) * ems + raters * (jms - ems) / items),
        icc31=_ratio(bms - ems, bms + (raters - 1) * ems),
        icc1k=_ratio(bms - wms, bms),
        icc2k=_ratio(bms - ems, bms + (jms - ems) / items),
        icc3k=_ratio(bms - ems, bms),
    )


def _ratio(above: float, below: float) -> float:
    return above / below if below else math.nan


@dataclass(frozen=True)
class Screened:
    """What BT.500 counts for a rater: ratings far above (`high`) and far below (`low`) the mean."""

    high: int
    low: int
    ratings: int

    @property
    def rejected(self) -> bool:
        """Far too often, and on both sides: such ratings are erratic rather than severe or mild."""
        outside = self.high + self.low
        if not self.ratings or outside / self.ratings <= _OUTSIDE:
            return False
        return abs(self.high - self.low) / outside < _ONE_SIDED


def screen(table: np.ndarray) -> list[Screened]:
    """The observer screening of ITU-R BT.500, a result for each rater."""
    present = ~np.isnan(table)
    count = present.sum(axis=0)
    filled = np.where(present, table, 0.0)
    mean = filled.sum(axis=0) / np.maximum(count, 1)
    error = np.where(present, table - mean, 0.0)
    second, fourth = ((error**power).sum(axis=0) / np.maximum(count, 1) for power in (2, 4))
    deviation = np.sqrt((error**2).sum(axis=0) / np.maximum(count - 1, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        kurtosis = np.where(second > 0, fourth / second**2, 0.0)
    low, high = _NORMAL_KURTOSIS
    normal = (kurtosis >= low) & (kurtosis <= high)
    reach = np.where(normal, _NORMAL_REACH, _OTHER_REACH) * deviation
    usable = present & (deviation > 0)
    above = ((table >= mean + reach) & usable).sum(axis=1)
    below = ((table <= mean - reach) & usable).sum(axis=1)
    return [
        Screened(int(up), int(down), int(rated))
        for up, down, rated in zip(above, below, present.sum(axis=1), strict=True)
    ]


@dataclass(frozen=True)
class Retest:
    """Ratings of the same stimuli by the same raters, first and again.

    `same` is the share of equal ratings, `difference` the mean of again - first, `absolute` that of its size;
    `correlation` is Spearman's; `test` the signed-rank test that SRGAN's pilot study reports.
    """

    n: int
    same: float
    difference: float
    absolute: float
    correlation: float
    test: PairedTest


def retest(first: np.ndarray, again: np.ndarray) -> Retest | None:
    """How raters agree with themselves; None without repeated ratings."""
    if not first.size:
        return None
    from scipy import stats

    change = again - first
    varied = np.unique(first).size > 1 and np.unique(again).size > 1
    return Retest(
        n=first.size,
        same=float((change == 0).mean()),
        difference=float(change.mean()),
        absolute=float(np.abs(change).mean()),
        correlation=float(stats.spearmanr(first, again).statistic) if varied else math.nan,
        test=wilcoxon(again, first),
    )

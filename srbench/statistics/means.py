"""How the values of images become the value of a data set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

Aggregate = Literal["mean", "root-mean-square"]


def aggregate(values: Sequence[float], how: Aggregate) -> float:
    """The value of a data set from its images' values, at least one; infinite where one of them is.

    The root mean square is PIRM's for RMSE: the root of the mean over images of the squared error. NaN for
    the mean of values that are infinite to both sides.
    """
    if how == "root-mean-square":
        return math.sqrt(_mean([value * value for value in values]))
    if math.inf in values and -math.inf in values:
        return math.nan
    return _mean(values)


def _mean(values: Sequence[float]) -> float:
    try:
        return math.fsum(values) / len(values)
    except OverflowError:  # the sum is beyond the largest number, the mean is not
        return math.fsum(value / len(values) for value in values)

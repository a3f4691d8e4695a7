"""`srbench compare --power`: how many images would show the differences between methods."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from srbench.core.records import SILENT, Progress, UsageError
from srbench.report.comparison import Comparison, Comparisons, place_of
from srbench.statistics.pairs import SIGNIFICANCE
from srbench.statistics.power import MOST_IMAGES, SIMULATIONS, WANTED, images_needed, signed_rank_power

COLUMNS = ("data set", "metric", "A", "B", "A-B", "SD", "n", "power", f"images for {WANTED}")
EXPLAINED = (
    f"power: chance of p < {SIGNIFICANCE:g} over so many other images like these, by the two-sided "
    "signed-rank test at the level that Holm's correction gives the first of the pairs of a data set and "
    f"metric; {SIMULATIONS} simulations of normal differences with this mean and standard deviation."
)


@dataclass(frozen=True)
class Power:
    """Two methods on one metric: the difference that is asked about, the measured standard deviation of the
    images' differences, the power of the run's n images, and how many images have a power of 0.8 (None:
    more than there are data sets of). `reason` says why there is none."""

    row: dict[str, str]
    difference: float
    deviation: float
    n: int
    power: float | None
    needed: int | None
    reason: str = ""

    def cells(self) -> list[str]:
        """The row as printed."""
        needed = self.reason or (str(self.needed) if self.needed else f"more than {MOST_IMAGES}")
        numbers = [
            f"{value:.4g}" if math.isfinite(value) else "–" for value in (self.difference, self.deviation)
        ]
        return [
            *self.row.values(),
            *numbers,
            str(self.n),
            "–" if self.power is None else f"{self.power:.2f}",
            needed,
        ]


def powers(found: Comparisons, difference: float | None, *, progress: Progress = SILENT) -> list[Power]:
    """The power of each pair; `difference` is asked about in the place of the measured one."""
    if difference is not None and not 0 < abs(difference) < math.inf:
        raise UsageError("--difference is a number in the metric's unit other than 0")
    pairs = Counter(place_of(pair.row) for pair in found.pairs if pair.row["n"])
    progress.begin(len(found.pairs))
    made = []
    for pair in found.pairs:
        made.append(_power(pair, difference, SIGNIFICANCE / max(1, pairs[place_of(pair.row)])))
        progress.advance()
    return made


def _power(pair: Comparison, asked: float | None, level: float) -> Power:
    row = pair.row
    names = {
        "place": f"{row['dataset']} ×{row['scale']} {row['protocol']}",
        "metric": row["metric"],
        "method_a": row["method_a"],
        "method_b": row["method_b"],
    }
    n, mean, deviation = len(pair.differences), pair.mean, pair.deviation
    difference = mean if asked is None else asked
    if not (math.isfinite(difference) and math.isfinite(deviation)):
        return Power(names, difference, deviation, n, None, None, "no finite spread")
    if deviation == 0:
        return Power(names, difference, deviation, n, None, None, "the difference is the same on all images")
    effect = difference / deviation
    return Power(
        names, difference, deviation, n, signed_rank_power(effect, n, level), images_needed(effect, level)
    )

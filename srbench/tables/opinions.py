"""What people said of the methods of a data set, as a column of its leaderboard beside the metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from srbench.statistics.intervals import Interval
from srbench.tables.boards import Board, MetricInfo

MOS_UNIT = "1 to 5"
MOS = MetricInfo("mos", "MOS", MOS_UNIT, higher_is_better=True, aggregate="mean", bounds=(1.0, 5.0))


@dataclass(frozen=True)
class Rated:
    """The mean opinion score of a method with its interval over raters and images; `counts` are the ratings
    from 1 to 5, `images` how many images were rated."""

    mean: float
    interval: Interval | None
    ratings: int
    raters: int
    images: int
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Opinions:
    """A study of one data set: `methods` by name, the mean of each version in `versions` by method and image,
    and `lines` that say where the numbers come from. Scale 0: the study does not say."""

    dataset: str
    scale: int
    methods: Mapping[str, Rated]
    versions: Mapping[tuple[str, str], float]
    lines: tuple[str, ...]


def with_opinions(board: Board, opinions: Opinions) -> Board:
    """The board with the study's own means in its column: they weigh all ratings alike, which the means over
    images do not where an answer is missing, and their intervals count raters too."""
    cells = dict(board.cells)
    for method, one in opinions.methods.items():
        if (method, MOS.name) in cells:
            cells[method, MOS.name] = replace(
                cells[method, MOS.name], value=one.mean, interval=one.interval, n=one.images
            )
    return replace(board, cells=cells, opinions=opinions)

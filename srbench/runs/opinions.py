"""Puts what people said of a run's images beside its metrics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace

from srbench.core.records import OK, Score, UserError
from srbench.runs.data import RunData
from srbench.tables.opinions import MOS, Opinions

_NOT_RATED = "not rated in the study"


def with_opinions(run: RunData, found: Iterable[Opinions]) -> RunData:
    """The run with a column of opinion scores in the leaderboards of the data sets that were rated.

    Refused where two studies rated the same data set, or a study rated what the run does not have.
    """
    placed = [_placed(run, one) for one in found]
    places = [(one.dataset, one.scale) for one in placed]
    for dataset, scale in places:
        if places.count((dataset, scale)) > 1:
            raise UserError(f"two studies rated {dataset} ×{scale}, and MOS is one column: leave one out")
    if MOS.name in run.facts["metrics"]:
        raise UserError(f"the run has a metric of the name {MOS.name} already")
    fact = {**asdict(MOS), "order": len(run.facts["metrics"])}
    return replace(
        run,
        scores=run.scores + [row for one in placed for row in _rows(run, one)],
        facts=run.facts | {"metrics": run.facts["metrics"] | {MOS.name: fact}},
        opinions=tuple(placed),
    )


def _placed(run: RunData, opinions: Opinions) -> Opinions:
    """The opinions with their scale, after a look at whether the run has what they are of."""
    scales = {score.scale for score in run.scores if score.dataset == opinions.dataset}
    if opinions.scale:
        scales &= {opinions.scale}
    if len(scales) != 1:
        told = f"{opinions.dataset} ×{opinions.scale}" if opinions.scale else opinions.dataset
        has = ", ".join(sorted({f"{score.dataset} ×{score.scale}" for score in run.scores}))
        raise UserError(f"the study rated {told}, the run has {has}")
    (scale,) = scales
    of = [score for score in run.scores if (score.dataset, score.scale) == (opinions.dataset, scale)]
    for index, kind in ((0, "method"), (1, "image")):
        known = {(score.method, score.image)[index] for score in of}
        unknown = sorted({place[index] for place in opinions.versions} - known)
        if unknown:
            more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
            raise UserError(f"the study rated the {kind} {unknown[0]}{more}, which the run does not have")
    return replace(opinions, scale=scale)


def _rows(run: RunData, opinions: Opinions) -> list[Score]:
    """A row for each version of each protocol: its mean opinion, or that nobody was asked."""
    places = {
        (score.method, score.dataset, score.scale, score.protocol, score.image)
        for score in run.scores
        if (score.dataset, score.scale) == (opinions.dataset, opinions.scale)
    }
    return [
        Score(*place, MOS.name, value, _NOT_RATED if value is None else OK, 0.0)
        for place in sorted(places)
        for value in (opinions.versions.get((place[0], place[4])),)
    ]

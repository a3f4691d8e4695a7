"""The opinion scores of studies for leaderboards: checked to be of the very images that a run scored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from srbench.core.records import Pair, Unscorable, UserError
from srbench.images.codec import read_image
from srbench.images.pixels import as_rgb, pixel_hash
from srbench.runs.plan import output_path
from srbench.statistics.intervals import Interval
from srbench.studies.people.database import Study
from srbench.studies.people.opinion_tables import MethodOpinion, image_rows, method_opinions
from srbench.studies.people.records import Stimulus
from srbench.studies.people.responses import rated
from srbench.tables.opinions import Opinions, Rated


def study_opinions(studies: Iterable[Path], runs: Iterable[Path]) -> list[Opinions]:
    """The opinions of each data set of each study; refused where a run has other images than were shown."""
    folders = list(runs)
    found: list[Opinions] = []
    for folder in studies:
        with Study(folder) as study:
            found += _opinions(study, check_outputs(study, folders))
    return found


def _opinions(study: Study, checked: str) -> Iterator[Opinions]:
    name = study.folder.resolve().name
    for part in rated(study, "MOS"):
        methods = {one.method: _rated(one) for one in method_opinions(part, "both")}
        line = (
            f"MOS: study “{study.settings.title}” ({name}), {np.unique(part.raters).size} raters, "
            f"{_range(one.ratings for one in methods.values())} ratings a method from 1 (bad) to 5 "
            f"(excellent), {checked}; the mean of all ratings, its interval over raters and images"
        )
        versions = {(row["method"], row["image"]): row["mos"] for row in image_rows(part)}
        yield Opinions(part.dataset, part.scale, methods, versions, (line,))


def _rated(one: MethodOpinion) -> Rated:
    interval = None if one.mean.interval is None else Interval(*one.mean.interval, "crossed")
    return Rated(one.mean.mean, interval, one.n, one.raters, one.images, one.counts)


def _range(numbers: Iterable[int]) -> str:
    least, *rest = sorted(set(numbers))
    return f"{least} to {rest[-1]}" if rest else str(least)


def check_outputs(study: Study, folders: list[Path]) -> str:
    """Whether the images of runs are those that the study showed, in words; `UserError` where one is not."""
    hashes = study.meta("outputs")
    if not hashes:
        return "not checked against the images, of which the study keeps no hashes"
    seen = 0
    for stimulus in study.stimuli():
        expected = hashes.get(str(stimulus.number))
        if expected is None or stimulus.role != "test":
            continue
        for folder in folders:
            found = _hash(folder, stimulus)
            if found is None:
                continue
            if found != expected:
                raise UserError(
                    f"{study.folder} showed another image of {stimulus.method}, {stimulus.image} of "
                    f"{stimulus.dataset}, than {folder} has now: its opinions are of other outputs"
                )
            seen += 1
    if not seen:
        return "not checked against the images, which are not here"
    return f"{seen} images found to be those that were shown"


def _hash(folder: Path, stimulus: Stimulus) -> str | None:
    pair = Pair(stimulus.dataset, stimulus.image, stimulus.scale, Path(), None)
    path = output_path(folder, stimulus.method, pair)
    if not path.is_file():
        return None
    try:
        return pixel_hash(as_rgb(read_image(path)))
    except Unscorable as error:
        raise UserError(f"{path}: {error}") from None

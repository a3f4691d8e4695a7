"""The answers of a study as arrays, as the statistics take them. Examples and checks are not in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from srbench.core.records import UserError
from srbench.statistics.choices import Votes
from srbench.studies.people.database import Study
from srbench.studies.people.records import Judged, Stimulus

Place = tuple[str, str]  # data set and image


@dataclass(frozen=True)
class Opinions:
    """Ratings of one data set: arrays of equal length with the numbers of rater, image and method.

    `first` and `again` are the ratings of trials that came twice.
    """

    dataset: str
    scale: int
    methods: tuple[str, ...]
    images: tuple[str, ...]
    raters: np.ndarray
    image: np.ndarray
    method: np.ndarray
    rating: np.ndarray
    first: np.ndarray
    again: np.ndarray

    def table(self, raters: int) -> np.ndarray:
        """Raters x (image, method), NaN where there is no rating."""
        cells = np.full((raters, len(self.images) * len(self.methods)), np.nan)
        cells[self.raters, self.image * len(self.methods) + self.method] = self.rating
        return cells

    def of(self, method: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Ratings, raters and images of a method."""
        rows = self.method == method
        return self.rating[rows], self.raters[rows], self.image[rows]


@dataclass(frozen=True)
class Choices:
    """Votes of one data set; rankings are all the votes that they imply. `ranks` are the places of the
    versions in complete rankings of an image, raters x methods, one table an image."""

    dataset: str
    scale: int
    methods: tuple[str, ...]
    images: tuple[str, ...]
    votes: Votes
    first: np.ndarray
    again: np.ndarray
    ranks: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True)
class Check:
    """What a rater did apart from the test: checks passed and asked, seconds of the median answer."""

    passed: int
    asked: int
    seconds: float | None


def rated(study: Study, use: str) -> list[Opinions]:
    """`opinions` of all answers; `UserError` for a study of another design, or without any answer.

    `use` is what needs them, for the message.
    """
    if study.settings.design != "mos":
        raise UserError(
            f"{study.folder} is a study of the design {study.settings.design}; {use} needs a study of "
            "opinion scores (mos)"
        )
    if not (parts := opinions(study, study.judged())):
        raise UserError(f"{study.folder} has no answers yet; show it to raters with: srbench study serve")
    return parts


def opinions(study: Study, judged: Iterable[Judged]) -> list[Opinions]:
    """The ratings of a study of opinion scores by data set."""
    stimuli = {one.number: one for one in study.stimuli()}
    rows: dict[str, list[tuple[int, Stimulus, int]]] = {}
    first: dict[tuple[int, int], int] = {}
    pairs: dict[str, list[tuple[int, int]]] = {}
    for one in judged:
        stimulus = stimuli[one.trial.stimuli[0]]
        value = int(one.answer.value)
        if one.trial.kind == "test":
            rows.setdefault(stimulus.dataset, []).append((one.slot, stimulus, value))
            first[one.slot, one.position] = value
        elif one.trial.kind == "repeat" and one.trial.repeats is not None:
            earlier = first.get((one.slot, one.trial.repeats))
            if earlier is not None:
                pairs.setdefault(stimulus.dataset, []).append((earlier, value))
    return [_opinions(name, found, pairs.get(name, [])) for name, found in sorted(rows.items())]


def _opinions(dataset: str, rows: list[tuple[int, Stimulus, int]], pairs: list[tuple[int, int]]) -> Opinions:
    methods = tuple(sorted({stimulus.method for _, stimulus, _ in rows}))
    images = tuple(sorted({stimulus.image for _, stimulus, _ in rows}))
    method = {name: index for index, name in enumerate(methods)}
    image = {name: index for index, name in enumerate(images)}
    twice = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return Opinions(
        dataset=dataset,
        scale=rows[0][1].scale,
        methods=methods,
        images=images,
        raters=np.array([slot for slot, _, _ in rows]),
        image=np.array([image[stimulus.image] for _, stimulus, _ in rows]),
        method=np.array([method[stimulus.method] for _, stimulus, _ in rows]),
        rating=np.array([float(value) for _, _, value in rows]),
        first=twice[:, 0],
        again=twice[:, 1],
    )


def choices(study: Study, judged: Iterable[Judged]) -> list[Choices]:
    """The votes of a study of preferences or rankings by data set."""
    stimuli = {one.number: one for one in study.stimuli()}
    found: dict[str, list[tuple[int, list[Stimulus]]]] = {}
    first: dict[tuple[int, int], list[int]] = {}
    pairs: dict[str, list[bool]] = {}
    for one in judged:
        order = _order(one, study.settings.design)
        dataset = stimuli[order[0]].dataset
        if one.trial.kind == "test":
            found.setdefault(dataset, []).append((one.slot, [stimuli[number] for number in order]))
            first[one.slot, one.position] = order
        elif one.trial.kind == "repeat" and one.trial.repeats is not None:
            earlier = first.get((one.slot, one.trial.repeats))
            if earlier is not None:
                pairs.setdefault(dataset, []).append(earlier == order)
    return [_choices(name, rows, pairs.get(name, [])) for name, rows in sorted(found.items())]


def _order(judged: Judged, design: str) -> list[int]:
    """The stimuli of a trial, best first."""
    shown = judged.trial.stimuli
    if design == "2afc":
        side = int(judged.answer.value)
        return [shown[side], shown[1 - side]]
    return [shown[int(place)] for place in judged.answer.value.split(",")]


def _choices(dataset: str, rows: list[tuple[int, list[Stimulus]]], same: list[bool]) -> Choices:
    methods = tuple(sorted({one.method for _, order in rows for one in order}))
    images = tuple(sorted({order[0].image for _, order in rows}))
    method = {name: index for index, name in enumerate(methods)}
    image = {name: index for index, name in enumerate(images)}
    votes = [
        (slot, image[order[0].image], method[better.method], method[worse.method])
        for slot, order in rows
        for place, better in enumerate(order)
        for worse in order[place + 1 :]
    ]
    columns = np.array(votes).T
    complete: dict[str, list[list[int]]] = {}
    for _, order in rows:
        if len(order) == len(methods) > 2:
            rank = {one.method: place for place, one in enumerate(order, start=1)}
            complete.setdefault(order[0].image, []).append([rank[name] for name in methods])
    return Choices(
        dataset=dataset,
        scale=rows[0][1][0].scale,
        methods=methods,
        images=images,
        votes=Votes(*columns),
        first=np.ones(len(same)),
        again=np.array(same, dtype=np.float64),
        ranks=tuple(np.array(table, dtype=np.float64) for table in complete.values()),
    )


def checks(judged: Iterable[Judged]) -> dict[int, Check]:
    """By rater: attention checks and the time of an answer."""
    asked: dict[int, list[bool]] = {}
    times: dict[int, list[int]] = {}
    for one in judged:
        if one.trial.kind == "check":
            asked.setdefault(one.slot, []).append(one.answer.value == one.trial.expected)
        if one.answer.milliseconds is not None and one.trial.kind != "calibration":
            times.setdefault(one.slot, []).append(one.answer.milliseconds)
    return {
        slot: Check(
            sum(asked.get(slot, [])),
            len(asked.get(slot, [])),
            float(np.median(times[slot])) / 1000 if slot in times else None,
        )
        for slot in asked.keys() | times.keys()
    }

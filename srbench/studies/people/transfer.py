"""Answers as tidy tables: out of a study, into one from packed pages, and from other people's files."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srbench.core.files import cell_text, csv_text
from srbench.core.records import UsageError, UserError
from srbench.core.text import plain
from srbench.studies.people.answers import read_answer
from srbench.studies.people.database import FILE, Study
from srbench.studies.people.records import (
    SCALE,
    Design,
    Judged,
    OutOfTurn,
    Settings,
    Stimulus,
    Trial,
)

_PLACE = ("rater", "position", "kind", "repeats", "dataset", "image", "scale")
_TIMES = ("milliseconds", "screen")
# What a row answers, by design; a ranking has a row for each version.
COLUMNS: dict[Design, tuple[str, ...]] = {
    "mos": (*_PLACE, "method", "rating", *_TIMES),
    "2afc": (*_PLACE, "left", "right", "preferred", *_TIMES),
    "ranking": (*_PLACE, "method", "rank", *_TIMES),
}
_MARKS = {"rating": "mos", "preferred": "2afc", "rank": "ranking"}


def answers_csv(study: Study, *, identities: bool = False) -> str:
    """All answers, a row each. Raters are numbers; `identities` puts their labels, where they have one."""
    names = {
        rater.slot: rater.label if identities and rater.label else str(rater.slot + 1)
        for rater in study.raters()
    }
    stimuli = {one.number: one for one in study.stimuli()}
    design = study.settings.design
    rows = (row for judged in study.judged() for row in _rows(judged, names[judged.slot], stimuli, design))
    return csv_text(COLUMNS[design], rows)


def _rows(
    judged: Judged, rater: str, stimuli: dict[int, Stimulus], design: Design
) -> Iterator[dict[str, Any]]:
    shown = [stimuli[number] for number in judged.trial.stimuli]
    place = {
        "rater": rater,
        "position": judged.position + 1,
        "kind": judged.trial.kind,
        "repeats": "" if judged.trial.repeats is None else judged.trial.repeats + 1,
        "dataset": shown[0].dataset,
        "image": shown[0].image,
        "scale": shown[0].scale,
        "milliseconds": judged.answer.milliseconds,
        "screen": judged.answer.screen,
    }
    if design == "mos":
        yield place | {"method": shown[0].method, "rating": judged.answer.value}
    elif design == "2afc":
        chosen = shown[int(judged.answer.value)].method
        yield place | {"left": shown[0].method, "right": shown[1].method, "preferred": chosen}
    else:
        for rank, index in enumerate(judged.answer.value.split(","), start=1):
            yield place | {"method": shown[int(index)].method, "rank": rank}


def import_packed(study: Study, path: Path) -> tuple[int, int]:
    """Takes the answers that a packed page saved; gives how many are new and how many were there.

    Nothing is taken from a file that belongs to another study or rater; one that contradicts what is stored
    ends there.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        named, token, answers = found["study"], found["token"], found["answers"]
        given = [read_answer(one) for one in answers]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise UserError(f"{path} is no file of answers that a packed study saved") from None
    except UserError as error:
        raise UserError(f"{path} is damaged: {error}") from None
    rater = study.rater(token) if isinstance(token, str) else None
    if named != study.meta("study") or rater is None:
        raise UserError(f"{path} is not of this study ({study.folder}), or of none of its raters")
    new = 0
    study.consent(rater.slot)
    for position, answer in sorted(given, key=lambda one: one[0]):
        try:
            new += study.put_answer(rater.slot, position, answer)
        except OutOfTurn as error:
            told = (
                "another answer is stored" if error.stored is not None else "an answer before it is missing"
            )
            raise UserError(f"{path}, trial {position + 1}: {told}; {new} answers were taken") from None
    return new, len(given) - new


@dataclass(frozen=True)
class _Row:
    """A row of somebody's table."""

    line: int
    cells: dict[str, str]

    def get(self, path: Path, name: str) -> str:
        """A cell that has to be there."""
        value = plain(cell_text((self.cells.get(name) or "").strip()))
        if not value:
            raise UserError(f"{path}, line {self.line}: no {name}")
        return value


def import_table(path: Path, out: Path) -> Study:
    """Makes a study of somebody's ratings: a CSV file with the columns of `COLUMNS`, of which rater, image
    and the answer with its methods must be there. The answers are analysed as those of an own study."""
    design, rows = _read(path)
    if (out / FILE).exists():
        raise UserError(f"{out} holds a study already; give another --out")
    numbers: dict[tuple[str, str, str], Stimulus] = {}
    trials: dict[str, list[tuple[Trial, str]]] = defaultdict(list)
    positions: dict[str, dict[str, int]] = defaultdict(dict)
    for group in _grouped(path, design, rows):
        rater = group[0].get(path, "rater")
        trial, value = _trial(path, design, group, numbers)
        repeats = positions[rater].get((group[0].cells.get("repeats") or "").strip())
        positions[rater][(group[0].cells.get("position") or "").strip()] = len(trials[rater])
        trials[rater].append((Trial(trial.kind, trial.stimuli, 1, repeats=repeats), value))
    out.mkdir(parents=True, exist_ok=True)
    out.chmod(0o700)
    study = Study(out, make=True)
    settings = Settings(design, seed=0, raters=len(trials), title=path.stem, set_size=9)
    study.fill(settings, list(numbers.values()), {"run": path.name, "scale": 0}, planned=trials)
    return study


def _read(path: Path) -> tuple[Design, list[_Row]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            rows = [_Row(reader.line_num, row) for row in reader]
            names = reader.fieldnames or []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as CSV ({error})") from None
    found = [mark for mark in _MARKS if mark in names]
    if len(found) != 1 or not rows:
        raise UsageError(
            f"{path}: a table of ratings has one of the columns {', '.join(_MARKS)}, and a row for each "
            "answer; see: srbench study import --help"
        )
    design: Design = _MARKS[found[0]]  # type: ignore[assignment]
    needed = {"mos": ("method",), "2afc": ("left", "right"), "ranking": ("method", "position")}[design]
    missing = [name for name in ("rater", "image", *needed) if name not in names]
    if missing:
        raise UsageError(f"{path} has no column {', '.join(missing)}")
    return design, rows


def _grouped(path: Path, design: Design, rows: list[_Row]) -> list[list[_Row]]:
    """The rows of each answer: one, or all versions of a ranking."""
    if design != "ranking":
        return [[row] for row in rows]
    groups: dict[tuple[str, str], list[_Row]] = defaultdict(list)
    for row in rows:
        groups[row.get(path, "rater"), row.get(path, "position")].append(row)
    return list(groups.values())


def _trial(
    path: Path, design: Design, group: list[_Row], numbers: dict[tuple[str, str, str], Stimulus]
) -> tuple[Trial, str]:
    first = group[0]
    kind = (first.cells.get("kind") or "test").strip()
    if kind not in ("calibration", "test", "repeat", "check"):
        raise UserError(f"{path}, line {first.line}: no kind '{kind}'")
    methods = (
        [first.get(path, "left"), first.get(path, "right")]
        if design == "2afc"
        else [row.get(path, "method") for row in group]
    )
    stimuli = tuple(_stimulus(path, first, method, numbers) for method in methods)
    if len(set(stimuli)) < len(stimuli):
        raise UserError(f"{path}, line {first.line}: a version twice in one trial")
    return Trial(kind, stimuli, 1), _value(path, design, group, methods)  # type: ignore[arg-type]


def _value(path: Path, design: Design, group: list[_Row], methods: list[str]) -> str:
    first = group[0]
    if design == "mos":
        value = first.get(path, "rating")
        if value not in {str(score) for score in SCALE}:
            raise UserError(f"{path}, line {first.line}: a rating is a whole number from 1 to 5, not {value}")
        return value
    if design == "2afc":
        preferred = first.get(path, "preferred")
        if preferred not in methods:
            raise UserError(f"{path}, line {first.line}: preferred is neither left nor right")
        return str(methods.index(preferred))
    ranks = {row.get(path, "rank"): index for index, row in enumerate(group)}
    if set(ranks) != {str(rank) for rank in range(1, len(group) + 1)}:
        raise UserError(f"{path}, line {first.line}: ranks of a trial are 1 to {len(group)}, each once")
    return ",".join(str(ranks[str(rank)]) for rank in range(1, len(group) + 1))


def _stimulus(path: Path, row: _Row, method: str, numbers: dict[tuple[str, str, str], Stimulus]) -> int:
    place = ((row.cells.get("dataset") or "").strip(), row.get(path, "image"), method)
    scale = (row.cells.get("scale") or "0").strip()
    if place not in numbers:
        numbers[place] = Stimulus(
            len(numbers) + 1,
            method,
            place[0],
            place[1],
            int(scale) if re.fullmatch("[0-9]{1,3}", scale) else 0,
            "test",
            "",
            0,
            0,
        )
    return numbers[place].number


def import_files(files: list[Path], out: Path) -> Iterator[str]:
    """Takes packed answers into a study, or one table as a new study; says what it took."""
    tables = [path for path in files if path.suffix.lower() == ".csv"]
    if tables:
        if len(files) > 1:
            raise UsageError(
                "one table at a time: join the tables, so that the column rater tells raters apart"
            )
        with import_table(tables[0], out) as study:
            count = len(study.judged())
            yield f"{count} answers of {len(study.raters())} raters; next: srbench study analyze {out}"
        return
    with Study(out) as study:
        for path in files:
            new, known = import_packed(study, path)
            yield f"{path}: {new} new answers, {known} that were there already"

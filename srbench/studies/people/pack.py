"""The same study as one static folder: for a file share or any web host, without a server.

A rater's link is `index.html#<token>`; the plan of a token is a script of that name, so a rater needs the
link to see a plan. Pictures have random names that are not those of the study's folder, and what comes twice
(repeats, or the original beside and among what is judged) has two names. The key stays in the database.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from pathlib import Path

from srbench.core.files import write_csv, write_text
from srbench.core.records import UserError
from srbench.studies.people.database import Study
from srbench.studies.people.pictures import FOLDER
from srbench.studies.people.records import Rater, Stimulus, Trial
from srbench.studies.people.server import asset, page
from srbench.studies.people.shown import REFERENCE, shown_trial, study_texts

LINKS = "links.csv"


class _Names:
    """The packed names of pictures: one by stimulus and the part that it plays."""

    def __init__(self, study: Study, out: Path) -> None:
        self._study = study
        self._out = out
        self._names: dict[tuple[int, str], str] = {}

    def address(self, stimulus: Stimulus, part: str) -> str:
        """The path of a picture in the pack; the file is written on the first use."""
        place = (stimulus.number, part)
        if place not in self._names:
            self._names[place] = f"{secrets.token_hex(12)}.png"
            target = self._out / FOLDER / self._names[place]
            shutil.copyfile(self._study.folder / FOLDER / stimulus.file, target)
            os.utime(target, (0, 0))
        return f"{FOLDER}/{self._names[place]}"


def pack(study: Study, out: Path) -> Path:
    """Writes the folder; returns the list of links, which is written beside it and not into it."""
    if study.settings.open_enrolment:
        raise UserError("a packed study has a link for each rater: make the study without --open")
    if any(not one.file for one in study.stimuli()):
        raise UserError(f"{study.folder} was imported as a table and has no pictures to show")
    if out.exists() and any(out.iterdir()):
        raise UserError(f"{out} is not empty; give another --out")
    for name in ("assets", "plans", FOLDER):
        (out / name).mkdir(parents=True, exist_ok=True)
    names = _Names(study, out)
    texts = study_texts(study)
    raters = study.raters()
    for rater in raters:
        plan = {
            "study": study.meta("study"),
            "number": rater.slot + 1,
            "texts": texts,
            "trials": _plan(study, rater, names),
        }
        write_text(out / "plans" / f"{rater.token}.js", f"window.STUDY_PLAN = {_script(plan)};\n")
    for name in ("study.js", "packed.js", "study.css"):
        write_text(out / "assets" / name, asset(name))
    write_text(out / "index.html", page("assets/", ("packed.js", "study.js"), texts["title"]))
    links = out.parent / f"{out.name}-{LINKS}"
    rows = ({"rater": one.slot + 1, "link": f"index.html#{one.token}"} for one in raters)
    write_csv(links, ("rater", "link"), rows)
    links.chmod(0o600)
    return links


def _plan(study: Study, rater: Rater, names: _Names) -> list[dict[str, object]]:
    return [
        shown_trial(study, trial, position, _address(names, trial))
        for position, trial in enumerate(study.trials(rater.slot))
    ]


def _address(names: _Names, trial: Trial):  # type: ignore[no-untyped-def]
    def address(stimulus: Stimulus, _: int, name: str) -> str:
        part = REFERENCE if name == REFERENCE else "repeat" if trial.kind == "repeat" else "judged"
        return names.address(stimulus, part)

    return address


def _script(data: object) -> str:
    """JSON that is safe inside a script."""
    return json.dumps(data, ensure_ascii=True).replace("<", "\\u003c")

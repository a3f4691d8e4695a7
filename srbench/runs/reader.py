"""Reads a finished run from its files.

A run folder is `scores.csv` and `run.json`; where its store is there too, the table must be what the store
says, so that a table edited by hand is noticed.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from srbench.core.records import Score, UserError
from srbench.core.text import plain_values
from srbench.methods.renamed import name_today
from srbench.runs.data import KINDS, RunData
from srbench.runs.folder import no_run
from srbench.runs.scores_csv import describe, place, read_scores
from srbench.runs.store import FORMAT, Store
from srbench.runs.store_schema import STORE
from srbench.tables.boards import SetScore


def read_run(folder: Path) -> RunData:
    """A run from its files; one line where it is incomplete, of another format or edited by hand."""
    for name in ("scores.csv", "run.json"):
        if not (folder / name).is_file():
            if name == "scores.csv" and not (folder / STORE).is_file():
                raise UserError(no_run(folder))
            raise UserError(
                f"{folder} is not a finished run: it has no {name}; write it with: srbench table {folder}"
            )
    description = _description(folder / "run.json")
    scores = read_scores(folder / "scores.csv")
    if not scores:
        raise UserError(
            f"{folder / 'scores.csv'} has no rows; finish the run with: srbench run --out {folder}"
        )
    if (folder / STORE).is_file():
        _compare_with_store(folder, scores)
    old = description["methods"]
    today = {name: name_today(name, old) for name in {*old, *(score.method for score in scores)}}
    facts = {kind: description[kind] for kind in KINDS}
    return RunData(
        name=folder.resolve().name,
        scores=[replace(score, method=today[score.method]) for score in scores],
        facts=facts | {"methods": {today[name]: fact for name, fact in old.items()}},
        records=description["runs"],
        sets=tuple(_set_score(folder, one, today) for one in description.get("sets", [])),
    )


def _set_score(folder: Path, fact: dict[str, Any], today: dict[str, str]) -> SetScore:
    try:
        found = SetScore(**fact)
    except TypeError:
        raise UserError(f"{folder / 'run.json'} is damaged or was edited by hand (its sets)") from None
    return replace(found, method=today.get(found.method, found.method))


def _description(path: Path) -> dict[str, Any]:
    try:
        description = plain_values(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged or was edited by hand ({error})") from None
    if not isinstance(description, dict) or "format" not in description:
        raise UserError(f"{path} does not describe a run")
    if description["format"] != FORMAT:
        raise UserError(
            f"{path} has format {description['format']}, this srbench reads format {FORMAT}; run it again"
        )
    for kind in (*KINDS, "runs"):
        if not isinstance(description.get(kind), list if kind == "runs" else dict):
            raise UserError(f"{path} is damaged or was edited by hand (it has no {kind})")
    return description


def _compare_with_store(folder: Path, scores: list[Score]) -> None:
    with Store(folder, read_only=True) as store:
        stored = {place(score): (score.value, score.status) for score in store.results()}
    table = {place(score): (score.value, score.status) for score in scores}
    changed = sorted(where for where in stored.keys() | table.keys() if stored.get(where) != table.get(where))
    if changed:
        raise UserError(
            f"{folder / 'scores.csv'} is not what the run's store says ({len(changed)} rows differ, first "
            f"{describe(changed[0])}): edited by hand or out of date; write it again with: "
            f"srbench table {folder}"
        )

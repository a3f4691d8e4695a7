"""`srbench study analyze`: what the answers of a study say, as tables, figures and a page of text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srbench.core.figures import save, style
from srbench.core.files import file_name, write_csv, write_text
from srbench.core.records import UserError
from srbench.statistics.crossed import Over
from srbench.statistics.raters import Screened
from srbench.studies.people import figures
from srbench.studies.people.choice_tables import (
    PREFERENCE_COLUMNS,
    SCORE_COLUMNS,
    ChoiceTable,
    choice_table,
    score_rows,
)
from srbench.studies.people.database import Study
from srbench.studies.people.opinion_tables import (
    MOS_COLUMNS,
    TEST_COLUMNS,
    OpinionTable,
    image_rows,
    mos_rows,
    opinion_table,
    screened,
)
from srbench.studies.people.published import PREFERENCES, reported_mos
from srbench.studies.people.records import Judged
from srbench.studies.people.responses import Check, checks, choices, opinions
from srbench.studies.people.words import choice_text, opinion_text, raters_text

_RATER_COLUMNS = (
    "rater", "answers", "seconds", "checks_passed", "checks", "high", "low", "screened_out", "excluded",
)  # fmt: skip
IMAGE_COLUMNS = ("dataset", "scale", "image", "method", "mos", "n")


@dataclass(frozen=True)
class Analysis:
    """What was found; `text` is what `summary.md` says."""

    opinions: tuple[OpinionTable, ...]
    choices: tuple[ChoiceTable, ...]
    excluded: tuple[int, ...]
    files: tuple[Path, ...]
    text: str


def analyze(study: Study, out: Path, *, over: Over = "both", exclude_screened: bool = False) -> Analysis:
    """Analyses all answers and writes the results into `out`.

    Raters that BT.500 screens out are reported, and left out only on request.
    """
    judged = study.judged()
    if not any(one.trial.kind == "test" for one in judged):
        raise UserError(f"{study.folder} has no answers yet; show it to raters with: srbench study serve")
    found = _screened(study, judged)
    excluded = tuple(slot for slot, result in found.items() if exclude_screened and result.rejected)
    kept = [one for one in judged if one.slot not in excluded]
    if not any(one.trial.kind == "test" for one in kept):
        raise UserError("the screening leaves no rater; analyse without --exclude-screened")
    out.mkdir(parents=True, exist_ok=True)
    opinion_tables: list[OpinionTable] = []
    choice_tables: list[ChoiceTable] = []
    if study.settings.design == "mos":
        opinion_tables = [opinion_table(part, over) for part in opinions(study, kept)]
        files = _write_opinions(opinion_tables, out)
        text = opinion_text(opinion_tables, over)
    else:
        choice_tables = [choice_table(part, PREFERENCES) for part in choices(study, kept)]
        files = _write_choices(choice_tables, out)
        text = choice_text(choice_tables, study.settings.design)
    rows = _rater_rows(judged, checks(judged), found, excluded)
    files.append(write_csv(out / "raters.csv", _RATER_COLUMNS, rows))
    text = f"# {study.settings.title}\n\n{text}\n{raters_text(rows)}"
    files.append(write_text(out / "summary.md", text))
    return Analysis(tuple(opinion_tables), tuple(choice_tables), excluded, tuple(files), text)


def _screened(study: Study, judged: list[Judged]) -> dict[int, Screened]:
    if study.settings.design != "mos":
        return {}
    parts = opinions(study, judged)
    return screened(parts) if parts else {}


def _write_opinions(tables: list[OpinionTable], out: Path) -> list[Path]:
    rows = [
        row
        for table in tables
        for row in mos_rows(table, reported_mos(table.opinions.dataset, table.opinions.scale))
    ]
    tests = [row for table in tables for row in table.tests]
    images = [row for table in tables for row in image_rows(table.opinions)]
    written = [
        write_csv(out / "mos.csv", MOS_COLUMNS, rows),
        write_csv(out / "tests.csv", TEST_COLUMNS, tests),
        write_csv(out / "images.csv", IMAGE_COLUMNS, images),
    ]
    with style():
        return written + save(figures.distribution(tables), out / "distribution")


def _write_choices(tables: list[ChoiceTable], out: Path) -> list[Path]:
    written = [
        write_csv(out / "preferences.csv", PREFERENCE_COLUMNS, (row for t in tables for row in t.pairs)),
        write_csv(out / "scores.csv", SCORE_COLUMNS, (row for t in tables for row in score_rows(t))),
    ]
    return written + [
        path
        for table in tables
        for path in figures.scores(table, out / file_name(f"{table.choices.dataset or 'all'}_scores"))
    ]


def _rater_rows(
    judged: list[Judged], checked: dict[int, Check], found: dict[int, Screened], excluded: tuple[int, ...]
) -> list[dict[str, Any]]:
    counts: dict[int, int] = {}
    for one in judged:
        counts[one.slot] = counts.get(one.slot, 0) + 1
    rows = []
    for slot, count in sorted(counts.items()):
        check = checked.get(slot, Check(0, 0, None))
        result = found.get(slot)
        rows.append(
            {
                "rater": slot + 1,
                "answers": count,
                "seconds": check.seconds,
                "checks_passed": check.passed,
                "checks": check.asked,
                "high": result.high if result else None,
                "low": result.low if result else None,
                "screened_out": result.rejected if result else None,
                "excluded": slot in excluded,
            }
        )
    return rows

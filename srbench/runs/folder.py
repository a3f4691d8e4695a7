"""What a run folder says about itself, and its files."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from srbench.core.files import write_csv, write_text
from srbench.core.records import UserError
from srbench.runs.config import config_text
from srbench.runs.data import RunData
from srbench.runs.scores_csv import DURATION_COLUMNS, SCORE_COLUMNS, duration_rows, score_rows
from srbench.runs.store import FORMAT
from srbench.runs.store_schema import STORE
from srbench.tables.boards import Board
from srbench.tables.pirm import COLUMNS as PIRM_COLUMNS
from srbench.tables.pirm import pirm_markdown, pirm_rows
from srbench.tables.significance import SIGNIFICANCE_COLUMNS, significance
from srbench.tables.text import leaderboard_markdown, leaderboard_rows


def existing_run(folder: Path) -> Path:
    """The folder itself if it holds a run, else a `UserError`."""
    if not (folder / STORE).is_file():
        raise UserError(no_run(folder))
    return folder


def no_run(folder: Path) -> str:
    """The line for a path that is no run folder: what it is, and which folder may be meant."""
    hint = "srbench run makes run folders (runs/default, or that of --out)"
    if not folder.exists():
        return f"{folder}: no such folder; {hint}"
    if folder.is_file():
        meant = f"; give its folder {folder.parent}" if (folder.parent / STORE).is_file() else ""
        return f"{folder} is a file, not the folder of a run{meant}"
    below = sorted(str(path.parent) for path in folder.glob(f"*/{STORE}"))
    if below:
        hint = f"there are runs in {', '.join(below[:3])}{' …' * (len(below) > 3)}"
    return f"{folder} holds no run; {hint}"


def write_files(run: RunData, out: Path) -> list[Board]:
    """Writes `scores.csv`, `durations.csv`, the leaderboards, `significance.csv`, `run.json`, `run.toml`;
    returns the boards."""
    made = run.boards()
    write_csv(out / "scores.csv", SCORE_COLUMNS, score_rows(run.scores))
    write_csv(out / "durations.csv", DURATION_COLUMNS, duration_rows(run.scores))
    write_csv(out / "leaderboard.csv", *leaderboard_rows(made))
    challenge = pirm_rows(run.scores)
    write_text(out / "leaderboard.md", leaderboard_markdown(made) + pirm_markdown(challenge))
    if challenge:
        write_csv(out / "pirm.csv", PIRM_COLUMNS, (asdict(row) for row in challenge))
    tests = significance(run.scores, run.metrics(), run.references())
    write_csv(out / "significance.csv", SIGNIFICANCE_COLUMNS, tests)
    if config := config_text(run.records):
        write_text(out / "run.toml", config)
    description = {"format": FORMAT, **run.facts, "runs": run.records}
    if run.sets:
        description["sets"] = [asdict(one) for one in run.sets]
    write_text(out / "run.json", json.dumps(description, indent=1, ensure_ascii=False) + "\n")
    return made

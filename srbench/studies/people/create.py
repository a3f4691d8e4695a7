"""Makes a study folder from a run."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from srbench.core.records import SILENT, Progress, UserError
from srbench.studies.people.database import FILE, Study
from srbench.studies.people.design import trials_of
from srbench.studies.people.pictures import FOLDER, write
from srbench.studies.people.records import Settings, Stimulus
from srbench.studies.people.stimuli import Choice, collect

# What most screens have, less a margin.
_SCREEN = 1800


@dataclass(frozen=True)
class Created:
    """What `create` made, and what a researcher should know of it."""

    folder: Path
    stimuli: list[Stimulus]
    trials: int
    calibration: int
    remarks: list[str]


def create(
    choice: Choice,
    settings: Settings,
    out: Path,
    *,
    progress: Progress = SILENT,
) -> Created:
    """Writes the pictures and the database of a study; a folder that holds a study already is refused."""
    if (out / FILE).exists():
        raise UserError(f"{out} holds a study already; give another --out (its answers are kept)")
    if out.exists() and any(out.iterdir()):
        raise UserError(f"{out} is not empty; give another --out")
    pictures = collect(choice, settings)
    out.mkdir(parents=True, exist_ok=True)
    # The folder holds the key to the methods, the tokens and the answers: it is its owner's alone.
    out.chmod(0o700)
    try:
        written = write(pictures, out, crop=choice.crop, seed=settings.seed, progress=progress)
        stimuli = written.stimuli
        facts = {"run": choice.run.name, "scale": pictures[0].pair.scale, "outputs": written.sources}
        with Study(out, make=True) as study:
            study.fill(settings, stimuli, facts)
    except BaseException:
        shutil.rmtree(out / FOLDER, ignore_errors=True)
        for path in out.glob(f"{FILE}*"):
            path.unlink()
        raise
    trials = trials_of(stimuli, settings, 0)
    examples = sum(trial.kind == "calibration" for trial in trials)
    return Created(out, stimuli, len(trials), examples, _remarks(stimuli, settings))


def random_seed() -> int:
    """A seed that nobody knows before."""
    return secrets.randbits(48)


def read_instructions(path: Path | None) -> str:
    """The text of a file for raters, empty without one."""
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as text ({error})") from None


def _remarks(stimuli: list[Stimulus], settings: Settings) -> list[str]:
    """What the design lacks for the claims that are usually made from it."""
    remarks = []
    methods = {one.method for one in stimuli if one.role == "test"}
    if not any(one.role == "calibration" for one in stimuli):
        remarks.append("no calibration: raters see no examples of the ends of the scale first")
        if settings.checks:
            remarks.append("no attention checks: they are made of calibration images")
    if settings.design == "mos" and not {"nearest", "hr"} <= methods:
        absent = " and ".join(sorted({"nearest", "hr"} - methods))
        remarks.append(f"{absent} not rated: SRGAN's test had both ends of the scale among the versions")
    if settings.design == "ranking":
        longest = max((sum(1 for one in stimuli if one.role == "test" and one.source == source))
                      for source in {one.source for one in stimuli if one.role == "test"})  # fmt: skip
        if longest > settings.set_size:
            remarks.append(f"{longest} versions of an image are ranked in sets of {settings.set_size}")
    beside = (1 if settings.design == "mos" else 2) + settings.show_reference
    widest = beside * max(one.width for one in stimuli)
    if widest > _SCREEN:
        remarks.append(
            f"{beside} pictures side by side are up to {widest} pixels wide: consider --crop, as "
            "pictures are never scaled"
        )
    return remarks

"""What a rater's page is told: only own trials, and nothing from which the method of a picture follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srbench.studies.people.database import Study
from srbench.studies.people.records import SCALE, Rater, Stimulus, Trial

REFERENCE = "reference"

_INSTRUCTIONS = {
    "mos": "You will see one picture at a time. Rate its quality with a whole number from 1 (bad) to 5 "
    "(excellent): press a number key or a button. There are no right answers; go by your first impression.",
    "2afc": "You will see two versions of a picture side by side. Choose the better one: press the left or "
    "right arrow key, or tap on it. You have to choose, even where you can hardly see a difference.",
    "ranking": "You will see several versions of a picture. Put them in order, best first: press their "
    "numbers, or tap on them, from the best to the worst. Backspace takes the last one back.",
}
_WITH_REFERENCE = " The original picture is shown beside; judge how well the versions keep to it."
_CONSENT = (
    "Taking part is voluntary, and you can stop at any time by closing this page. What is stored: your "
    "answers, the time that each took, and the size and pixel ratio of your screen; no name, no address, no "
    "cookies."
)


def study_texts(study: Study) -> dict[str, Any]:
    """What every page of a study says."""
    settings = study.settings
    instructions = settings.instructions or _INSTRUCTIONS[settings.design]
    if settings.show_reference and not settings.instructions:
        instructions += _WITH_REFERENCE
    return {
        "title": settings.title,
        "design": settings.design,
        "instructions": instructions,
        "consent": _CONSENT,
        "contact": settings.contact,
        "scale": [[score, word] for score, word in SCALE.items()],
    }


def state(study: Study, rater: Rater) -> dict[str, Any]:
    """Where a rater stands: the next trial, and the one after it, so that its pictures can be fetched."""
    answered = study.answered(rater.slot)
    total = study.trial_count(rater.slot)
    phase = "done" if answered >= total else "trials" if rater.consented else "welcome"
    found: dict[str, Any] = {
        "phase": phase,
        "answered": answered,
        "total": total,
        "trial": None,
        "next": None,
    }
    if phase == "trials":
        for name, position in (("trial", answered), ("next", answered + 1)):
            trial = study.trial(rater.slot, position)
            if trial is not None:
                found[name] = shown_trial(study, trial, position)
    return found


def shown_trial(
    study: Study, trial: Trial, position: int, address: Callable[[Stimulus, int, str], str] | None = None
) -> dict[str, Any]:
    """One trial as the page gets it. Repeats and checks look like any other; examples say their answer.

    `address` gives the place of a picture from its stimulus, the position and its name in the trial.
    """
    stimuli = [study.stimulus(number) for number in trial.stimuli]
    place = address or _address
    return {
        "position": position,
        "block": trial.block,
        "images": [place(one, position, str(index)) for index, one in enumerate(stimuli)],
        "reference": None
        if trial.reference is None
        else place(study.stimulus(trial.reference), position, REFERENCE),
        "width": stimuli[0].width,
        "height": stimuli[0].height,
        "expected": trial.expected if trial.kind == "calibration" else None,
    }


def _address(_: Stimulus, position: int, name: str) -> str:
    return f"trials/{position}/{name}.png"


def picture(study: Study, rater: Rater, position: int, name: str) -> Stimulus | None:
    """The stimulus of a picture's address; None beyond the trial after the rater's next one."""
    if not rater.consented or position > study.answered(rater.slot) + 1:
        return None
    trial = study.trial(rater.slot, position)
    if trial is None:
        return None
    if name == REFERENCE:
        return None if trial.reference is None else study.stimulus(trial.reference)
    if not name.isdecimal() or not name.isascii() or int(name) >= len(trial.stimuli):
        return None
    return study.stimulus(trial.stimuli[int(name)])

"""What a rater does on a study's page, for the tests in a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from srbench.studies.people.database import Study

# What the page waits for after the trial at `last`: a button to go on, the end, or the next trial.
WAITS = """last => {
  const text = document.getElementById("text"), stage = document.getElementById("stage");
  if (!text.hidden) {
    const go = text.querySelector("#go");
    if (go) return go.disabled ? null : "go";
    return text.querySelector("h2") ? "done" : null;
  }
  const ready = stage.dataset.ready;
  return !stage.hidden && ready !== undefined && Number(ready) > last ? `trial ${ready}` : null;
}"""


def wait(page: Any, last: int) -> str:
    """What the page shows after the trial at `last`: "go", "done" or "trial" with its position."""
    return page.wait_for_function(WAITS, arg=last).json_value()  # type: ignore[no-any-return]


def rate(page: Any, answer: Callable[[Any, int], None], last: int = -1, until: int = 10**6) -> int:
    """Goes through a study by keyboard: Enter on text pages, `answer(page, position)` in trials, up to the
    trial `until` or the end; gives the last position that was answered."""
    while (found := wait(page, last)) != "done":
        if found == "go":
            page.keyboard.press("Enter")
            continue
        position = int(found.removeprefix("trial "))
        if position >= until:
            break
        answer(page, position)
        last = position
    return last


def give_opinion(page: Any, position: int) -> None:
    """The digit that an example asks for, else one that depends on the position."""
    expected = page.locator("#answers button.expected b")
    page.keyboard.press(expected.inner_text() if expected.count() else str(1 + position % 5))


def watched(context: Any) -> tuple[Any, list[str]]:
    """A page, and the list of what it complains of."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    return page, errors


def expected_answers(folder: Path, slot: int) -> dict[tuple[int, int], str]:
    """What `give_opinion` answers throughout, as the database has it."""
    with Study(folder) as study:
        return {
            (slot, position): trial.expected or str(1 + position % 5)
            for position, trial in enumerate(study.trials(slot))
        }

"""Checkpoints: written whole or not at all, read without running code, refused for another recipe."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from srbench.core.files import atomic_file
from srbench.core.records import UserError
from srbench.train.optimisation import learning_rate
from srbench.train.recipe import Recipe, completed

LAST = "last.ckpt"
BEST = "best.ckpt"
_VERSION = 2
# Settings that change no weights: a run may be continued with others.
_FREE = ("validate_every", "checkpoint_every", "summary", "chosen", "paper", "keep")
# Settings that make the learning rate's course: what is still to come of it may change.
_COURSE = ("iterations", "schedule", "milestones", "decay", "hold")

State = dict[str, Any]


@dataclass
class Progress:
    """Where a run stands: finished iterations, seconds spent, the best validation PSNR so far.

    `machines` are those that it ran on, with their threads and precision; `start` is what it began with.
    """

    iteration: int = 0
    seconds: float = 0.0
    best: float = float("-inf")
    best_iteration: int = 0
    accuracy: float = 0.0
    machines: list[str] = field(default_factory=list)
    start: str = ""


def save(path: Path, state: State) -> None:
    """Replaces the checkpoint; where that fails, the old one stays and a `UserError` says so."""
    try:
        with atomic_file(path) as temporary, temporary.open("wb") as stream:
            torch.save({"version": _VERSION, **state}, stream)
            stream.flush()
            os.fsync(stream.fileno())
    except (OSError, RuntimeError) as error:
        # Torch's writer reports that its file is out of step; what the system said stands behind that.
        cause = error.__context__ if isinstance(error.__context__, OSError) else error
        reason = getattr(cause, "strerror", None) or str(cause).strip().splitlines()[0]
        kept = "the older one is kept" if path.is_file() else "none was there before"
        raise UserError(f"the checkpoint {path} cannot be written ({reason}); {kept}") from None


def load(path: Path) -> State:
    """The content of a checkpoint; `UserError` where it is damaged or of another version."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load fails in as many ways as pickle and zipfile do
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
        raise UserError(f"{path} is not a readable checkpoint ({first}); delete it to start anew") from None
    if not isinstance(state, dict) or state.get("version") != _VERSION:
        raise UserError(f"{path} is not a checkpoint of this version; delete it to start anew")
    return state


def require_recipe(state: State, recipe: Recipe, path: Path) -> None:
    """`UserError` that names the first constant in which the checkpoint's recipe is another one.

    A run may be given more iterations, or an earlier end, where that leaves the rates so far as they were.
    """
    free = (*_FREE, *_COURSE) if _same_course(state, recipe) else _FREE
    # Compared as text: what was saved has gone through lists and tuples of its own.
    stored, wanted = (
        {name: _plain(value) for name, value in values.items() if name not in free}
        for values in (completed(state["recipe"]), recipe.as_dict())
    )
    for name, value in wanted.items():
        if stored.get(name) != value:
            raise UserError(
                f"{path} is of another recipe: {name} is {stored.get(name)} there and {value} here; choose "
                "another --out, or the same settings"
            )


def require_data(state: State, fingerprint: str, path: Path) -> None:
    """`UserError` where the checkpoint was trained on other images."""
    if state["data"] != fingerprint:
        raise UserError(
            f"{path} was trained on other images (fingerprint {state['data']} there, {fingerprint} here); "
            "choose another --out, or the same --data and test sets"
        )


def _same_course(state: State, recipe: Recipe) -> bool:
    """Whether every iteration that is done had the learning rate that the recipe gives it."""
    done = state["progress"]["iteration"]
    stored = completed(state["recipe"])
    before = replace(recipe, **{name: stored[name] for name in _COURSE})
    if any(_plain(getattr(before, name)) != _plain(getattr(recipe, name)) for name in _COURSE):
        rates = ((learning_rate(before, place), learning_rate(recipe, place)) for place in range(done))
        return done <= recipe.iterations and all(first == second for first, second in rates)
    return True


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_plain(part) for part in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_plain(part)}" for key, part in sorted(value.items())) + "}"
    return str(value)

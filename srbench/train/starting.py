"""Weights that a recipe starts from: another recipe's result or a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.records import UserError
from srbench.core.weights import load
from srbench.methods.files.checkpoints.fitting import load_into
from srbench.methods.trained import FILE, model_folders
from srbench.train.recipes import RECIPES

if TYPE_CHECKING:
    from torch import nn

    from srbench.train.recipe import Recipe

RUNS = Path("runs/train")
MODEL = "model"


def load_start(module: nn.Module, recipe: Recipe, start: str) -> None:
    """Fills the module from a safetensors file, a run's folder or a trained model's name.

    `UserError` in one line with the choices where there is none, or where it is of another network.
    """
    tensors, _ = load(find_start(recipe, start))
    load_into(module, tensors, start)


def find_start(recipe: Recipe, start: str) -> Path:
    """The file of weights that is meant."""
    given = Path(start).expanduser()
    if given.is_file():
        return given
    places = [given / MODEL / FILE, given / FILE]
    if start in RECIPES:
        places = [RUNS / start / MODEL / FILE, *(folder / start / FILE for folder in model_folders())]
    found = next((path for path in places if path.is_file()), None)
    if found is None:
        first = f"srbench train {start} first, " if start in RECIPES else ""
        raise UserError(
            f"{recipe.name} starts from the weights of {start}, which are not here; choose: {first}"
            "--start-from FILE (or the folder of a run), or --start-from none"
        )
    return found

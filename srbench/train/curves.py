"""The curves of a run: one CSV file that survives stops, and TensorBoard where it is installed."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.core.records import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from srbench.train.recipe import Recipe

FILE = "curve.csv"


def columns(recipe: Recipe) -> list[str]:
    """The columns of a recipe's curve."""
    terms = list(dict.fromkeys(term.kind for term in recipe.terms))
    adversary = ["discriminator", "accuracy"] if recipe.discriminator else []
    return [
        "iteration",
        "learning_rate",
        "loss",
        *terms,
        *adversary,
        "psnr_y",
        "images_per_second",
        "seconds",
    ]


class Curve:
    """Appends rows; what a stopped run wrote beyond its checkpoint is cut off first."""

    def __init__(self, folder: Path, recipe: Recipe, iteration: int) -> None:
        self._path = folder / FILE
        self._columns = columns(recipe)
        rows = [row for row in read(self._path) if int(row["iteration"]) <= iteration]
        self._write("w", rows, header=True)
        self._board = _board(folder / "tensorboard", iteration)

    def add(self, row: Mapping[str, float]) -> None:
        """One row; missing values stay empty."""
        shown: dict[str, Any] = {
            name: f"{value:.6g}" if isinstance(value, float) else value for name, value in row.items()
        }
        self._write("a", [shown], header=False)
        if self._board is not None:
            for name, value in row.items():
                if name != "iteration":
                    self._board.add_scalar(name, value, int(row["iteration"]))

    def close(self) -> None:
        """Ends the TensorBoard file."""
        if self._board is not None:
            self._board.close()

    def _write(self, mode: str, rows: list[dict[str, Any]], *, header: bool) -> None:
        try:
            with self._path.open(mode, newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(stream, self._columns, extrasaction="ignore", lineterminator="\n")
                if header:
                    writer.writeheader()
                writer.writerows(rows)
        except OSError as error:
            raise UserError(f"{self._path} cannot be written ({error.strerror})") from None


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a curve, none where there is no file."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return [row for row in csv.DictReader(stream) if (row.get("iteration") or "").isdigit()]


def _board(folder: Path, iteration: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=iteration + 1)

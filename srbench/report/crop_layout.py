"""Where the pieces of a comparison figure stand: the large picture left, crops in rows beside it."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

Box = tuple[int, int, int, int]  # x, y, width, height

BOX_COLOURS = ("#ff1f3d", "#0091ff", "#00b84a", "#ff9d00", "#b25cff")
# Inches: a crop's width, the gaps between columns and rows, a line of words, the least height.
_CELL, _GAP, _LINE, _LEAST = 1.3, 0.08, 0.125, 1.2
_LETTERS = 22  # of a line below a crop


@dataclass(frozen=True)
class Cell:
    """A whole picture that a crop is cut from, None for an empty place, and the words below the crop."""

    picture: np.ndarray | None
    words: str


@dataclass(frozen=True)
class Row:
    """Crops of one box at one scale; the title stands at their left."""

    title: str
    box: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class _Placed:
    """A crop at a column, its top so far below the first one's (inches)."""

    cell: Cell
    box: int
    title: str
    column: int
    top: float
    height: float


def grid(count: int, rows: int) -> tuple[int, int]:
    """Rows and columns of so many crops: the chosen number of rows, else the one with fewest empty places."""
    if rows:
        return rows, math.ceil(count / rows)
    fitting = [(n, math.ceil(count / n)) for n in (1, 2, 3, 4) if n <= count]
    wide = [(n, columns) for n, columns in fitting if columns <= 5] or fitting[-1:]
    return min(wide, key=lambda shape: (shape[0] * shape[1] - count, abs(shape[1] - 2 * shape[0])))


def compose(
    whole: np.ndarray, boxes: Sequence[Box], rows: Sequence[Row], words: str, wanted_rows: int
) -> Figure:
    """The figure, with `words` below `whole`; a single row is folded into `wanted_rows` (0 chooses)."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    if len(rows) == 1:
        folded, columns = grid(len(rows[0].cells), wanted_rows)
        cells = rows[0].cells
        rows = [Row("", rows[0].box, cells[n * columns : (n + 1) * columns]) for n in range(folded)]
    placed, height = _placed(rows, boxes)
    columns = max(one.column for one in placed) + 1
    tall = max(height, _LEAST)
    margin = 0.22 if any(row.title for row in rows) else 0.0
    # The large picture ends where the last crops do, above their words; it is no wider than all of them.
    wide = min(tall * whole.shape[1] / whole.shape[0], max(3.2, columns * _CELL))
    high = wide * whole.shape[0] / whole.shape[1]
    total = wide + margin + columns * (_CELL + _GAP)
    figure = Figure(figsize=(total, tall))
    left = figure.add_axes((0, 1 - high / tall, wide / total, high / tall))
    left.imshow(whole, aspect="auto")
    for index, (x, y, width, box_height) in enumerate(boxes):
        frame = Rectangle((x - 0.5, y - 0.5), width, box_height, fill=False, ec=_colour(index), lw=1.6)
        left.add_patch(frame)
    _finish(left, words, None)
    for one in placed:
        if one.cell.picture is None:
            continue
        x = (wide + margin + _GAP + one.column * (_CELL + _GAP)) / total
        axes = figure.add_axes((x, 1 - (one.top + one.height) / tall, _CELL / total, one.height / tall))
        bx, by, width, box_height = boxes[one.box]
        axes.imshow(
            one.cell.picture[by : by + box_height, bx : bx + width], interpolation="nearest", aspect="auto"
        )
        _finish(axes, one.cell.words, _colour(one.box))
        axes.set_ylabel(one.title, rotation=0, ha="right", va="center", labelpad=4)
    return figure


def _placed(rows: Sequence[Row], boxes: Sequence[Box]) -> tuple[list[_Placed], float]:
    """Every crop with its place, and the height of all down to the last crop's edge."""
    placed, top, height = [], 0.0, 0.0
    for row in rows:
        _, _, width, box_height = boxes[row.box]
        height = _CELL * box_height / width
        placed += [
            _Placed(cell, row.box, row.title if column == 0 else "", column, top, height)
            for column, cell in enumerate(row.cells)
        ]
        lines = max(len(_folded(cell.words).splitlines()) for cell in row.cells)
        top += height + (lines * _LINE + 0.1 if lines else _GAP)
    return placed, max(one.top + one.height for one in placed)


def _folded(words: str) -> str:
    """Names that are wider than a crop in several lines."""
    return "\n".join(
        part for line in words.splitlines() for part in textwrap.wrap(line, _LETTERS, break_on_hyphens=False)
    )


def _colour(box: int) -> str:
    return BOX_COLOURS[box % len(BOX_COLOURS)]


def _finish(axes: Any, words: str, frame: str | None) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(frame is not None)
        spine.set(edgecolor=frame, linewidth=1.2)
    axes.set_xlabel(_folded(words), labelpad=3, linespacing=1.1)

"""How figures look and are saved: one style, the same files, the same bytes for the same numbers."""

from __future__ import annotations

import contextlib
import re
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.core.files import atomic_file, write_csv

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which people with any kind of colour vision can tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#882255", "#6b5344")
_STYLE: dict[Any, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    # Letters stay letters, in SVG and in PDF.
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    # Names are text: a dollar sign must not start a formula.
    "text.parse_math": False,
    # The same scores give the same file.
    "svg.hashsalt": "srbench",
}
# Eight colours and seven marks have no common factor: 56 things that differ.
MARKS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", ":", "-.", (0, (5, 1)))
_MARGIN = 0.1  # inches
_KINDS: dict[str, dict[str, Any]] = {
    "svg": {"metadata": {"Date": None}},
    "pdf": {"metadata": {"CreationDate": None}},
    "png": {"dpi": 200},
}
# Where each format keeps what a picture shows.
_CAPTION_FIELDS = {"svg": "Description", "pdf": "Subject", "png": "Description"}
_CAPTION_SIZE = 0.8  # of the letters
_LETTER_WIDTH = 0.54  # of a letter's height, on average
SUFFIXES = (".svg", ".pdf", ".png", ".csv")


@dataclass(frozen=True)
class Drawn:
    """A figure, the numbers that it shows as rows of a table, and what a reader must know of them."""

    figure: Figure
    rows: Sequence[Mapping[str, object]] = ()
    caption: str = ""


def style(size: float = 9) -> AbstractContextManager[None]:
    """What figures are drawn within, with letters of `size` points."""
    import matplotlib as mpl

    return mpl.rc_context({"font.size": size, **_STYLE})


@contextlib.contextmanager
def missing_glyphs() -> Iterator[dict[str, None]]:
    """Collects the letters that the font lacks, of which matplotlib warns each time that they are drawn."""
    found: dict[str, None] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield found
    for warning in caught:
        if glyph := re.match(r"Glyph (\d+) .* missing from font", str(warning.message)):
            found[chr(int(glyph[1]))] = None
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure that no global state keeps alive."""
    from matplotlib.figure import Figure as NewFigure

    figure = NewFigure(figsize=(width, height))
    return figure, figure.add_subplot()


def look(index: int) -> tuple[str, str]:
    """Colour and mark of the thing at this place; 56 places differ."""
    return COLOURS[index % len(COLOURS)], MARKS[index % len(MARKS)]


def plain_logarithms(axis: Axis) -> None:
    """Numbers of a logarithmic axis as plain text: matplotlib's usual ones are formulas."""
    from matplotlib.ticker import LogFormatter

    class Plain(LogFormatter):
        """The usual choice of which numbers are shown, written as 0.003."""

        def __call__(self, x: float, pos: int | None = None) -> str:
            return f"{x:g}" if super().__call__(x, pos) else ""

    axis.set_major_formatter(Plain())
    axis.set_minor_formatter(Plain(labelOnlyBase=False, minor_thresholds=(1.5, 0.5)))


def stem_of(path: Path) -> Path:
    """The path that a user gave for a figure, without the suffix of one of its files."""
    return path.with_suffix("") if path.suffix in SUFFIXES else path


def save(drawn: Drawn, stem: Path, *, captioned: bool = True) -> list[Path]:
    """Writes a figure as `<stem>.svg`, `.pdf` and `.png`, and its numbers as `<stem>.csv`, each at every
    moment absent or complete.

    The caption stands below the figure unless it is not wanted there; the files' own descriptions keep it.
    """
    figure = drawn.figure
    _hold_layout(figure)
    if captioned and drawn.caption:
        _write_caption(figure, drawn.caption)
    # What "tight" would find out for each format anew, by drawing everything once more.
    box = figure.get_tightbbox().padded(_MARGIN)
    # A dot in the name is a part of it and no suffix.
    paths = []
    for kind, settings in _KINDS.items():
        path = stem.parent / f"{stem.name}.{kind}"
        said = {_CAPTION_FIELDS[kind]: drawn.caption} if drawn.caption else {}
        metadata = {**settings.get("metadata", {}), **said}
        with atomic_file(path) as temporary:
            figure.savefig(
                temporary, format=kind, bbox_inches=box, **{**settings, "metadata": metadata or None}
            )
        paths.append(path)
    if drawn.rows:
        columns = dict.fromkeys(name for row in drawn.rows for name in row)
        paths.append(write_csv(stem.parent / f"{stem.name}.csv", columns, drawn.rows))
    return paths


def _hold_layout(figure: Figure) -> None:
    """Everything, legends too, stays where the layout has put it when what is saved is larger."""
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
    for legend in figure.legends:
        if legend.get_bbox_to_anchor() is figure.bbox:
            legend.set_bbox_to_anchor((0, 0, 1, 1), transform=figure.transFigure)


def _write_caption(figure: Figure, text: str) -> None:
    """Small letters below everything, in lines as wide as the figure."""
    import matplotlib as mpl

    size = _CAPTION_SIZE * mpl.rcParams["font.size"]
    box = figure.get_tightbbox()
    letters = max(30, int(box.width * 72 / (size * _LETTER_WIDTH)))
    width, height = figure.get_size_inches()
    figure.text(
        box.x0 / width, box.y0 / height - 0.08 / height, textwrap.fill(text, letters),
        fontsize=size, color="0.35", ha="left", va="top",
    )  # fmt: skip

"""How figures look and are saved: one style, the same files, the same bytes for the same numbers."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.core.files import atomic_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
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
_MARGIN = 0.1  # inches
_KINDS: dict[str, dict[str, Any]] = {
    "svg": {"metadata": {"Date": None}},
    "pdf": {"metadata": {"CreationDate": None}},
    "png": {"dpi": 200},
}


def style(size: float = 9) -> AbstractContextManager[None]:
    """What figures are drawn within, with letters of `size` points."""
    import matplotlib as mpl

    return mpl.rc_context({"font.size": size, **_STYLE})


def new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure that no global state keeps alive."""
    from matplotlib.figure import Figure as NewFigure

    figure = NewFigure(figsize=(width, height))
    return figure, figure.add_subplot()


def save(figure: Figure, stem: Path) -> list[Path]:
    """Writes a figure as `<stem>.svg`, `.pdf` and `.png`, each at every moment absent or complete."""
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()
    # What "tight" would find out for each format anew, by drawing everything once more.
    box = figure.get_tightbbox().padded(_MARGIN)
    # A dot in the name is a part of it and no suffix.
    paths = []
    for kind, settings in _KINDS.items():
        path = stem.parent / f"{stem.name}.{kind}"
        with atomic_file(path) as temporary:
            figure.savefig(temporary, format=kind, bbox_inches=box, **settings)
        paths.append(path)
    return paths

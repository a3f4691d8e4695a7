"""Text: what makes names plain in Markdown and LaTeX, digits of values, remarks to the user."""

from __future__ import annotations

import re

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "–": "--",
    "∞": r"$\infty$",
    "×": r"$\times$",
    "≈": r"$\approx$",
    "≠": r"$\neq$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "−": "$-$",
}
_MARKDOWN = re.compile(r"([\\`*_\[\]|~])")


def latex(text: str) -> str:
    """Text that LaTeX prints as it is."""
    return "".join(_LATEX.get(character, character) for character in " ".join(text.split()))


def markdown(text: str) -> str:
    """Text that Markdown shows as it is, also inside a table; HTML in it stays text."""
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(r"\\\1", plain)


def markdown_row(cells: list[str]) -> str:
    """A row of a Markdown table from cells that are Markdown already."""
    return f"| {' | '.join(cells)} |\n"


def first_line(error: Exception) -> str:
    """The first line of an error's text, or its kind where it has none."""
    text = str(error).strip().splitlines()
    return text[0][:200] if text else type(error).__name__


# Gram distances lie between 1e-8 and 1e-4: with a fixed number of decimals most of them would be 0.
SMALL = 1e-3


def rounded(value: float, digits: int) -> str:
    """`value` with so many decimals; with so many significant digits where it is nearer to 0 than `SMALL`."""
    if 0 < abs(value) < SMALL:
        return f"{value:#.{digits}g}"
    return f"{value:.{digits}f}"


def remark(text: str) -> None:
    """Prints `text` as it is."""
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)

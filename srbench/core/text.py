"""Names come from users' folders: what makes them plain text in Markdown and LaTeX."""

from __future__ import annotations

import hashlib
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


def file_name(name: str) -> str:
    """The name itself where it is fit for a file; else unfit characters become `_` and a hash of the name
    tells different names apart."""
    safe = re.sub(r"[^\w@+.,=() -]", "_", name)[:100]
    if name and safe == name and not name.startswith("."):
        return name
    return f"{safe.lstrip('.')}~{hashlib.sha256(name.encode()).hexdigest()[:8]}"

"""Text: lists of names, what makes names plain in Markdown and LaTeX, digits of values, remarks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from srbench.core.records import UsageError

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


# A comma that no closing bracket follows before an opening one.
_COMMA = re.compile(r",(?![^(\[]*[)\]])")
_OPTION = re.compile(r"[a-z_]+=")
_BLEND = "mix:"


def split_names(text: str, option: str = "") -> list[str]:
    """The names of a comma-separated list, each once, in order.

    A comma does not separate inside brackets, before a further option of a name
    (`FILE:scale=4,range=255`), or between the two parts of a blend (`mix:A,B@0.5`). With the name of an
    `option`, an empty list is a `UsageError`.
    """
    names: list[str] = []
    for part in split_parts(text):
        if names and names[-1].startswith(_BLEND) and len(split_parts(names[-1])) < 2:
            names[-1] += f",{part}"
        else:
            names.append(part)
    if option and not names:
        raise UsageError(f"{option} is empty; give names separated by commas")
    return list(dict.fromkeys(names))


def split_parts(text: str) -> list[str]:
    """The parts of a list or of a blend: options stay with the name that they belong to."""
    parts: list[str] = []
    for piece in (piece.strip() for piece in _COMMA.split(text)):
        if parts and _OPTION.match(piece) and re.search(rf":{_OPTION.pattern}", parts[-1]):
            parts[-1] += f",{piece}"
        elif piece:
            parts.append(piece)
    return parts


def latex(text: str) -> str:
    """Text that LaTeX prints as it is."""
    return "".join(_LATEX.get(character, character) for character in " ".join(text.split()))


def markdown(text: str) -> str:
    """Text that Markdown shows as it is, also inside a table; HTML in it stays text."""
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(r"\\\1", plain)


def markdown_row(cells: Iterable[str]) -> str:
    """A row of a Markdown table from cells that are Markdown already."""
    return f"| {' | '.join(cells)} |\n"


def markdown_head(cells: Sequence[str], *, left: int = 1) -> str:
    """The head of a Markdown table from cells that are Markdown already, all but the first `left` of them
    over numbers."""
    return markdown_row(cells) + markdown_row(["---"] * left + ["---:"] * (len(cells) - left))


def first_line(error: BaseException) -> str:
    """The first line of an error's text, or its kind where it has none."""
    text = str(error).strip().splitlines()
    return text[0][:200] if text else type(error).__name__


def network_reason(error: BaseException) -> str:
    """Why a download failed, in words instead of the chain of objects that libraries print."""
    names = {cause.__name__ for cause in type(error).__mro__}
    text = str(error)
    if "NameResolution" in text or "getaddrinfo" in text:
        return "its host is not found: there is no network, or no name service"
    if "Timeout" in text or any("Timeout" in name for name in names):
        return "no answer in time"
    if "ProxyError" in text:
        return "the proxy of this network refuses it"
    if "SSLError" in text:
        return "the certificate of the host is not accepted"
    if names & {"ConnectionError", "URLError"}:
        return "no connection"
    return first_line(error)


# Gram distances lie between 1e-8 and 1e-4: with a fixed number of decimals most of them would be 0.
SMALL = 1e-3


_FOLDERS = re.compile(r"(?<![\w.:/])/(?:[^/\s'\"(),;]+/)+(?=[^/\s])")


def without_folders(text: str) -> str:
    """The text with absolute paths cut to their last part: pages that travel tell no one's folders."""
    return _FOLDERS.sub("…/", text)


def duration(seconds: float) -> str:
    """A length of time as people say it: `40 seconds`, `12 minutes`, `3.5 hours`."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def rounded(value: float, digits: int) -> str:
    """`value` with so many decimals; with so many significant digits where it is nearer to 0 than `SMALL`."""
    if 0 < abs(value) < SMALL:
        return f"{value:#.{digits}g}"
    return f"{value:.{digits}f}"


def remark(text: str) -> None:
    """Prints `text` as it is."""
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)

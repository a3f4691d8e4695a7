"""Text: lists of names, errors in one line, lengths of time, remarks."""

from __future__ import annotations

import re

from srbench.core.records import UsageError

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


_FOLDERS = re.compile(r"(?<![\w.:/])/(?:[^/\s'\"(),;]+/)+(?=[^/\s])")


def without_folders(text: str) -> str:
    """The text with absolute paths cut to their last part: pages that travel tell no one's folders."""
    return _FOLDERS.sub("…/", text)


def duration(seconds: float) -> str:
    """A length of time as people say it: `40 seconds`, `12 minutes`, `3.5 hours`."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def remark(text: str) -> None:
    """Prints `text` as it is."""
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)

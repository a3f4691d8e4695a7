"""Edits of a good file's bytes, and what its reader may do with the result."""

from __future__ import annotations

import warnings
from pathlib import Path

from srbench.core.records import Unscorable, UserError
from srbench.core.text import plain
from tests.fuzz.files import Kind

Edit = tuple[str, int, bytes]
EDITS = ("set", "insert", "flip", "cut", "repeat")


def edited(content: bytes, edits: list[Edit]) -> bytes:
    """The content with edits, each at a place modulo its length."""
    data = bytearray(content)
    for kind, where, what in edits:
        place = where % (len(data) + 1)
        if kind == "set":
            data[place : place + len(what)] = what
        elif kind == "insert":
            data[place:place] = what
        elif kind == "flip" and place < len(data):
            data[place] ^= what[0]
        elif kind == "cut":
            del data[place:]
        elif kind == "repeat":
            data[place:place] = data[place : place + 64]
    return bytes(data)


def refusal_of(kind: Kind, path: Path) -> str:
    """What a file is refused with, nothing where it is read; AssertionError for anything but one plain line,
    and whatever else the reader raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kind.read(path)
    except (UserError, Unscorable) as error:
        refusal = str(error)
        assert refusal, "nothing is said"
        assert refusal.isprintable() or refusal == plain(refusal), refusal
        return refusal
    return ""

"""The paths inside names of methods, so that a name can be written relative to another folder."""

from __future__ import annotations

import re
from collections.abc import Callable

from srbench.core.registry import split_parts
from srbench.methods.catalogue import METHODS
from srbench.methods.combinations import SUFFIXES
from srbench.methods.files.model_method import is_function_name, is_model_name

_OUTPUTS = "outputs:"
_MIX = "mix:"
_FILES = re.compile(r"(?<=weights=)[^,]+")


def moved(name: str, move: Callable[[str], str]) -> str:
    """The name with `move` applied to every path in it; names without a path as they are."""
    if name in METHODS:
        return name
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            return moved(name.removesuffix(suffix), move) + suffix
    if name.startswith(_MIX):
        parts, at, alpha = name.removeprefix(_MIX).rpartition("@")
        return _MIX + ",".join(moved(part, move) for part in split_parts(parts)) + at + alpha
    if name.startswith(_OUTPUTS):
        return _OUTPUTS + move(name.removeprefix(_OUTPUTS))
    if is_function_name(name):
        return _FILES.sub(lambda found: move(found.group()), name)
    return move(name) if is_model_name(name) else name

"""Protocols by name, and those that users state in a TOML file of their own."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

from srbench.core.records import Degradation, UsageError
from srbench.images.pixels import GrayRule, LumaKind, Plane
from srbench.images.resize import Edges
from srbench.protocols import IN_16_BITS, PROTOCOLS, LpipsRegion, Protocol

_CHOICES: dict[str, tuple[str, ...]] = {
    "luma": get_args(LumaKind),
    "gray": get_args(GrayRule),
    "degradation": get_args(Degradation),
    "edges": get_args(Edges),
    "own_degradation": get_args(Degradation),
    "own_gray": get_args(GrayRule),
    "lpips_region": get_args(LpipsRegion),
    "plane": get_args(Plane),
}


_DECISIVE = ("border", "luma", "gray", "metrics", "degradation", "edges", "lpips_region")


_BORDER_OF_SCALE = re.compile(r"scale(\+(\d+))?")


def resolve(protocol: str | os.PathLike[str] | Protocol) -> Protocol:
    """A record as it is, a TOML file by its path, a registered one by its name; else a `UsageError`.

    The name of a registered one with `-16bit` behind it is that protocol measuring images of 16 bits.
    """
    if isinstance(protocol, Protocol):
        return protocol
    text = os.fspath(protocol)
    if text.lower().endswith(".toml"):
        return read_protocol(Path(text))
    if text.lower().endswith(IN_16_BITS):
        return PROTOCOLS.get(text[: -len(IN_16_BITS)]).in_bits(16)
    return PROTOCOLS.get(text)


def in_bits(protocol: str | os.PathLike[str] | Protocol, bits: int) -> Protocol:
    """The protocol measuring images of `bits` a channel; 0 leaves them as the protocol says."""
    if bits not in (0, 8, 16):
        raise UsageError(f"--bits is 8 or 16, not {bits}")
    found = resolve(protocol)
    return found.in_bits(16 if bits == 16 else 8) if bits else found


def read_protocol(path: Path) -> Protocol:
    """A user's protocol: a TOML file with the fields of `Protocol`, `version` left out.

    `like = "NAME"` takes those that are left out from a registered one; without it `border`, `luma`, `gray`,
    `metrics`, `degradation`, `edges` and `lpips_region` must be stated. The name is the file's `name` (else
    its stem) and the first eight digits of the hash: two files that say different things never share one.
    `UsageError`, naming the file and the field, for whatever cannot be understood.
    """
    said = _toml(path)
    like = said.pop("like", None)
    known = [each.name for each in fields(Protocol) if each.name != "version"]
    for name, value in said.items():
        if name not in known:
            near = difflib.get_close_matches(name, [*known, "like"], n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(['like', *known])}"
            raise UsageError(f"{path}: unknown field '{name}'; {hint}")
        said[name] = _checked(path, name, value)
    stated: dict[str, Any] = {
        "name": path.stem,
        "version": 1,
        "summary": f"as {path.name} says",
        "source": path.name,
    } | said
    if like is None:
        left_out = [name for name in _DECISIVE if name not in stated]
        if left_out:
            raise UsageError(f"{path}: {', '.join(left_out)} must be stated, or like = 'srbench'")
        made = Protocol(**stated)
    else:
        made = replace(PROTOCOLS.get(str(like)), **stated)
    return replace(made, name=f"{made.name}-{made.hash[:8]}")


def _toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--protocol {path} cannot be read: {error.strerror}") from None
    except ValueError as error:  # also text that is not UTF-8
        raise UsageError(f"{path} is not a TOML file: {error}") from None


def _checked(path: Path, name: str, value: object) -> object:
    """A field's value as the record has it."""
    if name in _CHOICES:
        wanted = " or ".join(_CHOICES[name])
        valid = value in _CHOICES[name]
    elif name == "border":
        wanted = "a whole number of pixels, 'scale' or 'scale+6'"
        number = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        valid = number or (isinstance(value, str) and _BORDER_OF_SCALE.fullmatch(value) is not None)
    elif name == "bits":
        wanted, valid = "8 or 16", value in (8, 16) and isinstance(value, int)
    elif name == "metrics":
        wanted = "a list of names"
        valid = isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)
        value = tuple(value) if isinstance(value, list) else value
    else:
        wanted = "a text"
        valid = isinstance(value, str) and value.strip() != ""
        if name == "name" and isinstance(value, str):
            wanted, valid = "letters, digits, '.', '_' and '-'", re.fullmatch(r"[\w.-]+", value) is not None
    if not valid:
        raise UsageError(f"{path}: {name} = {value!r}: {wanted} is needed")
    return value

"""One way to keep named records (explicit lists that refuse duplicates and suggest the nearest name), and to
read lists of their names."""

from __future__ import annotations

import difflib
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

from srbench.core.records import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")

# A comma that no closing bracket follows before an opening one.
_COMMA = re.compile(r",(?![^(\[]*[)\]])")
_QUOTED = re.compile(r'"([^"]*)"')
_QUOTED_COMMA = "\ue000"  # for private use: nobody's name has it
_OPTION = re.compile(r"[a-z_]+=")
_BLEND = "mix:"


class Registry(Generic[T]):
    """Records by name, in the order in which they were added.

    `kind` is the word of the messages ("method"). `group` names the entry-point group whose records are
    added on first use, None for registries that users do not extend: an entry point loads to one record
    or to an iterable of records, each with a `name` and of the class `record`.
    """

    def __init__(self, kind: str, *, group: str | None, record: type[T] | None = None) -> None:
        self._kind = kind
        self._group = group
        self._record = record
        self._records: dict[str, T] = {}
        self._other_names: dict[str, str] = {}
        self._plugged: set[str] = set()
        self._plugins_loaded = group is None

    def add(self, name: str, record: T, *, aliases: Iterable[str] = ()) -> None:
        """Adds one record, with the other names that people type for it; a taken name raises `ValueError`."""
        for taken in (name, *aliases):
            if taken.casefold() in self._other_names:
                raise ValueError(f"the {self._kind} '{taken}' is registered twice")
        self._records[name] = record
        self._other_names |= {each.casefold(): name for each in (name, *aliases)}

    @contextmanager
    def holding(self, *records: T) -> Iterator[None]:
        """With these records in the list until the block ends, each in the place of the one of its name: for
        tests of what users plug in."""
        self._load_plugins()
        before = self._records, self._other_names
        self._records, self._other_names = dict(self._records), dict(self._other_names)
        try:
            for record in records:
                name = _name_of(record)
                self._records[name] = record
                self._other_names[name.casefold()] = name
            yield
        finally:
            self._records, self._other_names = before

    def get(self, name: str) -> T:
        """The record of this name or alias, in upper or lower case; an unknown name is a `UsageError` that
        suggests the nearest ones."""
        if name not in self:
            raise UsageError(self._unknown(name))
        return self._records[self._other_names[name.casefold()]]

    def is_plugged(self, name: str) -> bool:
        """Whether the record of this name comes from an entry point, that is from the user's environment."""
        return name in self._plugged

    def names(self) -> list[str]:
        """All names, in order of registration."""
        self._load_plugins()
        return list(self._records)

    def __contains__(self, name: str) -> bool:
        self._load_plugins()
        return name.casefold() in self._other_names

    def __iter__(self) -> Iterator[T]:
        self._load_plugins()
        return iter(list(self._records.values()))

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(name.lower(), self._records, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(self._records)}"
        return f"unknown {self._kind} '{name}'; {hint}"

    def _load_plugins(self) -> None:
        if self._plugins_loaded:
            return
        self._plugins_loaded = True
        from importlib.metadata import entry_points

        for entry in entry_points(group=self._group or ""):
            try:
                loaded = entry.load()
                records: Iterable[T] = [loaded] if hasattr(loaded, "name") else list(loaded)
                for record in records:
                    if self._record is not None and not isinstance(record, self._record):
                        raise TypeError(f"{type(record).__name__} is not {self._record.__name__}")
                    name = _name_of(record)
                    self.add(name, record)
                    self._plugged.add(name)
            # A broken plugin must not take the package down with it, not even by sys.exit.
            except (Exception, SystemExit) as error:
                reason = " ".join(f"{type(error).__name__}: {error}".split())
                print(
                    f"srbench: the plugin '{entry.name}' ({entry.value}) of the group {self._group} does not "
                    f"load and is left out ({reason}); mend or uninstall it",
                    file=sys.stderr,
                )


def _name_of(record: object) -> str:
    return str(getattr(record, "name"))  # noqa: B009 - records of a registry have one, but no common class


def split_names(text: str, option: str = "") -> list[str]:
    """The names of a comma-separated list, each once, in order.

    A comma does not separate inside double quotes (`bicubic,"outputs:my, results"`), which are taken away,
    inside brackets, before a further option of a name (`FILE:scale=4,range=255`), or between the two parts of
    a blend (`mix:A,B@0.5`). With the name of an `option`, an empty list is a `UsageError`.
    """
    names: list[str] = []
    for part in split_parts(_QUOTED.sub(lambda found: found[1].replace(",", _QUOTED_COMMA), text)):
        if names and names[-1].startswith(_BLEND) and len(split_parts(names[-1])) < 2:
            names[-1] += f",{part}"
        else:
            names.append(part)
    if option and not names:
        raise UsageError(f"{option} is empty; give names separated by commas")
    return list(dict.fromkeys(name.replace(_QUOTED_COMMA, ",") for name in names))


def split_parts(text: str) -> list[str]:
    """The parts of a list or of a blend: options stay with the name that they belong to."""
    parts: list[str] = []
    for piece in (piece.strip() for piece in _COMMA.split(text)):
        if parts and _OPTION.match(piece) and re.search(rf":{_OPTION.pattern}", parts[-1]):
            parts[-1] += f",{piece}"
        elif piece:
            parts.append(piece)
    return parts

"""`run.toml`: the options of runs as a file, with the names that they have on the command line.

A file says what one run needs at its top, or several runs in tables `[[run]]`. Paths in it, also those inside
names such as `outputs:DIR`, are relative to the file.
"""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args

from srbench.core.records import UsageError
from srbench.core.registry import split_names
from srbench.datasets.folders import Inputs
from srbench.methods.places import moved
from srbench.runs.execute import Executor

_FOLDER = "folder:"
_HEAD = (
    "# What was run into this folder; `srbench run run.toml` does it again (add --out FOLDER to do it\n"
    "# elsewhere). Paths are relative to this file.\n"
)


@dataclass(frozen=True)
class Asked:
    """The options of `srbench run` as they are typed; a field `max_memory` is the option `--max-memory`."""

    methods: tuple[str, ...]
    datasets: tuple[str, ...]
    scale: tuple[int, ...]
    metrics: tuple[str, ...]
    protocol: str
    bits: int
    data_root: tuple[Path, ...]
    out: Path
    device: str
    max_memory: float
    workers: int
    executor: Executor
    address: str
    shard: str
    inputs: Inputs
    task_timeout: float
    task_memory: float
    strict: bool


def scales_of(text: str) -> tuple[int, ...]:
    """The scales of a list such as `2,3,4`; `UsageError` for what is none."""
    names = split_names(text, "--scale")
    wrong = [name for name in names if not name.isdecimal() or int(name) < 1]
    if wrong:
        raise UsageError(f"--scale takes positive whole numbers separated by commas, not {wrong[0]}")
    return tuple(int(name) for name in names)


def read_config(path: Path) -> list[dict[str, Any]]:
    """The options of each run that a file asks for, by the fields of `Asked`; paths as they are seen from
    here. `UsageError`, naming the file and the option, for whatever cannot be understood."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:  # also text that is not UTF-8
        raise UsageError(f"{path} is not a TOML file: {error}") from None
    several = said.pop("run", None)
    if several is not None and said:
        raise UsageError(f"{path}: {next(iter(said))} stands beside tables [[run]]; give it in each of them")
    tables = [said] if several is None else several
    if not isinstance(tables, list) or not all(isinstance(table, dict) and table for table in tables):
        raise UsageError(f"{path} asks for no run; give methods = [...] and other options of srbench run")
    return [_options(path, table) for table in tables]


def _options(path: Path, table: Mapping[str, Any]) -> dict[str, Any]:
    readers = _readers(lambda text: os.path.normpath(path.parent / text))
    found = {}
    for name, value in table.items():
        field = name.replace("-", "_")
        if "_" in name or field not in readers:
            known = [each.replace("_", "-") for each in readers]
            near = difflib.get_close_matches(name.replace("_", "-"), known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise UsageError(f"{path}: unknown option '{name}'; {hint}")
        try:
            found[field] = readers[field](value)
        except (TypeError, ValueError):
            raise UsageError(f"{path}: {name} = {value!r} is not what --{name} takes") from None
    return found


def _readers(move: Callable[[str], str]) -> dict[str, Callable[[Any], Any]]:
    """How the value of each option is read from a file."""

    def names(value: Any) -> tuple[str, ...]:
        found = split_names(value) if isinstance(value, str) else [_text(each) for each in value]
        if not found:
            raise ValueError(value)
        return tuple(found)

    readers: dict[str, Callable[[Any], Any]] = {
        "methods": lambda value: tuple(moved(name, move) for name in names(value)),
        "datasets": lambda value: tuple(_moved_dataset(name, move) for name in names(value)),
        "scale": _scales,
        "metrics": names,
        "protocol": lambda value: _moved_protocol(_text(value), move),
        "bits": _whole,
        "data_root": lambda value: tuple(Path(move(each)) for each in names(value)),
        "out": lambda value: Path(move(_text(value))),
        "device": _text,
        "max_memory": _number,
        "workers": _whole,
        "executor": lambda value: _one_of(value, get_args(Executor)),
        "address": _text,
        "shard": _text,
        "inputs": lambda value: _one_of(value, get_args(Inputs)),
        "task_timeout": _number,
        "task_memory": _number,
        "strict": _switch,
    }
    assert readers.keys() == {field.name for field in fields(Asked)}
    return readers


def _scales(value: Any) -> tuple[int, ...]:
    if isinstance(value, str):
        return scales_of(value)
    return tuple(_positive(each) for each in (value if isinstance(value, list) else [value]))


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(value)
    return value


def _one_of(value: Any, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ValueError(value)
    return str(value)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(value)
    return value


def _positive(value: Any) -> int:
    if _whole(value) < 1:
        raise ValueError(value)
    return int(value)


def _number(value: Any) -> float:
    return float(value if isinstance(value, float) else _whole(value))


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _moved_dataset(name: str, move: Callable[[str], str]) -> str:
    return _FOLDER + move(name.removeprefix(_FOLDER)) if name.startswith(_FOLDER) else name


def _moved_protocol(name: str, move: Callable[[str], str]) -> str:
    return move(name) if name.lower().endswith(".toml") else name


def as_options(
    *,
    methods: Iterable[str],
    datasets: Iterable[str],
    scales: tuple[int, ...],
    metrics: Iterable[str],
    protocol: str,
    bits: int,
    roots: Iterable[Path],
    inputs: str,
    device: str,
    max_memory: int,
    out: Path,
) -> dict[str, Any]:
    """What decides the numbers of a run, as `run.toml` in its folder says it."""

    def move(text: str) -> str:
        return Path(os.path.relpath(text, out)).as_posix()

    depth = {"bits": bits} if bits else {}
    return depth | {
        "methods": [moved(name, move) for name in methods],
        "datasets": [_moved_dataset(name, move) for name in datasets],
        "scale": list(scales),
        "metrics": list(metrics),
        "protocol": _moved_protocol(protocol, move),
        "data-root": [move(str(root)) for root in roots],
        "inputs": inputs,
        "device": device,
        "max-memory": max_memory / 1024**3,
        "out": ".",
    }


def config_text(records: Iterable[Mapping[str, Any]]) -> str:
    """`run.toml` from the records of a folder's commands; empty where none says its options."""
    told = [record["options"] for record in records if _can_be_said(record.get("options"))]
    asked = [each for index, each in enumerate(told) if each not in told[:index]]
    if not asked:
        return ""
    several = "[[run]]\n" if len(asked) > 1 else ""
    return _HEAD + "".join(f"\n{several}{_table(options)}" for options in asked)


def _can_be_said(options: Mapping[str, Any] | None) -> bool:
    """Whether there are options, none of which names a file whose name is no text: TOML has no bytes."""
    try:
        return bool(options and _table(options).encode())
    except UnicodeEncodeError:
        return False


def _table(options: Mapping[str, Any]) -> str:
    # What JSON writes of texts, numbers, booleans and lists of them is TOML too.
    return "".join(
        f"{name} = {json.dumps(value, ensure_ascii=False)}\n"
        for name, value in options.items()
        if value != []
    )

"""Files: written whole or not at all, their hashes, their names, the cache folder."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import math
import os
import platform
import re
import tempfile
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any, TextIO

from srbench.core.records import UsageError, UserError

_ABANDONED = 3600.0  # seconds
# What spreadsheets take for the beginning of a formula, and the mark that makes it text.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_AS_TEXT = "'"
# A name that is no text is written as its escapes.
_WRITTEN: dict[str, Any] = {"encoding": "utf-8", "errors": "backslashreplace"}


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> Path:
    """A CSV file with a heading and LF line ends, at every moment absent or complete.

    None and NaN become empty fields, booleans `true` and `false`; floats keep all digits. Text that a
    spreadsheet would take for a formula gets a `'` in front, which `cell_text` takes off. A row with a
    field that is no column raises `ValueError`.
    """
    with atomic_file(path) as temporary, temporary.open("w", **_WRITTEN, newline="") as stream:
        _write_rows(stream, columns, rows)
    return path


def csv_text(columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> str:
    """What `write_csv` writes, as text."""
    stream = io.StringIO()
    _write_rows(stream, columns, rows)
    return stream.getvalue()


def _write_rows(stream: TextIO, columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> None:
    names = list(columns)
    known = set(names)
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(_cells(row, names, known) for row in rows)


def _cells(row: Mapping[str, object], names: list[str], known: set[str]) -> list[object]:
    if not row.keys() <= known:
        raise ValueError(f"no columns: {', '.join(sorted(row.keys() - known))}")
    return [_field(row.get(name)) for name in names]


def write_text(path: Path, text: str) -> Path:
    """A text file in UTF-8, at every moment absent or complete."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, **_WRITTEN)
    return path


def _field(value: object) -> object:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text_field(value)
    # Also NumPy's float64, whose own representation is not a number.
    return float.__repr__(value) if isinstance(value, float) else value


@lru_cache(maxsize=4096)
def _text_field(text: str) -> str:
    return f"{_AS_TEXT}{text}" if _FORMULA.match(text) and not _is_number(text) else text


def cell_text(cell: str) -> str:
    """A cell of a table that `write_csv` wrote, as it was given."""
    return cell.removeprefix(_AS_TEXT) if _FORMULA.match(cell) else cell


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text in ("-", "+")
    return True


class atomic_file:  # noqa: N801 - reads as a statement
    """Gives a temporary path beside `path`, moved onto it when the block ends without an error."""

    def __init__(self, path: Path) -> None:
        self._path = path
        prefix = f".{_host()}-{os.getpid()}-"
        try:
            handle, name = tempfile.mkstemp(prefix=prefix, suffix=".part", dir=path.parent)
        except OSError as error:  # of the file that was meant
            raise type(error)(error.errno, error.strerror, str(path)) from None
        os.close(handle)
        self._temporary = Path(name)

    def __enter__(self) -> Path:
        return self._temporary

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self._temporary.unlink(missing_ok=True)
            return
        umask = os.umask(0)
        os.umask(umask)
        self._temporary.chmod(0o666 & ~umask)
        self._temporary.replace(self._path)


def ready_folder(folder: Path, option: str = "--out") -> Path:
    """The folder, made where it is not there; `UserError` where no file can be made in it.

    `option` is what a user gives it with.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except FileExistsError:
        raise UserError(f"{folder} is a file, not a folder; choose another {option}") from None
    except OSError as error:
        raise UserError(
            f"{folder} cannot be written to ({error.strerror}); choose another {option}"
        ) from None


def ready_file(path: Path, option: str) -> Path:
    """A file that long work will end with; `UserError` before it where it cannot be written."""
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{option}: the folder {path.absolute().parent} does not exist")
    ready_folder(path.absolute().parent, option)
    return path


def sweep(folder: Path, pattern: str = ".*.part") -> None:
    """Removes what was left in a folder, and below it, by processes that were killed: parts of
    `atomic_file`, or files of another `pattern`, whose process on this machine is no more, or that nobody
    has written to for an hour."""
    for part in folder.rglob(pattern):
        with contextlib.suppress(OSError):
            if _is_orphan(part.name) or time.time() - part.stat().st_mtime > _ABANDONED:
                part.unlink()


def _host() -> str:
    return re.sub(r"\W", "_", platform.node())


def _is_orphan(name: str) -> bool:
    found = re.fullmatch(rf"\.{_host()}-(\d+)-.*\.part", name)
    return found is not None and os.name == "posix" and not _is_alive(int(found[1]))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)  # sends nothing
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# What changes when a file is written again, even with the same bytes, or another one takes its place.
version_of = attrgetter("st_ino", "st_mtime_ns", "st_ctime_ns", "st_size")


def remembered_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, computed once for each version of the file.

    A file with the size and the time of the one that it replaces, as archives make them, is another version.
    """
    return _hash_of_version(path, version_of(path.stat()))


@lru_cache(maxsize=65536)
def _hash_of_version(path: Path, _version: tuple[int, ...]) -> str:
    return file_hash(path)


def content_hashes(files: tuple[Path, ...]) -> tuple[str, ...]:
    """SHA-256 of each file; "missing" where there is none."""
    return tuple(remembered_hash(file) if file.is_file() else "missing" for file in files)


def cache_folder() -> Path:
    """`SRBENCH_CACHE`, or the platform's folder for a user's caches."""
    chosen = os.environ.get("SRBENCH_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("srbench", appauthor=False))


def file_name(name: str) -> str:
    """The name itself where it is fit for a file; else unfit characters become `_` and a hash of the name
    tells different names apart."""
    safe = re.sub(r"[^\w@+.,=() -]", "_", name)[:100]
    if name and safe == name and not name.startswith("."):
        return name
    digest = hashlib.sha256(name.encode(errors="backslashreplace")).hexdigest()
    return f"{safe.lstrip('.')}~{digest[:8]}"

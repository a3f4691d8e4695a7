"""Which of the given files and folders hold which weights, and getting many small files at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from srbench.core.records import SILENT, Progress, UsageError, UserError
from srbench.core.weights import WeightFile, pull

SMALL = 5_000_000  # bytes


def sources(
    name: str, files: tuple[WeightFile, ...], given: Sequence[Path]
) -> list[tuple[WeightFile, Path | None]]:
    """What is to be got from where, in the order of `files`; None stands for the download.

    Files go by their hashes where several have one, so that a folder is searched, and single files are
    recognised, whatever they are called; otherwise by their order. `UserError` where nothing fits.
    """
    if not files:
        raise UsageError(f"{name} needs no weights")
    if not given:
        return [(file, None) for file in files]
    known = all(file.sha256 for file in files)
    if any(path.is_dir() for path in given) or (known and len(files) > 1):
        return _by_hash(name, files, given)
    wanted = files
    if len(given) != len(files):
        wanted = tuple(file for file in files if not file.cached.is_file())
    if len(given) != len(wanted):
        names = ", ".join(file.name for file in files)
        raise UsageError(f"{name} needs {len(files)} file(s) ({names}), --from was given {len(given)}")
    return list(zip(wanted, given, strict=True))


def _by_hash(
    name: str, files: tuple[WeightFile, ...], given: Sequence[Path]
) -> list[tuple[WeightFile, Path | None]]:
    unknown = [file.name for file in files if not file.sha256]
    if unknown:
        raise UsageError(
            f"{unknown[0]} has no published hash, by which it could be found in a folder; "
            "give the file itself with --from FILE"
        )
    places = list(_candidates(files, given))
    found: list[tuple[WeightFile, Path | None]] = [
        (file, place) for file in files if (place := _first(file, places)) is not None
    ]
    if not found:
        looked = ", ".join(map(str, given))
        names = ", ".join(file.name for file in files)
        raise UserError(
            f"{looked}: none of the published files of {name} ({names}) is there, by their sha256; "
            "nothing was changed"
        )
    return found


def _candidates(files: tuple[WeightFile, ...], given: Sequence[Path]) -> Iterable[tuple[Path, str]]:
    """Files that may be among `files` with their hashes; where all sizes are known, only fitting ones."""
    from srbench.core.files import file_hash

    sizes = {file.size for file in files}
    for path in given:
        if not path.exists():
            raise UserError(f"{path}: no such file or folder")
        for place in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if place.is_file() and (None in sizes or place.stat().st_size in sizes):
                yield place, file_hash(place)


def _first(file: WeightFile, places: Iterable[tuple[Path, str]]) -> Path | None:
    return next(
        (place for place, digest in places if any(digest.startswith(known) for known in file.sha256)), None
    )


def small(files: Iterable[WeightFile]) -> list[WeightFile]:
    """The published files below 5 MB that can be downloaded and are not here, each once."""
    by_name = {file.name: file for file in files}
    return [
        file
        for file in by_name.values()
        if file.url and file.size and file.size < SMALL and not file.cached.is_file()
    ]


def pull_each(
    files: Sequence[WeightFile], *, progress: Progress = SILENT
) -> tuple[list[WeightFile], dict[str, str]]:
    """Downloads each; those that came, and the reasons of those that did not, by name."""
    came, failed = [], {}
    progress.begin(len(files))
    for file in files:
        try:
            pull(file)
            came.append(file)
        except UserError as error:
            failed[file.name] = str(error)
        progress.advance()
    return came, failed

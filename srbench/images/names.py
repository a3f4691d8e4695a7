"""How file names become image identifiers, and how somebody's result files are matched to them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Container, Iterable, Sequence
from pathlib import Path

from srbench.core.records import UserError
from srbench.core.text import plain
from srbench.images.codec import IMAGE_SUFFIXES

# A scale without a separator counts after a digit only: `0801x4` has one, `box4` is a name.
_ROLE_OR_SCALE = re.compile(r"(_SRF_\d+|[_-](HR|LR|GT|SR|LRBI|mod\d+)|[_-]x\d+|(?<=\d)x\d+)$", re.IGNORECASE)


def image_identifier(stem: str) -> str:
    """The stem without role and scale suffixes: `img_001_SRF_4_HR` is `img_001`, `baby_HR_x4` is `baby`.

    Control characters, and bytes that are no text, become their escapes.
    """
    stem = plain(stem)
    while True:
        shorter = _ROLE_OR_SCALE.sub("", stem)
        if shorter in ("", stem):
            return stem
        stem = shorter


def image_files(folder: Path) -> list[Path]:
    """The image files directly in a folder, by name; hidden files are not looked at."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def no_image_files(folder: Path) -> str:
    """The line for a folder without images: the suffixes that are read, and where else images lie."""
    accepted = ", ".join(sorted(suffix[1:] for suffix in IMAGE_SUFFIXES))
    below = [path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    hint = next((f"; its folder {path.name} does, give that" for path in below if image_files(path)), "")
    return f"{folder} holds no image files ({accepted}){hint}"


def match_files(identifiers: Iterable[str], files: Iterable[Path]) -> dict[str, list[Path]]:
    """For each identifier the files that can be meant by it, best matches only.

    A file belongs to an identifier when its stem is that identifier, or continues it by `_`, `-`, `.` or
    a scale such as `x4` (`img_001_SRF_4_SRCNN`, `baby_RCAN_x4`, `0801x4`); of several identifiers the
    longest counts, and a stem equal to the identifier wins over longer ones.
    """
    matches: dict[str, list[Path]] = {identifier: [] for identifier in identifiers}
    for path in files:
        owner = _owner(plain(path.stem), matches)
        if owner is not None:
            matches[owner].append(path)
    for identifier, paths in matches.items():
        exact = [path for path in paths if _is_exact(plain(path.stem), identifier)]
        matches[identifier] = exact or paths
    return matches


def _is_exact(stem: str, identifier: str) -> bool:
    only_a_scale = re.fullmatch(r"x\d+", stem.removeprefix(identifier)) is not None
    return identifier in (stem, image_identifier(stem)) or only_a_scale


def _owner(stem: str, identifiers: Container[str]) -> str | None:
    beginnings = (stem[:length] for length in range(len(stem), -1, -1))
    return next(
        (each for each in beginnings if each in identifiers and _goes_on(stem[len(each) :])),
        None,
    )


def _goes_on(rest: str) -> bool:
    return rest == "" or rest[0] in "_-." or re.match(r"x\d+($|[_-])", rest) is not None


def beginning(ordered: Sequence[str], name: str) -> range:
    """The places in sorted text of what begins with a name."""
    first = last = bisect_left(ordered, name)
    while last < len(ordered) and ordered[last].startswith(name):
        last += 1
    return range(first, last)


class ByStem:
    """Files in the order of their stems, so that those which begin with a name are found at once."""

    def __init__(self, files: Iterable[Path]) -> None:
        ordered = sorted((plain(path.stem), path) for path in files)
        self._stems = [stem for stem, _ in ordered]
        self._paths = [path for _, path in ordered]

    def __len__(self) -> int:
        return len(self._paths)

    def beginning(self, names: Iterable[str]) -> list[Path]:
        """The files whose stems begin with one of the names, in the order of their paths."""
        return sorted({self._paths[place] for name in names for place in beginning(self._stems, name)})


def nothing_there(path: Path, kind: str = "file or folder") -> str:
    """The line for a path where nothing is; addresses lose a slash when they become paths."""
    text = str(path)
    address = re.match(r"(https?):/(?!/)", text)
    if address:
        text = text.replace(":/", "://", 1)
        return f"{text} is an address; download it first and give the file"
    cut = path.parent.is_dir() and any(
        other.name.startswith(f"{path.name},") for other in path.parent.iterdir()
    )
    hint = "; a name with a comma in a list is given in double quotes" if cut else ""
    return f"{text}: no such {kind}{hint}"


def existing_folder(folder: Path) -> Path:
    """The folder itself, or a `UserError` that says what it is instead."""
    if not folder.exists():
        raise UserError(nothing_there(folder, "folder"))
    if not folder.is_dir():
        raise UserError(f"{folder} is a file; a folder of images is needed")
    return folder

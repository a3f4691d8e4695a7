"""Opinions on images from files: an own study's `images.csv`, and public data in their authors' formats.

| data | file of opinions | higher is better |
|---|---|---|
| PIPAL | `A0001.txt` of `name,score` lines (authors), or a table `hq_name,dist_name,elo_score` | yes (Elo) |
| SRIQA-Bench | lines `image,reference,score` | differs between versions of the file |
| QADS, TID-like | lines `score name` or `name score` | yes |
| Ma et al. 2017 | a table `name,score` | yes |
| WIND | `draw_scatter.mat` with names and `avg_MOS` | yes |
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from srbench.core.records import UserError
from srbench.images.codec import IMAGE_SUFFIXES

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_PIPAL_KINDS = {
    "00": "traditional distortion", "01": "traditional super-resolution", "02": "super-resolution, PSNR",
    "03": "super-resolution, kernel mismatch", "04": "super-resolution, GAN", "05": "denoising",
    "06": "super-resolution and denoising",
}  # fmt: skip


@dataclass(frozen=True)
class Opinion:
    """What people said of one image: `reference` names its original, `family` the kind of method."""

    image: str
    reference: str
    family: str
    score: float


def read_opinions(path: Path) -> list[Opinion]:
    """The opinions of a file, or of a folder of text files (PIPAL's labels)."""
    if path.is_dir():
        found = [one for file in sorted(path.glob("*.txt")) for one in _lines(file)]
    elif path.suffix.lower() == ".mat":
        found = _wind(path)
    else:
        found = _lines(path)
    if not found:
        raise UserError(
            f"{path} holds no opinions: a line has the name of an image, a score, and perhaps the reference"
        )
    repeated = len(found) - len({one.image for one in found})
    if repeated:
        raise UserError(f"{path} names {repeated} images more than once")
    return found


def _lines(path: Path) -> list[Opinion]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as text ({error})") from None
    found = []
    for number, cells in enumerate(_cells(text), start=1):
        names = [cell for cell in cells if Path(cell).suffix.lower() in IMAGE_SUFFIXES]
        scores = [float(cell) for cell in cells if _NUMBER.fullmatch(cell)]
        if not names and number == 1:
            continue  # the heading of a table
        if not names or len(scores) != 1:
            raise UserError(f"{path}, line {number}: needs the name of an image and one score")
        found.append(_opinion(names, scores[0]))
    return found


def _cells(text: str) -> Iterable[list[str]]:
    for row in csv.reader(line for line in text.splitlines() if line.strip()):
        yield [cell for part in row for cell in (part.split() if len(row) == 1 else [part.strip()])]


def _opinion(names: list[str], score: float) -> Opinion:
    """Of two names the reference is the one that the other starts like, or that is called an original."""
    image, reference = names[0], names[1] if len(names) > 1 else ""
    if reference and image != reference and _is_original(image, reference):
        image, reference = reference, image
    return Opinion(image, reference or _reference_of(image), family_of(image), score)


def _is_original(name: str, other: str) -> bool:
    stems = Path(name).stem, Path(other).stem
    return stems[1].startswith(stems[0]) or (
        stems[0].endswith("_Original") and not stems[1].endswith("_Original")
    )


def _reference_of(image: str) -> str:
    """What stands before the first underscore: A0001_00_03.bmp is of A0001, img1_2_SRCNN.png of img1."""
    return Path(image).stem.partition("_")[0]


def family_of(image: str) -> str:
    """The kind of method that a name tells: PIPAL's number, else what stands after the last underscore."""
    parts = Path(image).stem.split("_")
    if re.fullmatch(r"A\d{4}", parts[0]) and len(parts) == 3:
        return _PIPAL_KINDS.get(parts[1], parts[1])
    return parts[-1] if len(parts) > 1 else ""


def _wind(path: Path) -> list[Opinion]:
    """The MATLAB file of the Waterloo interpolation database: cell array of names, vector `avg_MOS`."""
    from srbench.core.matlab import read_matlab

    found = read_matlab(path, "name", "avg_MOS")
    if not {"name", "avg_MOS"} <= found.keys():
        raise UserError(f"{path} has no variables name and avg_MOS")
    names = [str(name) for name in found["name"].ravel()]
    scores = [float(score) for score in found["avg_MOS"].ravel()]
    if len(names) != len(scores):
        raise UserError(f"{path} has {len(names)} names and {len(scores)} scores")
    # factor2/1/3.bmp: interpolation factor, source image, version.
    return [
        Opinion(name, str(Path(name).parent), f"version {Path(name).stem}", score)
        for name, score in zip(names, scores, strict=True)
    ]

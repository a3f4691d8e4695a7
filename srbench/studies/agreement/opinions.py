"""Opinions on images from files: an own study's `images.csv`, and public data in their authors' formats.

| data | file of opinions | higher is better |
|---|---|---|
| PIPAL | `A0001.txt` of `name,score` lines (authors), or a table `hq_name,dist_name,elo_score` | yes (Elo) |
| SRIQA-Bench | lines `image,reference,score` | differs between versions of the file |
| QADS, TID-like | `mos_with_names.txt` of `score name` lines | yes |
| Ma et al. 2017 | `sr_metric_data.mat` with `SR_image_names` and `subject_scores_mean40` | yes |
| WIND | `draw_scatter.mat` with `name` and `avg_MOS` | yes |

What each was checked against is said in docs/studies.md. A table of any other two columns with an image's
name and one score is read too.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np

from srbench.core.records import UsageError, UserError
from srbench.images.codec import IMAGE_SUFFIXES
from srbench.images.names import nothing_there

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_WIND = ("name", "avg_MOS")
_MA = ("SR_image_names", "subject_scores_mean40")
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

    @property
    def is_original(self) -> bool:
        """Whether it is its own reference, which nobody compares."""
        return self.image == self.reference


def read_opinions(path: Path) -> list[Opinion]:
    """The opinions of a file, or of a folder of text files (PIPAL's labels)."""
    if path.is_dir():
        found = [one for file in sorted(path.glob("*.txt")) for one in _lines(file)]
    elif path.suffix.lower() == ".mat":
        found = _matlab(path)
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


def check_direction(opinions: list[Opinion]) -> None:
    """`UsageError` where most originals are scored below the half of their versions: then a lower score may
    be the better one, and only the user can know."""
    scores: dict[str, list[float]] = {}
    originals: dict[str, float] = {}
    for one in opinions:
        if one.is_original:
            originals[one.reference] = one.score
        else:
            scores.setdefault(one.reference, []).append(one.score)
    below = [score < np.median(scores[name]) for name, score in originals.items() if name in scores]
    if below and sum(below) * 2 > len(below):
        raise UsageError(
            f"{sum(below)} of {len(below)} originals are scored below the half of their versions: say "
            "--lower-is-better, or --higher-is-better where people did prefer the versions"
        )


def _lines(path: Path) -> list[Opinion]:
    if not path.exists():
        raise UserError(nothing_there(path))
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


def _matlab(path: Path) -> list[Opinion]:
    """Opinions in MATLAB's format: of the Waterloo interpolation database, or of Ma et al."""
    from srbench.core.matlab import read_matlab

    found = read_matlab(path, *_WIND, *_MA)
    if found.keys() >= set(_WIND):
        return [_of_wind(*item) for item in _named(path, found[_WIND[0]], found[_WIND[1]])]
    if found.keys() >= set(_MA):
        # One column of scores for each method, one row for each image at each scale; names in one list.
        return [_of_ma(*item) for item in _named(path, found[_MA[0]], found[_MA[1]])]
    raise UserError(f"{path} has neither the variables {' and '.join(_WIND)} nor {' and '.join(_MA)}")


def _named(path: Path, names: np.ndarray, scores: np.ndarray) -> list[tuple[str, float]]:
    """Names with their scores, both in MATLAB's order: down the columns."""
    texts = [str(name) for name in np.ravel(names, order="F")]
    values = np.asarray(scores, dtype=np.float64).ravel(order="F").tolist()
    if len(texts) != len(values):
        raise UserError(f"{path} has {len(texts)} names and {len(values)} scores")
    return list(zip(texts, values, strict=True))


def _of_wind(name: str, score: float) -> Opinion:
    """factor2/1/3.bmp: interpolation factor, source image, version."""
    return Opinion(name, str(PurePosixPath(name).parent), f"version {PurePosixPath(name).stem}", score)


def _of_ma(name: str, score: float) -> Opinion:
    """...\\Shan08\\sf3\\...\\100075.bmp: method, scale, blur, picture; what is before them is of the authors'
    machine."""
    parts = PureWindowsPath(name.strip()).parts[-4:]
    return Opinion("/".join(parts), parts[-1], parts[0] if len(parts) > 1 else "", score)

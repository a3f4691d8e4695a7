"""Reads BAPPS, the perceptual-similarity data set of LPIPS, in its official folder layout.

- `2afc/{train,val}/<subset>/{ref,p0,p1,judge}`: triplets; `judge/NAME.npy` holds the fraction of people
  who found p1 nearer to the reference.
- `jnd/val/<subset>/{p0,p1,same}`: pairs; `same/NAME.npy` holds the fraction who took them for the same.

Source: Zhang et al., CVPR 2018; richzhang/PerceptualSimilarity, data/dataset/twoafc_dataset.py and
jnd_dataset.py. The official reader pairs files by their sorted order; here the names must agree as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np

from srbench.core.records import Unscorable, UsageError, UserError
from srbench.datasets.folders import data_roots
from srbench.images.codec import read_image
from srbench.images.names import image_files
from srbench.images.pixels import as_rgb

Kind = Literal["2afc", "jnd"]

PATCH = 64
SUBSETS = ("traditional", "cnn", "superres", "deblur", "color", "frameinterp")
TITLES = {
    "traditional": "Traditional",
    "cnn": "CNN-based",
    "superres": "Super-resolution",
    "deblur": "Video deblurring",
    "color": "Colourisation",
    "frameinterp": "Frame interpolation",
}
# Thousands of triplets of the validation split, as the paper's breakdown of the data set prints them.
VALIDATION_THOUSANDS = {
    "traditional": 4.7,
    "cnn": 4.7,
    "superres": 10.9,
    "deblur": 9.4,
    "color": 4.7,
    "frameinterp": 1.9,
}
_ROLES: dict[Kind, tuple[str, ...]] = {"2afc": ("ref", "p0", "p1"), "jnd": ("p0", "p1")}
_JUDGED: dict[Kind, str] = {"2afc": "judge", "jnd": "same"}
# The official files hold shares of a few votes in float32, whose rounding is below this.
_VOTE_ROUNDING = 1e-6
_MOST_VOTES = 100
_HELP = "see https://github.com/richzhang/PerceptualSimilarity#b-dataset for how to get it"


@dataclass(frozen=True)
class Item:
    """One judged triplet (files ref, p0, p1) or pair (p0, p1) and what people said, in [0, 1].

    Where the judgement cannot be read it is NaN, and `reason` says why.
    """

    subset: str
    name: str
    files: tuple[Path, ...]
    judgement: float
    reason: str = ""


def read_split(
    kind: Kind, roots: list[Path], split: str, only: tuple[str, ...] = ()
) -> dict[str, list[Item]]:
    """The items of a split by subset, subsets in the paper's order.

    `only` restricts it to these subsets. `UserError` where the folder is missing, has files without their
    counterparts, or holds a judgement that is not one number between 0 and 1.
    """
    folder = find_split(kind, data_roots(roots), split)
    there = [path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    unknown = [name for name in only if name not in there]
    if unknown:
        raise UsageError(f"{folder} has no subset {unknown[0]}; it has: {', '.join(sorted(there))}")
    names = sorted((name for name in there if not only or name in only), key=_position)
    if not names:
        raise UserError(f"{folder} holds no subsets; {_HELP}")
    return {name: _read_subset(kind, folder / name) for name in names}


def find_split(kind: Kind, roots: list[Path], split: str) -> Path:
    """`2afc/val` and the like: under a root, under its folder dataset or BAPPS, or the root itself."""
    for root in roots:
        for base in (root, root / "dataset", root / "BAPPS", root / "bapps", root.parent):
            folder = base / kind / split
            if folder.is_dir() and (base != root.parent or root.name == kind):
                return folder
    looked = ", ".join(str(root) for root in roots)
    raise UserError(f"BAPPS is not here: no folder {kind}/{split} in {looked}; {_HELP}")


def read_patch(path: Path) -> np.ndarray:
    """A patch as uint8, 64 x 64 x 3; like the official reader, other sizes are resized bilinearly by PIL.

    `Unscorable` where the file cannot be read or is not square.
    """
    image = as_rgb(read_image(path))
    height, width = image.shape[:2]
    if height != width:
        raise Unscorable(f"{path.name}: {width}x{height} pixels are not a square patch")
    if height == PATCH:
        return image
    from PIL import Image

    return np.asarray(Image.fromarray(image).resize((PATCH, PATCH), Image.Resampling.BILINEAR))


def is_whole_validation(subset: str, items: int) -> bool:
    """Whether a subset has as many triplets as the published validation split, to the digit printed."""
    return subset in VALIDATION_THOUSANDS and round(items / 1000, 1) == VALIDATION_THOUSANDS[subset]


def _position(subset: str) -> tuple[int, str]:
    return (SUBSETS.index(subset) if subset in SUBSETS else len(SUBSETS), subset)


def _read_subset(kind: Kind, folder: Path) -> list[Item]:
    images = {role: _by_stem(folder / role) for role in _ROLES[kind]}
    judged = _judgement_files(folder / _JUDGED[kind])
    for role, files in images.items():
        odd = sorted(files.keys() ^ judged.keys())
        if odd:
            where = role if odd[0] in judged else _JUDGED[kind]
            raise UserError(
                f"{folder}: {role} has {len(files)} files and {_JUDGED[kind]} {len(judged)}; "
                f"{odd[0]} is missing from {where}"
            )
    if not judged:
        raise UserError(f"{folder} holds no images")
    return [
        _item(folder.name, path, tuple(images[role][stem] for role in _ROLES[kind]))
        for stem, path in sorted(judged.items())
    ]


def _item(subset: str, judged: Path, files: tuple[Path, ...]) -> Item:
    try:
        return Item(subset, judged.stem, files, _judgement(judged))
    except Unscorable as error:
        return Item(subset, judged.stem, files, math.nan, str(error))


def _by_stem(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; {_HELP}")
    return {path.stem: path for path in image_files(folder)}


def _judgement_files(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; {_HELP}")
    return {path.stem: path for path in folder.glob("*.npy") if not path.name.startswith(".")}


def _judgement(path: Path) -> float:
    try:
        values = np.load(path, allow_pickle=False)
    except Exception:  # numpy lets through whatever a damaged file makes its readers do
        raise Unscorable(f"{path.name} is not a readable NumPy file") from None
    if not isinstance(values, np.ndarray) or values.size != 1 or values.dtype.kind not in "fiub":
        raise UserError(f"{path} does not hold one number")
    value = float(values.reshape(()))
    if not -_VOTE_ROUNDING <= value <= 1 + _VOTE_ROUNDING:
        raise UserError(f"{path}: the judgement {value:g} is not between 0 and 1")
    return min(1.0, max(0.0, vote_share(value)))


def vote_share(value: float) -> float:
    """The share of votes that a rounded number stands for: 0.6 for 0.6000000238, which is 3/5 in float32.

    Votes that are equal then are so to the last bit, and so are the ties of two metrics. A number that is
    no share of up to 100 votes stays as it is.
    """
    share = float(Fraction(value).limit_denominator(_MOST_VOTES))
    return share if abs(share - value) <= _VOTE_ROUNDING else value

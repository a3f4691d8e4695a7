"""The labels of ImageNet's validation images, from any of the files that they are distributed in."""

from __future__ import annotations

import csv
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from srbench.core.matlab import read_matlab
from srbench.core.records import UserError

CLASSES = 1000
_KIT = Path("ILSVRC2012_devkit_t12/data")
_NAMES = ("val.txt", "LOC_val_solution.csv", "ILSVRC2012_validation_ground_truth.txt")


def find_labels(folder: Path) -> Path | None:
    """A file of labels in the folder of the images, above it, or in the development kit there."""
    for place in (folder, folder.parent, folder / _KIT, folder.parent / _KIT):
        for name in _NAMES:
            if (place / name).is_file():
                return place / name
    return None


def read_labels(path: Path) -> dict[str, int]:
    """Labels 0 to 999 by file stem; `UserError` where the file holds something else."""
    if not path.is_file():
        raise UserError(f"{path}: no such file of labels")
    if path.suffix == ".csv":
        return _kaggle(path)
    try:
        lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        if lines and all(len(line) == 1 for line in lines):
            return _development_kit(path, [int(line[0]) for line in lines])
        return {Path(name).stem: _checked(path, int(label)) for name, label in lines}
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text") from None
    except ValueError:
        raise UserError(f"{path}: a line is not a file name and a label, nor a label alone") from None


def _checked(path: Path, label: int) -> int:
    if not 0 <= label < CLASSES:
        raise UserError(f"{path}: the label {label} is not between 0 and {CLASSES - 1}")
    return label


def _kaggle(path: Path) -> dict[str, int]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            table = csv.DictReader(stream)
            if not {"ImageId", "PredictionString"} <= set(table.fieldnames or ()):
                raise UserError(f"{path} has no columns ImageId and PredictionString")
            # A line that ends early lacks its last fields.
            rows = [(row["ImageId"] or "", row["PredictionString"] or "") for row in table]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} is not a CSV file in UTF-8 ({error})") from None
    return {image: _kaggle_label(path, image, prediction) for image, prediction in rows}


def _kaggle_label(path: Path, image: str, prediction: str) -> int:
    """The class of the first box; the others on the image are of the same class."""
    words = prediction.split()
    if not words:
        raise UserError(f"{path}: {image} has no label")
    try:
        return synset_index(words[0])
    except UserError as error:
        raise UserError(f"{path}: {image}: {error}") from None


def _development_kit(path: Path, numbers: list[int]) -> dict[str, int]:
    """The kit numbers its classes in an order of its own, which `meta.mat` explains."""
    meta = path.parent / "meta.mat"
    if not meta.is_file():
        raise UserError(
            f"{path} numbers its classes as meta.mat of the same development kit says; put that beside it"
        )
    synsets = _kit_synsets(meta)
    unknown = [number for number in numbers if number not in synsets]
    if unknown:
        raise UserError(f"{path}: the label {unknown[0]} is not between 1 and {CLASSES}")
    return {
        f"ILSVRC2012_val_{position:08d}": synset_index(synsets[number])
        for position, number in enumerate(numbers, start=1)
    }


def _kit_synsets(meta: Path) -> dict[int, str]:
    """WordNet identifiers by the kit's numbers, leaves only."""
    synsets = read_matlab(meta, "synsets").get("synsets")
    try:
        leaves = [entry for entry in synsets.ravel() if entry["num_children"].item() == 0]  # type: ignore[union-attr]
        return {int(entry["ILSVRC2012_ID"].item()): str(entry["WNID"]) for entry in leaves}
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise UserError(f"{meta} is not the meta.mat of the ILSVRC2012 development kit") from None


def synset_index(synset: str) -> int:
    """The class, 0 to 999, of a WordNet identifier such as n01440764; `UserError` for others."""
    index = _indices().get(synset)
    if index is None:
        raise UserError(f"{synset} is not one of the {CLASSES} classes of ILSVRC2012")
    return index


@lru_cache(maxsize=1)
def _indices() -> dict[str, int]:
    # timm carries the list of identifiers; importing timm for it would import torch.
    spec = find_spec("timm")
    if spec is None or not spec.submodule_search_locations:
        raise UserError("the list of ImageNet's classes comes with the package timm: pip install timm")
    path = Path(next(iter(spec.submodule_search_locations))) / "data" / "_info" / "imagenet_synsets.txt"
    synsets = path.read_text(encoding="utf-8").split()
    if len(synsets) != CLASSES or synsets != sorted(synsets):
        raise UserError(f"{path} is not the list of ImageNet's {CLASSES} classes; install another timm")
    return {synset: index for index, synset in enumerate(synsets)}

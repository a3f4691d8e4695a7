"""Reads ImageNet validation images and their labels, in the layouts that people have.

- ILSVRC2012: `ILSVRC2012_val_00000001.JPEG`, ... and their labels: Caffe's `val.txt` (name, label from
  0), Kaggle's `LOC_val_solution.csv`, or the development kit's `ILSVRC2012_validation_ground_truth.txt`
  together with its `meta.mat` (the kit's numbers are not the classifiers' order);
- ImageFolder: `n01440764/ANY.JPEG`, or any 1000 folders in the order of their names;
- files whose names begin with a WordNet identifier: `n01440764_10026.JPEG`.

Labels are 0 to 999 in the order of the sorted WordNet identifiers, as torchvision and timm have them.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from srbench.core.records import UsageError, UserError
from srbench.datasets.folders import data_roots
from srbench.datasets.imagenet_labels import CLASSES, find_labels, read_labels, synset_index
from srbench.images.codec import read_image
from srbench.images.names import image_files
from srbench.images.pixels import as_rgb

_FOLDERS = ("imagenet", "imagenet-val", "imagenet_val", "ilsvrc2012", "ilsvrc2012_img_val", "ilsvrc2012_val")
_INNER = ("val", "ILSVRC2012_img_val", "images")
_SYNSET = re.compile(r"n\d{8}(?!\d)")
_HELP = "get the ILSVRC2012 validation images from https://image-net.org (registration) and give --data-root"


@dataclass(frozen=True)
class LabelledImage:
    """A file and its class, 0 to 999."""

    path: Path
    label: int


def find_images(roots: list[Path], labels: Path | None = None) -> list[LabelledImage]:
    """All images under the first root that holds some, sorted by path.

    `labels` names a file of labels, which then counts whatever folders, names or other files say.
    `UserError` where images or labels are missing or labels are out of range.
    """
    candidates = [folder for root in data_roots(roots) for folder in _candidates(root)]
    for folder in candidates:
        found = _read(folder, labels)
        if found:
            return found
    looked = ", ".join(str(root) for root in data_roots(roots))
    raise UserError(f"no labelled ImageNet images in {looked}: {_HELP}")


def choose(images: list[LabelledImage], count: int, seed: int) -> list[LabelledImage]:
    """A random subset of `count` images (all for 0), the same for the same seed and images."""
    if count < 0:
        raise UsageError(f"the number of images must not be negative: {count}")
    if count == 0 or count >= len(images):
        return images
    picked = random.Random(seed).sample(range(len(images)), count)
    return [images[number] for number in sorted(picked)]


def prepare(path: Path, *, resize: int, crop: int) -> np.ndarray:
    """The reference image of the benchmark: uint8, `crop` x `crop` x 3.

    The shorter side is brought to `resize` by PIL's antialiased bilinear filter (0 leaves it as it is)
    and the centre cut out, as torchvision's `Resize` and `CenterCrop` do. `Unscorable` where the file
    cannot be read; smaller images are padded with black as `CenterCrop` does.
    """
    image = as_rgb(read_image(path))
    if resize:
        image = _resize_shorter(image, resize)
    return _centre(image, crop)


def _resize_shorter(image: np.ndarray, side: int) -> np.ndarray:
    from PIL import Image

    height, width = image.shape[:2]
    shorter, longer = min(height, width), max(height, width)
    size = (side, int(side * longer / shorter))
    columns, rows = size if width <= height else size[::-1]
    return np.asarray(Image.fromarray(image).resize((columns, rows), Image.Resampling.BILINEAR))


def _centre(image: np.ndarray, side: int) -> np.ndarray:
    missing = [max(0, side - length) for length in image.shape[:2]]
    if any(missing):
        pads = [(lack // 2, (lack + 1) // 2) for lack in missing]
        image = np.pad(image, [*pads, (0, 0)])
    top, left = (round((length - side) / 2) for length in image.shape[:2])
    return np.ascontiguousarray(image[top : top + side, left : left + side])


def _candidates(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    named = [path for path in sorted(root.iterdir()) if path.is_dir() and path.name.lower() in _FOLDERS]
    return [inner for base in (*named, root) for inner in (*(base / name for name in _INNER), base)]


def _read(folder: Path, labels: Path | None) -> list[LabelledImage]:
    if not folder.is_dir():
        return []
    files = image_files(folder)
    if labels:
        return _labelled(files or [image.path for image in _image_folder(folder)], labels)
    if not files:
        return _image_folder(folder)
    if all(_SYNSET.match(path.name) for path in files):
        return [LabelledImage(path, synset_index(path.name[:9])) for path in files]
    ours = [path for path in files if path.name.startswith("ILSVRC2012_val_")]
    file = find_labels(folder)
    if file is None:
        if ours:
            raise UserError(
                f"{folder} has no labels: put val.txt, LOC_val_solution.csv or the development kit's "
                "ILSVRC2012_validation_ground_truth.txt and meta.mat beside the images, or give --labels FILE"
            )
        return []
    return _labelled(files, file)


def _labelled(files: list[Path], file: Path) -> list[LabelledImage]:
    """These images with the labels of a file, which has to know them all."""
    known = read_labels(file)
    unlabelled = [path.name for path in files if path.stem not in known]
    if unlabelled:
        raise UserError(f"{file} has no label for {unlabelled[0]} ({len(unlabelled)} of {len(files)} files)")
    return [LabelledImage(path, known[path.stem]) for path in files]


def _image_folder(folder: Path) -> list[LabelledImage]:
    classes = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if classes and all(_SYNSET.fullmatch(path.name) for path in classes):
        indices = [synset_index(path.name) for path in classes]
    elif len(classes) == CLASSES:
        indices = list(range(CLASSES))
    else:
        return []
    return [
        LabelledImage(path, index)
        for index, inner in zip(indices, classes, strict=True)
        for path in image_files(inner)
    ]

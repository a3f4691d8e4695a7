"""Reads the pixel maps of COCO-Stuff as regions for TSRN-S: the six largest classes and the rest.

A map is an 8-bit PNG of one channel beside the image, `000000000009.png` for `000000000009.jpg`, whose
values are class numbers, 255 where nothing is annotated (nightrome/cocostuff, `stuffthingmaps`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from srbench.core.records import Unscorable, UserError
from srbench.images.codec import opened_image

CLASSES = 6  # TSRN, section 5: the six largest classes of an image by pixel count
REGIONS = CLASSES + 1  # and "others"
UNLABELLED = 255


def read_regions(annotations: Path, image: Path) -> np.ndarray:
    """The regions of an image: uint8, H x W; 0 to 5 by falling size, 6 for all other pixels.

    Pixels without annotation are "others". `Unscorable` where the image has no map or it is not one
    channel of 8 bits; `UserError` where the folder is missing.
    """
    if not annotations.is_dir():
        raise UserError(f"{annotations}: no such folder of COCO-Stuff pixel maps")
    return regions(_read_map(annotations / f"{image.stem}.png"))


def regions(classes: np.ndarray) -> np.ndarray:
    """Class numbers, uint8 H x W, to region numbers; classes of equal size by falling class number."""
    counts = np.bincount(classes.ravel(), minlength=256)
    counts[UNLABELLED] = 0
    order = np.argsort(counts, kind="stable")[::-1][:CLASSES]
    table = np.full(256, CLASSES, np.uint8)
    largest = [number for number in order if counts[number]]
    table[largest] = np.arange(len(largest), dtype=np.uint8)
    return table[classes]


def _read_map(path: Path) -> np.ndarray:
    if not path.is_file():
        raise Unscorable(f"no annotation {path.name}")
    with opened_image(path) as image:
        # Maps are stored as plain gray or with a palette; the numbers are the same.
        if image.mode not in ("L", "P"):
            raise Unscorable(f"{path.name}: an annotation has one channel of 8 bits, not {image.mode}")
        return np.asarray(image)

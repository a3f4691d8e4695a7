"""Whether the images that go by a known name are those that papers scored under it.

`pixels/NAME.txt` has lines of `xSCALE image sha256`: `pixel_hash` of each published reference as RGB, cut
to a multiple of the scale. The lines of x24, cut to a multiple of 24, recognise a picture however it was
cut for the scales in use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from srbench.core.files import file_hash
from srbench.core.records import Pair, Unscorable
from srbench.datasets.catalogue import DATASETS
from srbench.datasets.contract import Dataset
from srbench.datasets.download import published_files
from srbench.images.codec import read_image
from srbench.images.pixels import as_rgb, crop_to_multiple, pixel_hash

# Multiples of it are multiples of every scale in use, so no crop of a distribution touches what it keeps.
_COMMON = 24
_Likeness = Literal["published", "same picture", "other"]


@dataclass(frozen=True)
class _Hashes:
    """Hashes of the published references: at the scale, cut to a multiple of 24, and of whole files."""

    exact: frozenset[str]
    common: frozenset[str]
    files: frozenset[str]


def marked(dataset: Dataset, scale: int, pairs: Sequence[Pair]) -> Dataset:
    """The data set as scores of these pairs name it.

    Name and title carry a mark where the pairs are not the images that papers scored under the name:
    `set5 (1 of 5 images)`, `set5 (other images)`.
    """
    mark = _mark(dataset, scale, pairs)
    if not mark:
        return dataset
    return replace(dataset, name=f"{dataset.name} ({mark})", title=f"{dataset.title} ({mark})")


def unmarked(name: str) -> str:
    """The name of the data set behind a marked name; other names as they are."""
    base = name.partition(" (")[0]
    return base if name not in DATASETS and base in DATASETS else name


def _mark(dataset: Dataset, scale: int, pairs: Sequence[Pair]) -> str:
    known = _known(dataset)
    if known is None or known.images is None:
        return ""
    hashes = _published(known, scale)
    if hashes is None:
        return "" if len(pairs) == known.images else f"{len(pairs)} of {known.images} images"
    found = [_likeness(pair, hashes) for pair in pairs]
    others = found.count("other")
    if others == len(pairs):
        return "other images"
    marks = [f"{len(pairs)} of {known.images} images"] if len(pairs) != known.images else []
    if others:
        marks.append(f"{others} other image{'s' if others > 1 else ''}")
    if "published" in found and scale in known.variants:
        marks.append(known.variants[scale])
    elif "same picture" in found and hashes.exact and scale not in known.variants:
        marks.append("cut to other sizes")
    return ", ".join(marks)


def _known(dataset: Dataset) -> Dataset | None:
    """The catalogue's data set of this name, also where the user's own folder is called so."""
    name = dataset.name.lower()
    return next((known for known in DATASETS if name in (known.name, *map(str.lower, known.folders))), None)


def _published(dataset: Dataset, scale: int) -> _Hashes | None:
    listing = Path(__file__).parent / "pixels" / f"{dataset.name}.txt"
    if not listing.is_file():
        return None
    rows = [line.split() for line in listing.read_text(encoding="utf-8").splitlines()]
    at = {wanted: frozenset(row[2] for row in rows if row[0] == f"x{wanted}") for wanted in (scale, _COMMON)}
    folder_scale = dataset.references_of.get(scale, scale)
    files = frozenset(
        file.sha256
        for file in (published_files(dataset) if dataset.remote else ())
        if file.scale == folder_scale and file.path.endswith("_HR.png")
    )
    return _Hashes(exact=at[scale], common=at[_COMMON], files=files)


def _likeness(pair: Pair, hashes: _Hashes) -> _Likeness:
    if file_hash(pair.reference) in hashes.files:
        return "published"
    try:
        pixels = as_rgb(read_image(pair.reference))
    except Unscorable:
        return "other"
    if pixel_hash(crop_to_multiple(pixels, pair.scale)) in hashes.exact:
        return "published"
    return "same picture" if pixel_hash(crop_to_multiple(pixels, _COMMON)) in hashes.common else "other"

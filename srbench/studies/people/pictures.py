"""The pictures of a study, written under random names in one and the same encoding."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from srbench.core.records import SILENT, Pair, Progress, Unscorable, UserError
from srbench.images.pixels import as_rgb, pixel_hash
from srbench.studies.people.records import Stimulus

if TYPE_CHECKING:
    import numpy as np

FOLDER = "pictures"
Role = Literal["test", "reference", "calibration"]


@dataclass(frozen=True)
class Picture:
    """A picture that is not written yet."""

    method: str
    pair: Pair
    role: Role
    load: Callable[[], np.ndarray]


@dataclass(frozen=True)
class Written:
    """The records of the pictures, and by number the hash of the pixels that each was made of."""

    stimuli: list[Stimulus]
    sources: dict[int, str]


def write(
    pictures: Sequence[Picture], out: Path, *, crop: int, seed: int, progress: Progress = SILENT
) -> Written:
    """Writes the pictures; all versions of an image have one size and one encoding, so that a file tells
    nothing but its pixels."""
    folder = out / FOLDER
    folder.mkdir(parents=True)
    sizes: dict[tuple[str, str], tuple[int, ...]] = {}
    stimuli: list[Stimulus] = []
    sources: dict[int, str] = {}
    progress.begin(len(pictures))
    for number, picture in enumerate(pictures, start=1):
        pair, method = picture.pair, picture.method
        try:
            pixels = as_rgb(picture.load())
        except Unscorable as error:
            raise UserError(f"{method}, {picture.pair.image} of {picture.pair.dataset}: {error}") from None
        place = (picture.pair.dataset, picture.pair.image)
        size = sizes.setdefault(place, pixels.shape)
        if pixels.shape != size:
            raise UserError(
                f"{pair.image} of {pair.dataset} is {pixels.shape[1]}x{pixels.shape[0]} by "
                f"{method} and {size[1]}x{size[0]} by another method; versions must have one size"
            )
        sources[number] = pixel_hash(pixels)
        square = crop or (_largest_side(stimuli) if picture.role == "calibration" else 0)
        pixels = _cut(pixels, square, seed, place)
        file = f"{secrets.token_hex(12)}.png"
        _write_png(folder / file, pixels)
        height, width = pixels.shape[:2]
        stimuli.append(
            Stimulus(
                number,
                picture.method,
                pair.dataset,
                pair.image,
                pair.scale,
                picture.role,
                file,
                width,
                height,
            )
        )
        progress.advance()
    return Written(stimuli, sources)


def _largest_side(stimuli: list[Stimulus]) -> int:
    """Examples are no larger than what is judged."""
    return max((max(one.width, one.height) for one in stimuli if one.role == "test"), default=0)


def _cut(pixels: np.ndarray, crop: int, seed: int, place: tuple[str, str]) -> np.ndarray:
    """A square at a place that is the same for all versions of an image, drawn by the seed."""
    import numpy as np

    height, width = pixels.shape[:2]
    if not crop or (height <= crop and width <= crop):
        return pixels
    rng = np.random.default_rng([seed, 3, *"/".join(place).encode()])
    top = int(rng.integers(0, max(0, height - crop) + 1))
    left = int(rng.integers(0, max(0, width - crop) + 1))
    return pixels[top : top + crop, left : left + crop]


def _write_png(path: Path, pixels: np.ndarray) -> None:
    """RGB, no metadata, one setting for all; the time stamp is no clue either."""
    import numpy as np
    from PIL import Image

    Image.fromarray(np.ascontiguousarray(pixels)).save(path, format="PNG", compress_level=6)
    os.utime(path, (0, 0))

"""Which images show the same: whole, as a crop, reduced, enlarged, flipped or turned.

Two ways, both in all eight orientations:

- A perceptual hash of the whole image (63 bits: the signs of the lowest 8 x 8 cosine coefficients around
  their median; Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010) finds
  the same picture at any size.
- The centre of one image, reduced to 16 x 16 pixels, is correlated with every place of the other at scales
  in steps of 2^(1/4), from half to twice its size, and the other way around: that finds crops.

What they find is decided at 48 x 48 pixels, by normalised cross-correlation: that of the grey levels, where
that of the details agrees. A bright sky over a dark field is alike in many photographs, its details are not.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from srbench.core.records import SILENT, Progress, Unscorable
from srbench.images.codec import read_image

if TYPE_CHECKING:
    from PIL.Image import Image


_SIDE = 16  # pixels of a template when places are looked for
_FINE = 48  # and when they are decided
_CENTRE = 0.75  # of an image's shorter side is the side of its template
_STEP = 2**0.25
_REACH = 4  # steps of scale, smaller and larger
_PROMISING = 0.7
_TRIED = 2  # places for each template that are looked at closely
_ZOOMS = _STEP ** np.linspace(-0.5, 0.5, 5)
_BLUR = 2.0  # pixels of 48: what is finer is a detail
_AGREEING = 0.7  # correlation of details
_MARGIN = 0.2  # of a place's side: how far it may have been missed
_SMALLEST = 64  # pixels of the shorter side of an image whose centre is looked for
_ROWS = 1 << 14  # windows that are compared at a time
_HASHED = 32
_BITS = 63
_NEAR = 10  # differing bits
_FLAT = 1.0  # grey levels of deviation: what varies less has nothing to compare
_FAINT = 0.25  # grey levels, where details are compared
_TURNS = 8


@dataclass(frozen=True)
class Match:
    """Images by their numbers in the two lists, and the correlation of what both show."""

    first: int
    second: int
    correlation: float


@dataclass(frozen=True, order=True)
class _Place:
    """Where the template of image `small` may lie in image `large`: the centre and side of a square."""

    score: float
    small: int
    large: int
    turn: int
    x: float
    y: float
    side: float


def overlaps(
    first: Sequence[Path], second: Sequence[Path], threshold: float, progress: Progress = SILENT
) -> list[Match]:
    """For each image of `first` that shows what one of `second` shows: the most alike of these.

    Images that cannot be read show nothing.
    """
    progress.begin(len(first) + len(second))
    found = [
        *_same_pictures(first, second),
        *(Match(large, small, value) for small, large, value in _crops(second, first, progress)),
        *(Match(small, large, value) for small, large, value in _crops(first, second, progress)),
    ]
    best: dict[int, Match] = {}
    for match in found:
        known = best.get(match.first)
        if match.correlation >= threshold and (known is None or known.correlation < match.correlation):
            best[match.first] = match
    return [best[number] for number in sorted(best)]


def turned(square: np.ndarray, turn: int) -> np.ndarray:
    """One of the eight orientations: bit 1 flips left-right, 2 up-down, 4 transposes (last)."""
    if turn & 1:
        square = square[:, ::-1]
    if turn & 2:
        square = square[::-1]
    return square.T if turn & 4 else square


def _same_pictures(first: Sequence[Path], second: Sequence[Path]) -> Iterator[Match]:
    hashes = np.array([_hash(_whole(path, _HASHED)) for path in first])
    for number, path in enumerate(second):
        picture = _whole(path, _HASHED)
        for turn in range(_TURNS):
            near = (_BITS - hashes @ _hash(turned(picture, turn))) / 2 <= _NEAR
            for other in np.flatnonzero(near).tolist():
                wanted = turned(_whole(path, _FINE), turn)
                yield Match(other, number, _correlation(_whole(first[other], _FINE), wanted))


def _hash(picture: np.ndarray) -> np.ndarray:
    """+1 and -1 for each of the bits, 0 for a flat image."""
    from scipy.fft import dctn

    if picture.std() < _FLAT:
        return np.zeros(_BITS)
    lowest = dctn(picture)[:8, :8].ravel()[1:]
    return np.where(lowest > np.median(lowest), 1.0, -1.0)


def _crops(
    smalls: Sequence[Path], larges: Sequence[Path], progress: Progress
) -> Iterator[tuple[int, int, float]]:
    """Small and large image and their correlation, for the most promising places of each small one."""
    templates = [np.stack([_unit(one) for one in _turns(path, _SIDE)]).astype(np.float32) for path in smalls]
    large_enough = [min(_grey(path).size) >= _SMALLEST for path in smalls]
    shown = [number for number, squares in enumerate(templates) if squares.any() and large_enough[number]]
    steps = np.array([_steps(smalls[number]) for number in shown])
    wanted = np.stack([templates[number] for number in shown]) if shown else np.empty((0, _TURNS, 0))
    promising: list[list[_Place]] = [[] for _ in smalls]
    for large, path in enumerate(larges):
        for place in _places(path, large, wanted, np.array(shown), steps):
            heap = promising[place.small]
            (heapq.heappush if len(heap) < _TRIED else heapq.heappushpop)(heap, place)
        progress.advance()
    for place in sorted((one for heap in promising for one in heap), key=lambda one: (one.large, one.small)):
        yield place.small, place.large, _decided(smalls[place.small], larges[place.large], place)


def _places(
    path: Path, large: int, templates: np.ndarray, shown: np.ndarray, steps: np.ndarray
) -> Iterator[_Place]:
    """The best place of each template in one image, where it is promising.

    `templates` are M x 8 x 256, of the images numbered `shown`, made in so many steps of reduction.
    """
    image = _grey(path)
    best = np.full(len(steps), _PROMISING)
    found: dict[int, _Place] = {}
    for step in range(max(0, min(steps, default=0) - _REACH), max(steps, default=-_REACH - 1) + _REACH + 1):
        width, height = (round(side / _STEP**step) for side in image.size)
        near = np.flatnonzero(abs(steps - step) <= _REACH)
        if min(width, height) < _SIDE or not len(near):
            continue
        wanted = templates[near].reshape(len(near) * _TURNS, -1).T
        scores, rows = _best_windows(np.asarray(image.resize((width, height))), wanted)
        columns = width - _SIDE + 1
        values = scores.reshape(len(near), _TURNS)
        for place, template in enumerate(near.tolist()):
            turn = int(values[place].argmax())
            score = float(values[place, turn])
            if score > best[template]:
                best[template] = score
                y, x = divmod(int(rows[place * _TURNS + turn]), columns)
                unit = image.size[0] / width
                centre = ((x + _SIDE / 2) * unit, (y + _SIDE / 2) * image.size[1] / height)
                found[template] = _Place(score, int(shown[template]), large, turn, *centre, _SIDE * unit)
    yield from found.values()


def _decided(small: Path, large: Path, place: _Place) -> float:
    """The correlation at the best of the places and sizes around one that was found coarsely."""
    wanted = _turns(small, _FINE)[place.turn]
    image = _grey(large)
    best = 0.0
    for zoom in _ZOOMS:
        unit = place.side * zoom / _FINE
        reach = place.side * zoom * (0.5 + _MARGIN)
        box = (
            max(0.0, place.x - reach), max(0.0, place.y - reach),
            min(float(image.size[0]), place.x + reach), min(float(image.size[1]), place.y + reach),
        )  # fmt: skip
        size = (round((box[2] - box[0]) / unit), round((box[3] - box[1]) / unit))
        if min(size) >= _FINE:
            region = np.asarray(image.resize(size, box=box))
            y, x = divmod(int((_windows(region, _FINE) @ _unit(wanted)).argmax()), size[0] - _FINE + 1)
            best = max(best, _correlation(region[y : y + _FINE, x : x + _FINE], wanted))
    return best


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """The correlation of two pictures of one size, 0 where their details do not agree."""
    from scipy.ndimage import gaussian_filter

    details = [_unit(one - gaussian_filter(one, _BLUR)) for one in (first, second)]
    if details[0] @ details[1] < _AGREEING:
        return 0.0
    return float(_unit(first) @ _unit(second))


def _best_windows(image: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each column of `wanted` (256 x N) the highest correlation with a square of the image, and its
    number, row by row."""
    import torch

    height, width = (side - _SIDE + 1 for side in image.shape)
    kind = torch.bfloat16 if _has_bfloat16() else torch.float32
    columns = torch.from_numpy(np.ascontiguousarray(wanted)).to(kind)
    best, where = np.full(wanted.shape[1], -1.0), np.zeros(wanted.shape[1], np.int64)
    lines = max(1, _ROWS // width)
    for top in range(0, height, lines):
        # In bfloat16, where the processor has it, this takes a tenth of the time; places need no more digits.
        windows = torch.from_numpy(_windows(image[top : top + lines + _SIDE - 1], _SIDE))
        scores = torch.matmul(windows.to(kind), columns).float().numpy()
        rows = scores.argmax(axis=0)
        values = scores[rows, np.arange(len(rows))]
        better = values > best
        best[better], where[better] = values[better], rows[better] + top * width
    return best, where


@lru_cache(maxsize=1)
def _has_bfloat16() -> bool:
    from srbench.train.processes import choose_precision

    return choose_precision("cpu", "auto") == "bf16-mixed"


def _windows(image: np.ndarray, side: int) -> np.ndarray:
    """Every square of an image as a row of mean 0 and length 1, 0 where it is flat."""
    views = np.lib.stride_tricks.sliding_window_view(image, (side, side))
    rows = views.reshape(-1, side * side).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows /= np.where(lengths > _FLAT * side, lengths, np.inf)
    return rows


def _unit(picture: np.ndarray) -> np.ndarray:
    """A picture as a vector of mean 0 and length 1; zeros where it is flat."""
    values = picture.ravel() - picture.mean()
    length = float(np.linalg.norm(values))
    return values / length if length > _FAINT * np.sqrt(values.size) else np.zeros_like(values)


def _turns(path: Path, side: int) -> list[np.ndarray]:
    """The centre square of an image, reduced, in all orientations."""
    image = _grey(path)
    half = _CENTRE * min(image.size) / 2
    x, y = image.size[0] / 2, image.size[1] / 2
    square = np.asarray(image.resize((side, side), box=(x - half, y - half, x + half, y + half)))
    return [turned(square, turn) for turn in range(_TURNS)]


def _steps(path: Path) -> int:
    """By how many steps an image's template is smaller than its centre."""
    return round(np.log(max(1.0, _CENTRE * min(_grey(path).size) / _SIDE)) / np.log(_STEP))


def _whole(path: Path, side: int) -> np.ndarray:
    return np.asarray(_grey(path).resize((side, side)))


@lru_cache(maxsize=4)
def _grey(path: Path) -> Image:
    """An image's grey levels as floats, a single pixel where it cannot be read."""
    from PIL import Image

    try:
        pixels = read_image(path)
    except (Unscorable, OSError):
        pixels = np.zeros((1, 1), np.uint8)
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    return Image.fromarray(grey.astype(np.float32))

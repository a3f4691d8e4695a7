"""Which values stand for black and white in a model that does not say so.

A network that was made for -1 to 1 also enlarges an image given as 0 to 1, only worse: it sees half the
contrast. So each range is tried on photographs whose originals are known, and the one that restores them best
is taken where it is clearly ahead of every range that gives other pixels: at full contrast, at which networks
are trained, and over full and half contrast together (at half contrast alone a range too wide by half may do
better). For networks that invent texture, and so are behind bicubic enlargement, this says nothing: they
restore better what they see with less contrast. Such a network shows its range only by what is beyond it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np

from srbench.core.records import Unscorable

Range = tuple[float, float]
# Levels: those of most networks, of 8-bit images, of tanh, and of images whose mean is taken out.
CANDIDATES: tuple[Range, ...] = ((0.0, 1.0), (0.0, 255.0), (-1.0, 1.0), (-0.5, 0.5))
NAMES: dict[str, Range] = {
    "1": (0.0, 1.0),
    "255": (0.0, 255.0),
    "signed": (-1.0, 1.0),
    "centred": (-0.5, 0.5),
}
# dB ahead of the next range at full contrast, and at full and half contrast together: wrong ranges of the
# networks here come as near as 0.01 and 0.1 to the right one, or are ahead at half contrast.
FULL_MARGIN = 0.05
MARGIN = 0.3
# dB ahead, for networks that do no better than bicubic enlargement.
TEXTURE_MARGIN = 3.0
SIDE = 32
_PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")
_CONTRASTS = (1.0, 0.5)
_OFF = 0.15  # of the range: how far black and white of the outputs may be from those of a candidate


@dataclass(frozen=True)
class Found:
    """The ranges of inputs and outputs, whether they are clear, and by how many dB they are ahead (inf: of
    none); `others` are the input ranges that may be right as well."""

    input: Range
    output: Range
    clear: bool
    ahead: float
    others: tuple[Range, ...]


@dataclass(frozen=True)
class _Trial:
    """What one range of inputs gives: PSNR at each contrast, and the gain over bicubic at full contrast."""

    input: Range
    output: Range
    quality: tuple[float, ...]
    gain: float
    pixels: bytes

    def ahead_of(self, other: _Trial) -> tuple[float, float]:
        """By how many dB at full contrast, and at all contrasts together."""
        differences = [one - two for one, two in zip(self.quality, other.quality, strict=True)]
        return differences[0], sum(differences)


def named_range(text: str) -> Range | None:
    """The range of a name or of `LOW..HIGH`; None for other texts."""
    if text in NAMES:
        return NAMES[text]
    match = re.fullmatch(r"(-?[\d.]+)\.\.(-?[\d.]+)", text)
    try:
        low, high = (float(part) for part in match.groups()) if match else (0.0, 0.0)
    except ValueError:
        return None
    return (low, high) if low < high else None


def range_text(found: Range) -> str:
    """A range as people write it: `0 to 1`."""
    return f"{found[0]:g} to {found[1]:g}"


def find_ranges(
    answer: Callable[[np.ndarray], np.ndarray],
    scale: int,
    channels: int,
    *,
    size: tuple[int, int] = (SIDE, SIDE),
    inputs: Sequence[Range] = CANDIDATES,
    outputs: Sequence[Range] = CANDIDATES,
) -> Found | None:
    """The ranges of a network, given what it answers to C x H x W float32; None where no range restores.

    `size` is the height and width that it is given, `inputs` and `outputs` are the ranges that come into
    question.
    """
    pairs = [_pairs(scale, channels, size, contrast) for contrast in _CONTRASTS]
    trials = [trial for one in inputs if (trial := _tried(answer, scale, one, outputs, pairs))]
    if not trials:
        return None
    best = max(trials, key=lambda trial: trial.quality[0])
    same = next(trial for trial in trials if trial.pixels == best.pixels)  # the most usual of equal ones
    others = [trial for trial in trials if trial.pixels != best.pixels]
    near = [trial for trial in others if not _clear(best, trial)]
    ahead = min((best.ahead_of(trial)[0] for trial in others), default=float("inf"))
    return Found(same.input, same.output, not near, ahead, tuple(trial.input for trial in near))


def _clear(best: _Trial, other: _Trial) -> bool:
    full, together = best.ahead_of(other)
    if best.gain <= 0:
        return full >= TEXTURE_MARGIN
    return full >= FULL_MARGIN and together >= MARGIN


def _tried(
    answer: Callable[[np.ndarray], np.ndarray],
    scale: int,
    candidate: Range,
    outputs: Sequence[Range],
    pairs: Sequence[Sequence[tuple[np.ndarray, np.ndarray]]],
) -> _Trial | None:
    low, high = candidate
    try:
        answers = [
            [answer((image * (high - low) + low).astype(np.float32)) for image, _ in of_contrast]
            for of_contrast in pairs
        ]
    except Unscorable:
        return None
    if not all(np.isfinite(one).all() for of_contrast in answers for one in of_contrast):
        return None
    output = _output_range([image for image, _ in pairs[0]], answers[0], scale, outputs)
    if output is None:
        return None
    low, high = output
    results = [[((one - low) / (high - low)).clip(0.0, 1.0) for one in made] for made in answers]
    quality = tuple(_quality(made, of_contrast) for made, of_contrast in zip(results, pairs, strict=True))
    gain = quality[0] - _quality([_bicubic(image, scale) for image, _ in pairs[0]], pairs[0])
    levels = (np.floor(one * 255 + 0.5).astype(np.uint8) for made in results for one in made)
    return _Trial(candidate, output, quality, gain, b"".join(one.tobytes() for one in levels))


def _output_range(
    images: Sequence[np.ndarray], answers: Sequence[np.ndarray], scale: int, outputs: Sequence[Range]
) -> Range | None:
    """The range in which reduced answers are nearest to what was given; None where they are in none."""
    reduced = [
        one.reshape(one.shape[0], one.shape[1] // scale, scale, one.shape[2] // scale, scale).mean(
            axis=(2, 4)
        )
        for one in answers
    ]
    seen, found = (np.concatenate([one.ravel() for one in planes]) for planes in (images, reduced))
    gain, black = np.polyfit(seen, found, 1)
    nearest = min(outputs, key=lambda one: _distance(one, black, black + gain))
    return nearest if _distance(nearest, black, black + gain) <= _OFF else None


def _distance(candidate: Range, black: float, white: float) -> float:
    low, high = candidate
    return (abs(black - low) + abs(white - high)) / (high - low)


def _reduced(image: np.ndarray, scale: int) -> np.ndarray:
    """C x H x W, averaged over squares of `scale` pixels a side."""
    channels, height, width = image.shape
    return image.reshape(channels, height // scale, scale, width // scale, scale).mean(axis=(2, 4))


def _quality(results: Sequence[np.ndarray], pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """Mean PSNR of what should be the originals."""
    errors = [np.mean((one - original) ** 2) for one, (_, original) in zip(results, pairs, strict=True)]
    return float(np.mean([-10 * np.log10(max(error, 1e-12)) for error in errors]))


def _bicubic(image: np.ndarray, scale: int) -> np.ndarray:
    from srbench.images.resize import imresize_double

    return imresize_double(image.transpose(1, 2, 0), scale).transpose(2, 0, 1).clip(0.0, 1.0)


@lru_cache(maxsize=8)
def _pairs(
    scale: int, channels: int, size: tuple[int, int], contrast: float
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Reduced photographs and their originals, C x H x W in 0 to 1."""
    from srbench.images.resize import imresize

    pairs = []
    for name in _PHOTOGRAPHS:
        original = _photograph(name, size[0] * scale, size[1] * scale)
        original = np.rint((original - 127.5) * contrast + 127.5).astype(np.uint8)
        plane = original if channels == 3 else np.rint(original.mean(axis=2)).astype(np.uint8)
        pairs.append((_planes(imresize(plane, Fraction(1, scale))), _planes(plane)))
    return tuple(pairs)


@lru_cache(maxsize=16)
def _photograph(name: str, height: int, width: int) -> np.ndarray:
    """The part of a photograph with the most contrast, uint8 H x W x 3; mirrored where it is too small."""
    import skimage

    from srbench.images.codec import read_image

    image = read_image(Path(skimage.__file__).parent / "data" / name)
    missing = [max(0, need - have) for need, have in zip((height, width), image.shape[:2], strict=True)]
    image = np.pad(image, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="symmetric")
    places = [
        (top, left)
        for top in range(0, image.shape[0] - height + 1, max(1, height // 2))
        for left in range(0, image.shape[1] - width + 1, max(1, width // 2))
    ]
    parts = (image[top : top + height, left : left + width] for top, left in places)
    return max(parts, key=lambda part: float(part.std()))


def _planes(image: np.ndarray) -> np.ndarray:
    return np.atleast_3d(image).transpose(2, 0, 1) / 255.0

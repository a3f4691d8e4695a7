"""Which values stand for black and white in a model that does not say so.

A network that was made for -1 to 1 also enlarges an image given as 0 to 1, only worse: it sees half the
contrast. So each range is tried on images whose originals are known, at two contrasts, and the one that
restores them best is taken where it is ahead of every range that gives other pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from srbench.core.records import Unscorable

Range = tuple[float, float]
# Levels: those of most networks, of 8-bit images, of tanh, and of images whose mean is taken out.
CANDIDATES: tuple[Range, ...] = ((0.0, 1.0), (0.0, 255.0), (-1.0, 1.0), (-0.5, 0.5))
MARGIN = 0.05  # dB; the nearest wrong range of networks trained here is 0.1 to 0.3 dB behind
_SIDE = 32
_IMAGES = 4
_CONTRASTS = (1.0, 0.5)
_OFF = 0.15  # of the range: how far black and white of the outputs may be from those of a candidate


@dataclass(frozen=True)
class Found:
    """The ranges of inputs and outputs, and by how many dB they are ahead of others (inf: of none)."""

    input: Range
    output: Range
    ahead: float


@dataclass(frozen=True)
class _Trial:
    input: Range
    output: Range
    quality: float
    pixels: bytes


def find_ranges(answer: Callable[[np.ndarray], np.ndarray], scale: int, channels: int) -> Found | None:
    """The ranges of a network, given what it answers to C x H x W float32; None where no range restores.

    `ahead` is below `MARGIN` where it cannot be told.
    """
    trials = [trial for candidate in CANDIDATES if (trial := _tried(answer, scale, channels, candidate))]
    if not trials:
        return None
    best = max(trials, key=lambda trial: trial.quality)
    same = next(trial for trial in trials if trial.pixels == best.pixels)  # the most usual of equal ones
    others = [best.quality - trial.quality for trial in trials if trial.pixels != best.pixels]
    return Found(same.input, same.output, min(others, default=float("inf")))


def _tried(
    answer: Callable[[np.ndarray], np.ndarray], scale: int, channels: int, candidate: Range
) -> _Trial | None:
    low, high = candidate
    pairs = _pairs(scale, channels)
    try:
        answers = [answer((image * (high - low) + low).astype(np.float32)) for image, _ in pairs]
    except Unscorable:
        return None
    if not all(np.isfinite(one).all() for one in answers):
        return None
    reduced = [one.reshape(channels, _SIDE, scale, _SIDE, scale).mean(axis=(2, 4)) for one in answers]
    seen = np.concatenate([image.ravel() for image, _ in pairs])
    gain, black = np.polyfit(seen, np.concatenate([one.ravel() for one in reduced]), 1)
    output = min(CANDIDATES, key=lambda one: _distance(one, black, black + gain))
    if _distance(output, black, black + gain) > _OFF:
        return None
    results = [((one - output[0]) / (output[1] - output[0])).clip(0.0, 1.0) for one in answers]
    errors = [np.mean((result - original) ** 2) for result, (_, original) in zip(results, pairs, strict=True)]
    quality = float(np.mean([-10 * np.log10(max(error, 1e-12)) for error in errors]))
    pixels = b"".join(np.floor(result * 255 + 0.5).astype(np.uint8).tobytes() for result in results)
    return _Trial(candidate, output, quality, pixels)


def _distance(candidate: Range, black: float, white: float) -> float:
    low, high = candidate
    return (abs(black - low) + abs(white - high)) / (high - low)


@lru_cache(maxsize=8)
def _pairs(scale: int, channels: int) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Reduced images and their originals, C x H x W in 0 to 1."""
    from srbench.images.resize import imresize

    pairs = []
    for seed in range(_IMAGES):
        for contrast in _CONTRASTS:
            original = _dead_leaves(_SIDE * scale, seed)[..., :channels]
            original = np.rint((original - 127.5) * contrast + 127.5).astype(np.uint8)
            plane = original if channels == 3 else original[..., 0]
            reduced = imresize(plane, Fraction(1, scale)).reshape(_SIDE, _SIDE, channels)
            pairs.append((_planes(reduced), _planes(original)))
    return tuple(pairs)


def _planes(image: np.ndarray) -> np.ndarray:
    return image.transpose(2, 0, 1) / 255.0


def _dead_leaves(side: int, seed: int) -> np.ndarray:
    """Discs that hide one another, as edges of natural images do (Lee, Mumford, Huang, IJCV 2001)."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    image = np.full((side, side, 3), 127.5)
    for _ in range(250):
        radius = side / 40 * (1 - random.random() * 0.99) ** -0.5
        row, column = random.uniform(0, side, 2)
        inside = (y - row) ** 2 + (x - column) ** 2 <= radius**2
        shade = random.uniform(-40, 40)
        image[inside] = random.uniform(0, 255, 3) + shade * (x[inside] - column)[:, None] / max(radius, 1)
    return image.clip(0, 255)


RANGES: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "1": ((0.0, 1.0), (0.0, 1.0)),
    "255": ((0.0, 255.0), (0.0, 255.0)),
    "signed": ((-1.0, 1.0), (-1.0, 1.0)),
    "signed-output": ((0.0, 1.0), (-1.0, 1.0)),
    "centred": ((-0.5, 0.5), (-0.5, 0.5)),
}

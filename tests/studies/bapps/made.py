"""A small BAPPS in the official layout, with distances and judgements that are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

JUDGEMENTS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def make_2afc(root: Path, subset: str = "superres", count: int = 12, seed: int = 0) -> list[float]:
    """Writes triplets whose p0 and p1 differ from ref by constants; every fourth is a tie.

    Returns the score of each triplet for any metric that grows with the constant.
    """
    rng = np.random.default_rng(seed)
    folder = root / "2afc" / "val" / subset
    for role in ("ref", "p0", "p1", "judge"):
        (folder / role).mkdir(parents=True)
    scores = []
    for number in range(count):
        reference = rng.integers(40, 200, (64, 64, 3)).astype(np.uint8)
        first, second = rng.choice(np.arange(1, 40), 2, replace=False)
        if number % 4 == 3:
            second = first
        judgement = float(rng.choice(JUDGEMENTS))
        for role, shift in (("ref", 0), ("p0", first), ("p1", second)):
            Image.fromarray(reference + np.uint8(shift)).save(folder / role / f"{number:06d}.png")
        np.save(folder / "judge" / f"{number:06d}.npy", np.array([judgement], dtype=np.float32))
        agreed = judgement if second < first else 1 - judgement
        scores.append(0.5 if first == second else agreed)
    return scores


def make_jnd(
    root: Path, subset: str = "cnn", count: int = 10, seed: int = 0
) -> tuple[list[int], list[float]]:
    """Writes pairs that differ by constants; returns the constants and the fractions of "the same"."""
    rng = np.random.default_rng(seed)
    folder = root / "jnd" / "val" / subset
    for role in ("p0", "p1", "same"):
        (folder / role).mkdir(parents=True)
    shifts = [int(shift) for shift in rng.permutation(np.arange(1, count + 1))]
    fractions = [float(rng.choice((0.0, 1 / 3, 2 / 3, 1.0))) for _ in shifts]
    for number, (shift, same) in enumerate(zip(shifts, fractions, strict=True)):
        first = rng.integers(40, 200, (64, 64, 3)).astype(np.uint8)
        Image.fromarray(first).save(folder / "p0" / f"{number:06d}.png")
        Image.fromarray(first + np.uint8(shift)).save(folder / "p1" / f"{number:06d}.png")
        np.save(folder / "same" / f"{number:06d}.npy", np.array(same))
    return shifts, fractions

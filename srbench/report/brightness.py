"""ESRGAN's Figure 9a: whether outputs are as bright as the reference.

As in section 4.4 of the paper, images are made gray and filtered by a Gaussian, "to eliminate the influences
of textures and color", before their brightness is counted. The paper does not print the Gaussian's width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from srbench.core.figures import COLOURS, LINES, Drawn
from srbench.core.records import Pair, UsageError, UserError
from srbench.images.codec import read_to_show
from srbench.images.pixels import as_rgb, crop_to_multiple, matlab_gray
from srbench.report.pictures import REFERENCE, reference_files
from srbench.runs.data import RunData
from srbench.runs.plan import output_path
from srbench.statistics.intervals import Interval, mean_interval
from srbench.tables.boards import Board

LEVELS = 256
_BIN = 4  # levels that a point of the histogram covers
_LABELS = 0.42  # inches from an axis to below its label


@dataclass(frozen=True)
class Brightness:
    """Of one method over the images: share of pixels at each of the 256 levels, mean level, and how much
    brighter it is than the reference, with the 95% interval of that over images (None for one image)."""

    name: str
    shares: np.ndarray
    mean: float
    difference: float
    interval: Interval | None
    n: int


def levels(image: np.ndarray, sigma: float) -> np.ndarray:
    """Brightness of each pixel of a uint8 image (H x W or H x W x 3): rounded gray levels from 0 to 255 after
    a Gaussian of `sigma` pixels, edges replicated; H x W, uint8."""
    from scipy.ndimage import gaussian_filter

    gray = matlab_gray(as_rgb(image)).astype(np.float64)
    smooth = gaussian_filter(gray, sigma, mode="nearest") if sigma else gray
    return np.floor(smooth + 0.5).astype(np.uint8)


def measure(
    run: RunData, folders: Sequence[Path], board: Board, images: Sequence[str], methods: Sequence[str],
    roots: Sequence[Path], sigma: float,
) -> list[Brightness]:  # fmt: skip
    """The reference, then each method, over the same images; `UserError` where a file is not here."""
    files = reference_files(run, folders, board.dataset, board.scale, roots)
    missing = [image for image in images if image not in files]
    if missing:
        raise UserError(f"the reference of {missing[0]} was not found; --data-root DIR says where it lies")
    counts = {name: np.zeros((len(images), LEVELS)) for name in (REFERENCE, *methods)}
    for row, image in enumerate(images):
        reference = crop_to_multiple(as_rgb(read_to_show(files[image])), board.scale)
        counts[REFERENCE][row] = _shares(levels(reference, sigma))
        for method in methods:
            output = read_to_show(
                _output(folders, method, Pair(board.dataset, image, board.scale, Path(), None))
            )
            counts[method][row] = _shares(levels(output, sigma))
    of_level = np.arange(LEVELS)
    means = {name: shares @ of_level for name, shares in counts.items()}
    return [
        Brightness(
            name=name,
            shares=shares.mean(axis=0),
            mean=float(means[name].mean()),
            difference=float((means[name] - means[REFERENCE]).mean()),
            interval=None if name == REFERENCE else mean_interval(means[name] - means[REFERENCE]),
            n=len(images),
        )
        for name, shares in counts.items()
    ]


def _shares(of_pixels: np.ndarray) -> np.ndarray:
    return np.bincount(of_pixels.ravel(), minlength=LEVELS) / of_pixels.size


def _output(folders: Sequence[Path], method: str, pair: Pair) -> Path:
    paths = [output_path(folder, method, pair) for folder in folders]
    found = next((path for path in paths if path.is_file()), None)
    if found is None:
        raise UserError(
            f"there is no output of {method} for {pair.image} ({paths[0]}); leave it out of --methods"
        )
    return found


def chosen(names: Sequence[str], known: Sequence[str], what: str) -> list[str]:
    """The names, or all that are known where none are given; `UsageError` for one that is not known."""
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"the run has no {what} '{unknown[0]}'; it has: {', '.join(known)}")
    return list(names or known)


def brightness(found: Sequence[Brightness], board: Board, sigma: float) -> Drawn:
    """Left, the distribution of brightness; right, how much brighter each method is than the reference."""
    from matplotlib.figure import Figure

    others = found[1:]
    figure = Figure(figsize=(7.2, max(2.6, 1.0 + 0.26 * len(others))))
    left, right = figure.subplots(1, 2, width_ratios=(1.5, 1), gridspec_kw={"wspace": 0.65})
    colours = [COLOURS[index % len(COLOURS)] for index in range(len(others))]
    lines = [LINES[index // len(COLOURS) % len(LINES)] for index in range(len(others))]
    middles, shares = _points(found[0])
    left.fill_between(middles, shares, color="0.85", lw=0, label=REFERENCE)
    for one, colour, line in zip(others, colours, lines, strict=True):
        left.plot(*_points(one), color=colour, ls=line, lw=1.1, label=one.name)
    left.set_xlabel("brightness (gray level)")
    left.set_ylabel(f"share of pixels in {_BIN} levels [%]")
    left.set_xlim(0, LEVELS - 1)
    left.set_ylim(bottom=0)
    # Below the axes' labels, where no curve is.
    below = figure.subplotpars.bottom - _LABELS / figure.get_figheight()
    figure.legend(
        *left.get_legend_handles_labels(), loc="upper center", bbox_to_anchor=(0.5, below),
        ncols=min(6, len(found)), fontsize=6.5, frameon=False,
    )  # fmt: skip
    for row, (one, colour) in enumerate(zip(others, colours, strict=True)):
        if one.interval:
            right.plot([one.interval.low, one.interval.high], [row, row], color=colour, lw=1.6)
        right.plot(one.difference, row, "o", color=colour, ms=5)
    right.axvline(0, color="black", lw=0.8)
    right.set_yticks(range(len(others)), [one.name for one in others])
    right.set_ylim(len(others) - 0.5, -0.5)
    right.set_xlabel("brighter than the reference by [levels]")
    place = {"dataset": board.dataset, "scale": board.scale, "sigma": sigma}
    return Drawn(figure, [place | row for row in _rows(found)], _caption(found, board, sigma))


def _points(one: Brightness) -> tuple[np.ndarray, np.ndarray]:
    """Middles of the histogram's bins, and the per cent of pixels in each."""
    shares = 100 * one.shares.reshape(-1, _BIN).sum(axis=1)
    return np.arange(LEVELS // _BIN) * _BIN + (_BIN - 1) / 2, shares


def _rows(found: Sequence[Brightness]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for one in found:
        low, high = (one.interval.low, one.interval.high) if one.interval else (None, None)
        row = {"method": one.name, "n": one.n, "low": None, "high": None}
        rows.append(row | {"quantity": "mean level", "value": one.mean})
        rows.append(
            row
            | {
                "quantity": "mean level minus the reference's",
                "value": one.difference,
                "low": low,
                "high": high,
            }
        )
        rows += [
            row | {"quantity": "share of pixels", "level": level, "value": float(share)}
            for level, share in enumerate(one.shares)
        ]
    return rows


def _caption(found: Sequence[Brightness], board: Board, sigma: float) -> str:
    n = found[0].n
    images = f"{n} images" if n > 1 else "1 image"
    bars = "; bars: 95% intervals over images" if any(one.interval for one in found) else ""
    blur = f"a Gaussian of {sigma:g} pixels" if sigma else "no filter"
    return (
        f"{board.dataset} ×{board.scale}, {images}: gray levels from 0 to 255 after {blur} (ESRGAN, "
        f"Figure 9a; its width there is not printed). Nearer to the reference is better{bars}."
    )

"""ESRGAN's Figure 6: how few features of VGG-19 are active after its activations, and what is there before.

Section 3.2: "the average percentage of activated neurons for image 'baboon' after VGG19-54 layer is merely
11.17%". VGG19-54 is the fourth convolution before the fifth pooling: `conv5_4` before activation, `relu5_4`
after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from srbench.core.figures import COLOURS, Drawn
from srbench.core.files import file_hash
from srbench.core.records import SILENT, Progress, Unscorable, UserError
from srbench.images.codec import read_image
from srbench.images.pixels import as_rgb
from srbench.statistics.intervals import Interval, mean_interval
from srbench.studies.reported import reported
from srbench.train.perception import IMAGENET, LAYERS, RANDOM, feature_network

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACTIVATED = tuple(name for name in LAYERS if name.startswith("relu"))
_SHOWN = ("relu2_2", "relu3_4", "relu4_4", "relu5_4")  # VGG19-22, -34, -44, -54
_UNIT_INTERVAL = (0.0, 1.0)


@dataclass(frozen=True)
class Active:
    """The share of active neurons of each layer of `ACTIVATED` for one image, from 0 to 1."""

    image: Path
    sha256: str
    neurons: tuple[int, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Maps:
    """A feature map of a layer before and after activation: of the channel whose share of active neurons is
    the median of the layer's."""

    layer: str
    channel: int
    before: np.ndarray
    after: np.ndarray


def measure(
    images: Sequence[Path], features: str, *, progress: Progress = SILENT
) -> tuple[list[Active], list[Maps]]:
    """Active neurons for each image, and maps of the first one; `features` is as in `srbench train`.

    Whole images go through the network, standardised as in its training.
    """
    wanted = [*ACTIVATED, *(name.replace("relu", "conv") for name in _SHOWN)]
    network = feature_network(features, wanted)
    progress.begin(len(images))
    found, maps = [], []
    for number, path in enumerate(images):
        pixels = as_rgb(read_image(path))
        if min(pixels.shape[:2]) < 16:
            raise Unscorable(f"{path}: VGG-19 needs sides of 16 pixels")
        with torch.inference_mode():
            seen = network(torch.from_numpy(pixels.transpose(2, 0, 1)[None].astype(np.float32) / 255))
        shares = tuple(float((seen[name] > 0).double().mean()) for name in ACTIVATED)
        found.append(Active(path, file_hash(path), tuple(seen[name].numel() for name in ACTIVATED), shares))
        if number == 0:
            maps = [_maps(name, seen) for name in _SHOWN]
        progress.advance()
    return found, maps


def _maps(layer: str, seen: dict[str, torch.Tensor]) -> Maps:
    after = seen[layer][0]
    order = (after > 0).double().mean(dim=(1, 2)).argsort(stable=True)
    channel = int(order[len(order) // 2])
    before = seen[layer.replace("relu", "conv")][0, channel]
    return Maps(layer, channel, before.numpy(), after[channel].numpy())


def figure(found: Sequence[Active], maps: Sequence[Maps], features: str) -> Drawn:
    """Above, maps before and after activation; below, the share of active neurons of every layer."""
    from matplotlib.figure import Figure

    if not found:
        raise UserError("no image was given")
    drawn = Figure(figsize=(7.2, 5.4))
    grid = drawn.add_gridspec(3, len(maps), height_ratios=(1, 1, 1.05), hspace=0.22, wspace=0.08)
    for column, one in enumerate(maps):
        title = f"VGG19-{one.layer[4]}{one.layer[6]}"
        reach = float(np.abs(one.before).max()) or 1.0
        sides = ("before", "after") if column == 0 else ("", "")
        _map(drawn.add_subplot(grid[0, column]), one.before, reach, title, sides[0])
        _map(drawn.add_subplot(grid[1, column]), one.after, reach, "", sides[1])
    axes = drawn.add_subplot(grid[2, :])
    rows = _rows(found, features)
    means = [row for row in rows if row["image"] == "mean"]
    axes.bar(range(len(means)), [100 * row["share"] for row in means], 0.7, color=COLOURS[0])
    for place, row in enumerate(means):
        top = row["share"]
        if row["low"] is not None:
            axes.plot([place, place], [100 * row["low"], 100 * row["high"]], color="black", lw=0.9)
            top = max(top, row["high"])
        axes.annotate(
            f"{100 * row['share']:.1f}",
            (place, 100 * top),
            (0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=7,
        )
    axes.set_xticks(range(len(means)), [name.removeprefix("relu") for name in ACTIVATED], fontsize=7.5)
    axes.set_ylabel("active neurons [%]")
    axes.set_xlabel("convolution of VGG-19, after its activation")
    axes.set_ylim(0, 100)
    return Drawn(drawn, rows, _caption(found, maps, features))


def _map(axes: Axes, values: np.ndarray, reach: float, title: str, side: str) -> None:
    axes.imshow(values, cmap="RdBu_r", vmin=-reach, vmax=reach)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(title, fontsize=8)
    axes.set_ylabel(side, fontsize=8)


def _rows(found: Sequence[Active], features: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for place, layer in enumerate(ACTIVATED):
        shares = [one.shares[place] for one in found]
        interval: Interval | None = mean_interval(shares, bounds=_UNIT_INTERVAL)
        rows.append(
            {
                "layer": layer, "image": "mean", "sha256": "", "n": len(found), "neurons": None,
                "share": float(np.mean(shares)), "low": interval.low if interval else None,
                "high": interval.high if interval else None, "weights": _weights(features),
            }
        )  # fmt: skip
        rows += [
            {
                "layer": layer, "image": one.image.stem, "sha256": one.sha256, "n": 1,
                "neurons": one.neurons[place], "share": one.shares[place], "low": None, "high": None,
                "weights": _weights(features),
            }
            for one in found
        ]  # fmt: skip
    return rows


def _weights(features: str) -> str:
    return features if features in (IMAGENET, RANDOM) else Path(features).name


def _caption(found: Sequence[Active], maps: Sequence[Maps], features: str) -> str:
    n = f"{len(found)} images" if len(found) > 1 else found[0].image.stem
    bars = "; bars: 95% intervals over images" if len(found) > 1 else ""
    channels = ", ".join(str(one.channel) for one in maps)
    paper = next(row for row in reported("esrgan") if row.metric == "active_neurons")
    said = {
        IMAGENET: f"ImageNet's weights; ESRGAN reports {paper.printed}% for 5_4 and the image baboon",
        RANDOM: "made weights (random, fixed seed), not ImageNet's: not comparable with the number of ESRGAN",
    }.get(features, f"weights of {Path(features).name}")
    return (
        f"VGG-19 on {n}{bars}; {said}. Maps: {found[0].image.stem}, channels {channels}, each the median of "
        "its layer by active neurons; red above zero, blue below."
    )

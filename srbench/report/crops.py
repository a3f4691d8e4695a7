"""The usual comparison figure: the whole picture with a box, and the crop of every method with its scores."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.core.figures import save, style
from srbench.core.files import file_name
from srbench.core.records import Pair, UsageError, UserError
from srbench.images.codec import read_image
from srbench.images.pixels import as_rgb
from srbench.report.figures import new_figure
from srbench.runs.data import RunData
from srbench.runs.folder import output_path
from srbench.runs.reader import read_run
from srbench.tables.boards import MetricInfo
from srbench.tables.text import format_value

if TYPE_CHECKING:
    import numpy as np

_BOX = "#ff1f3d"


@dataclass(frozen=True)
class Request:
    """What the figure shows; empty `methods` and `metrics` are all of the run, `dataset` may be left out
    where only one has the image."""

    image: str
    box: tuple[int, int, int, int]
    methods: tuple[str, ...]
    metrics: tuple[str, ...]
    dataset: str
    protocol: str


def parse_box(text: str) -> tuple[int, int, int, int]:
    """`x,y,w,h` in pixels of the output."""
    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts):
        raise UsageError(f"--box {text}: give x,y,w,h in pixels, e.g. 120,80,64,48")
    x, y, width, height = (int(part) for part in parts)
    if width < 1 or height < 1:
        raise UsageError(f"--box {text}: width and height must be at least 1")
    return x, y, width, height


def write_crops(folder: Path, request: Request, out: Path | None) -> list[Path]:
    """Writes the figure as SVG and PNG; `out` is the path without its suffix."""
    run = read_run(folder)
    dataset, scale, protocol = _place(run, request)
    known = list(dict.fromkeys(score.method for score in run.scores))
    for name in request.methods:
        if name not in known:
            raise UsageError(f"the run has no method '{name}'; it has: {', '.join(known)}")
    metrics = _metrics(run, request)
    pair = Pair(dataset, request.image, scale, Path(), None)
    chosen = request.methods or tuple(_order(run, known))
    pictures = {name: _picture(output_path(folder, name, pair), name) for name in chosen}
    scores = {
        (score.method, score.metric): score.value
        for score in run.scores
        if (score.dataset, score.scale, score.protocol, score.image)
        == (dataset, scale, protocol, request.image)
    }
    whole = next((pictures[name] for name in chosen if name in run.references()), pictures[chosen[0]])
    _check_box(request.box, whole)
    with style(8):
        figure = _figure(request.box, whole, pictures, _captions(chosen, metrics, scores))
        stem = out or folder / "figures" / file_name(f"{dataset}_{request.image}_crops")
        stem.parent.mkdir(parents=True, exist_ok=True)
        return save(figure, stem)


def _place(run: RunData, request: Request) -> tuple[str, int, str]:
    """Data set, scale and protocol of the image."""
    places = sorted(
        {
            (score.dataset, score.scale, score.protocol)
            for score in run.scores
            if score.image == request.image
            and request.dataset in ("", score.dataset)
            and request.protocol in ("", score.protocol)
        }
    )
    if not places:
        names = sorted({score.image for score in run.scores})
        raise UsageError(
            f"the run has no image '{request.image}'; it has {', '.join(names[:8])}{' …' * (len(names) > 8)}"
        )
    datasets = sorted({place[:2] for place in places})
    if len(datasets) > 1:
        found = ", ".join(f"{name} x{scale}" for name, scale in datasets)
        raise UsageError(
            f"several data sets have an image '{request.image}' ({found}); choose one with --dataset"
        )
    # Of several protocols the default one comes first; its name stands in no caption, for any will do.
    return next((place for place in places if place[2] == "srbench"), places[0])


def _metrics(run: RunData, request: Request) -> list[MetricInfo]:
    infos = run.metrics()
    for name in request.metrics:
        if name not in infos:
            raise UsageError(f"the run has no metric '{name}'; it has: {', '.join(infos)}")
    return [infos[name] for name in request.metrics] or list(infos.values())[:2]


def _order(run: RunData, known: list[str]) -> list[str]:
    """The reference first, the rest as the run has them."""
    return sorted(known, key=lambda name: name not in run.references())


def _picture(path: Path, method: str) -> np.ndarray:
    if not path.is_file():
        raise UserError(f"there is no output of {method} for this image ({path}); leave it out of --methods")
    return as_rgb(read_image(path))


def _check_box(box: tuple[int, int, int, int], whole: np.ndarray) -> None:
    x, y, width, height = box
    if x + width > whole.shape[1] or y + height > whole.shape[0]:
        raise UsageError(
            f"--box {x},{y},{width},{height} reaches beyond the image of "
            f"{whole.shape[1]}x{whole.shape[0]} pixels"
        )


def _captions(
    methods: tuple[str, ...], metrics: list[MetricInfo], scores: dict[tuple[str, str], float | None]
) -> dict[str, str]:
    def text(method: str, info: MetricInfo) -> str:
        value = scores.get((method, info.name))
        return "–" if value is None else format_value(value, info)

    titles = " / ".join(info.title for info in metrics)
    captions = {name: f"{name}\n{' / '.join(text(name, info) for info in metrics)}" for name in methods}
    return {"": titles, **captions}


def _figure(
    box: tuple[int, int, int, int],
    whole: np.ndarray,
    pictures: dict[str, np.ndarray],
    captions: dict[str, str],
) -> Any:
    from matplotlib.patches import Rectangle

    x, y, width, height = box
    columns = min(4, math.ceil(len(pictures) / 2)) if len(pictures) > 1 else 1
    rows = math.ceil(len(pictures) / columns)
    cell = 1.3
    crop_height = cell * height / width + 0.36
    tall = rows * crop_height
    wide = (tall - 0.36) * whole.shape[1] / whole.shape[0]
    figure, axes = new_figure(wide + columns * (cell + 0.08), tall)
    axes.remove()
    grid = figure.add_gridspec(
        rows,
        columns + 1,
        width_ratios=[wide, *[cell] * columns],
        wspace=0.05,
        hspace=0.36 / max(crop_height, 0.4),
    )
    left = figure.add_subplot(grid[:, 0])
    left.imshow(whole)
    left.add_patch(Rectangle((x, y), width, height, fill=False, ec=_BOX, lw=1.6))
    _finish(left, captions[""])
    for index, (name, picture) in enumerate(pictures.items()):
        axis = figure.add_subplot(grid[index // columns, 1 + index % columns])
        axis.imshow(picture[y : y + height, x : x + width], interpolation="nearest")
        _finish(axis, captions[name])
    return figure


def _finish(axes: Any, caption: str) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xlabel(caption, labelpad=3)

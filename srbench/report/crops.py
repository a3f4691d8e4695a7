"""The usual comparison figure: the whole picture with a box, and the crop of every method with its scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.core.figures import new_figure, save, style
from srbench.core.files import file_name
from srbench.core.records import Pair, UsageError, UserError
from srbench.core.text import remark
from srbench.images.codec import read_image
from srbench.images.pixels import as_rgb, crop_to_multiple
from srbench.report.pictures import REFERENCE, reference_files
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
    where only one has the image; `rows` of crops are chosen by their number where it is 0."""

    image: str
    box: tuple[int, int, int, int]
    methods: tuple[str, ...]
    metrics: tuple[str, ...]
    dataset: str
    protocol: str
    rows: int = 0


def parse_box(text: str) -> tuple[int, int, int, int]:
    """`x,y,w,h` in pixels of the output."""
    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts):
        raise UsageError(f"--box {text}: give x,y,w,h in pixels, e.g. 120,80,64,48")
    x, y, width, height = (int(part) for part in parts)
    if width < 1 or height < 1:
        raise UsageError(f"--box {text}: width and height must be at least 1")
    return x, y, width, height


def write_crops(folder: Path, request: Request, out: Path | None, roots: Sequence[Path] = ()) -> list[Path]:
    """Writes the figure as SVG, PDF and PNG; `out` is the path, whose suffix is left out.

    The reference is the large picture and the first crop, from the run or from the data set it was made of,
    which is looked for under `roots` too; without it the first method is.
    """
    run = read_run(folder)
    dataset, scale, protocol = _place(run, request)
    known = list(dict.fromkeys(score.method for score in run.scores))
    for name in request.methods:
        if name not in known:
            raise UsageError(f"the run has no method '{name}'; it has: {', '.join(known)}")
    metrics = _metrics(run, request)
    pair = Pair(dataset, request.image, scale, Path(), None)
    chosen = [name for name in request.methods or known if name not in run.references()]
    if not chosen:
        raise UsageError("--methods names references only; name what is to be compared with them")
    pictures = {name: _picture(output_path(folder, name, pair), name) for name in chosen}
    reference = _reference(run, folder, pair, roots)
    if reference is None:
        said = f"the reference of {request.image} was not found, so that {chosen[0]} is the large picture"
        remark(f"{said}; --data-root DIR shows it")
    else:
        pictures = {REFERENCE: reference, **pictures}
    scores = {
        (score.method, score.metric): score.value
        for score in run.scores
        if (score.dataset, score.scale, score.protocol, score.image)
        == (dataset, scale, protocol, request.image)
    }
    _check_box(request.box, next(iter(pictures.values())))
    with style(8):
        figure = _figure(request, pictures, _captions(tuple(chosen), metrics, scores))
        stem = out or folder / "figures" / file_name(f"{dataset}_{request.image}_crops")
        if stem.suffix in (".svg", ".pdf", ".png"):
            stem = stem.with_suffix("")
        stem.parent.mkdir(parents=True, exist_ok=True)
        return save(figure, stem)


def _reference(run: RunData, folder: Path, pair: Pair, roots: Sequence[Path]) -> np.ndarray | None:
    """The reference of an image: the run's own, or the file of the data set; None where neither is here."""
    for name in sorted(run.references()):
        if (path := output_path(folder, name, pair)).is_file():
            return as_rgb(read_image(path))
    file = reference_files(run, [folder], pair.dataset, pair.scale, roots).get(pair.image)
    return None if file is None else crop_to_multiple(as_rgb(read_image(file)), pair.scale)


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

    captions = {name: f"{name}\n{' / '.join(text(name, info) for info in metrics)}" for name in methods}
    return {REFERENCE: f"reference\n{' / '.join(info.title for info in metrics)}", **captions}


def _grid(count: int, rows: int) -> tuple[int, int]:
    """Rows and columns of so many crops: the chosen number of rows, else the one with fewest empty places."""
    if rows:
        return rows, math.ceil(count / rows)
    fitting = [(n, math.ceil(count / n)) for n in (1, 2, 3, 4) if n <= count]
    wide = [(n, columns) for n, columns in fitting if columns <= 5] or fitting[-1:]
    return min(wide, key=lambda shape: (shape[0] * shape[1] - count, abs(shape[1] - 2 * shape[0])))


def _figure(request: Request, pictures: dict[str, np.ndarray], captions: dict[str, str]) -> Any:
    from matplotlib.patches import Rectangle

    x, y, width, height = request.box
    rows, columns = _grid(len(pictures), request.rows)
    whole = next(iter(pictures.values()))
    cell, words = 1.3, 0.36
    crop_height = cell * height / width
    tall = max(rows * (crop_height + words) - words, 1.2)
    wide = tall * whole.shape[1] / whole.shape[0]
    total = wide + columns * (cell + 0.08)
    figure, axes = new_figure(total, tall + words)
    axes.remove()
    left = figure.add_axes((0, words / (tall + words), wide / total, tall / (tall + words)))
    left.imshow(whole, aspect="auto")
    left.add_patch(Rectangle((x - 0.5, y - 0.5), width, height, fill=False, ec=_BOX, lw=1.6))
    # What the numbers are stands under the reference's crop, or here where there is none.
    _finish(left, "" if REFERENCE in pictures else captions[REFERENCE].partition("\n")[2], framed=False)
    for index, (name, picture) in enumerate(pictures.items()):
        row, column = divmod(index, columns)
        top = tall - row * (crop_height + words)
        place = (wide + 0.08 + column * (cell + 0.08), words + top - crop_height, cell, crop_height)
        axis = figure.add_axes(
            (place[0] / total, place[1] / (tall + words), place[2] / total, place[3] / (tall + words))
        )
        axis.imshow(picture[y : y + height, x : x + width], interpolation="nearest", aspect="auto")
        _finish(axis, captions[name], framed=True)
    return figure


def _finish(axes: Any, caption: str, *, framed: bool) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(framed)
        spine.set(edgecolor=_BOX, linewidth=1.2)
    axes.set_xlabel(caption, labelpad=3)

"""The usual comparison figure: the whole picture with boxes, and each method's crops with its scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.core.figures import Drawn
from srbench.core.files import file_name
from srbench.core.records import Pair, UsageError, UserError
from srbench.core.text import remark
from srbench.images.codec import read_to_show
from srbench.images.pixels import as_rgb, crop_to_multiple
from srbench.report.crop_layout import Box, Cell, Row, compose
from srbench.report.pictures import REFERENCE, reference_files
from srbench.report.selection import merged
from srbench.runs.data import RunData
from srbench.runs.plan import output_path
from srbench.tables.boards import MetricInfo
from srbench.tables.text import format_value

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Request:
    """What the figure shows.

    Empty `methods`, `metrics` and `scales` are all of the runs (two metrics); `dataset` may be left out where
    only one has the image; crops of one box at one scale stand in so many `rows`, 0 chooses.
    """

    image: str
    boxes: tuple[Box, ...]
    methods: tuple[str, ...]
    metrics: tuple[str, ...]
    dataset: str
    protocol: str
    scales: tuple[int, ...] = ()
    rows: int = 0


@dataclass(frozen=True)
class _Place:
    """Where the image's scores are: one data set, one protocol, one scale or more."""

    dataset: str
    protocol: str
    scales: tuple[int, ...]


def parse_box(text: str) -> Box:
    """`x,y,w,h` in pixels of the output."""
    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts):
        raise UsageError(f"--box {text}: give x,y,w,h in pixels, e.g. 120,80,64,48")
    x, y, width, height = (int(part) for part in parts)
    if width < 1 or height < 1:
        raise UsageError(f"--box {text}: width and height must be at least 1")
    return x, y, width, height


def usual_stem(folder: Path, request: Request) -> Path:
    """Where the figure of a run goes: `RUN/figures/IMAGE_crops`."""
    name = f"{request.dataset}_{request.image}" if request.dataset else request.image
    return folder / "figures" / file_name(f"{name}_crops")


def crops(folders: Sequence[Path], request: Request, roots: Sequence[Path] = ()) -> Drawn:
    """The figure, a row for each scale and box where there are several.

    The reference is the large picture and the first crop, from the runs or from their data set, which is
    looked for under `roots` too; without it the first method is.
    """
    run = merged(folders)
    place = _place(run, request)
    known = list(dict.fromkeys(score.method for score in run.scores))
    for name in request.methods:
        if name not in known:
            raise UsageError(f"the run has no method '{name}'; it has: {', '.join(known)}")
    chosen = [name for name in request.methods or known if name not in run.references()]
    if not chosen:
        raise UsageError("--methods names references only; name what is to be compared with them")
    metrics = _metrics(run, request)
    pictures = {
        scale: _pictures(run, folders, place, scale, request.image, chosen, roots) for scale in place.scales
    }
    if not any(REFERENCE in found for found in pictures.values()):
        said = f"the reference of {request.image} was not found, so that {chosen[0]} is the large picture"
        remark(f"{said}; --data-root DIR shows it")
    values = _values(run, place, request.image)
    columns = [name for name in (REFERENCE, *chosen) if any(name in found for found in pictures.values())]
    rows = [
        Row(
            f"×{scale}" if len(place.scales) > 1 and number == 0 else "",
            number,
            tuple(
                Cell(
                    pictures[scale].get(name),
                    _caption(name, scale, metrics, values) if box == request.boxes[-1] else "",
                )
                for name in columns
            ),
        )
        for scale in place.scales
        for number, box in enumerate(request.boxes)
    ]
    whole = next(iter(pictures[place.scales[0]].values()))
    for box in request.boxes:
        _check_box(box, [picture for found in pictures.values() for picture in found.values()])
    below = "" if REFERENCE in columns else " / ".join(info.title for info in metrics)
    drawn = compose(whole, request.boxes, rows, below, request.rows)
    return Drawn(
        drawn, _table(place, request.image, columns, metrics, values), _said(place, request, metrics)
    )


def _pictures(
    run: RunData, folders: Sequence[Path], place: _Place, scale: int, image: str, methods: Sequence[str],
    roots: Sequence[Path],
) -> dict[str, np.ndarray]:  # fmt: skip
    """The reference, where it is here, and each method's output; those of other scales may lack one."""
    pair = Pair(place.dataset, image, scale, Path(), None)
    found = {}
    reference = _reference(run, folders, pair, roots)
    if reference is not None:
        found[REFERENCE] = reference
    for name in methods:
        paths = [output_path(folder, name, pair) for folder in folders]
        path = next((path for path in paths if path.is_file()), None)
        if path is not None:
            found[name] = as_rgb(read_to_show(path))
        elif len(place.scales) == 1:
            raise UserError(
                f"there is no output of {name} for this image ({paths[0]}); leave it out of --methods"
            )
    if not found:
        raise UserError(
            f"there is no output for {image} of {place.dataset} x{scale}; leave it out of --scale"
        )
    return found


def _reference(run: RunData, folders: Sequence[Path], pair: Pair, roots: Sequence[Path]) -> np.ndarray | None:
    """The reference of an image: the runs' own, or the file of the data set; None where neither is here."""
    for name in sorted(run.references()):
        for folder in folders:
            if (path := output_path(folder, name, pair)).is_file():
                return as_rgb(read_to_show(path))
    file = reference_files(run, folders, pair.dataset, pair.scale, roots).get(pair.image)
    return None if file is None else crop_to_multiple(as_rgb(read_to_show(file)), pair.scale)


def _place(run: RunData, request: Request) -> _Place:
    """Data set, protocol and scales of the image."""
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
            f"the run has no image '{request.image}'; it has: {', '.join(names[:8])}{' …' * (len(names) > 8)}"
        )
    datasets = sorted({dataset for dataset, _, _ in places})
    if len(datasets) > 1:
        raise UsageError(
            f"several data sets have an image '{request.image}' ({', '.join(datasets)}); choose one with "
            "--dataset"
        )
    present = sorted({scale for _, scale, _ in places})
    for scale in request.scales:
        if scale not in present:
            raise UsageError(
                f"the run has '{request.image}' at {', '.join(f'x{one}' for one in present)}, not at x{scale}"
            )
    # Of several protocols the default one comes first; any would show the same pictures.
    protocols = [protocol for _, _, protocol in places]
    protocol = "srbench" if "srbench" in protocols else protocols[0]
    return _Place(datasets[0], protocol, request.scales or tuple(present))


def _metrics(run: RunData, request: Request) -> list[MetricInfo]:
    infos = run.metrics()
    for name in request.metrics:
        if name not in infos:
            raise UsageError(f"the run has no metric '{name}'; it has: {', '.join(infos)}")
    return [infos[name] for name in request.metrics] or list(infos.values())[:2]


def _check_box(box: Box, pictures: Sequence[np.ndarray]) -> None:
    x, y, width, height = box
    for picture in pictures:
        if x + width > picture.shape[1] or y + height > picture.shape[0]:
            raise UsageError(
                f"--box {x},{y},{width},{height} reaches beyond the image of "
                f"{picture.shape[1]}x{picture.shape[0]} pixels"
            )


_Values = dict[tuple[int, str, str], float | None]


def _values(run: RunData, place: _Place, image: str) -> _Values:
    """Scores of the image by scale, method and metric."""
    return {
        (score.scale, score.method, score.metric): score.value
        for score in run.scores
        if (score.dataset, score.protocol, score.image) == (place.dataset, place.protocol, image)
    }


def _caption(name: str, scale: int, metrics: Sequence[MetricInfo], values: _Values) -> str:
    if name == REFERENCE:
        return f"reference\n{' / '.join(info.title for info in metrics)}"
    found = [(values.get((scale, name, info.name)), info) for info in metrics]
    numbers = ("–" if value is None else format_value(value, info) for value, info in found)
    return f"{name}\n{' / '.join(numbers)}"


def _table(
    place: _Place, image: str, columns: Sequence[str], metrics: Sequence[MetricInfo], values: _Values
) -> list[dict[str, Any]]:
    return [
        {
            "dataset": place.dataset, "scale": scale, "protocol": place.protocol, "image": image,
            "method": name, **{info.name: values.get((scale, name, info.name)) for info in metrics},
        }
        for scale in place.scales
        for name in columns
        if name != REFERENCE
    ]  # fmt: skip


def _said(place: _Place, request: Request, metrics: Sequence[MetricInfo]) -> str:
    scales = ", ".join(f"×{scale}" for scale in place.scales)
    boxes = "; ".join(f"{x},{y},{width},{height}" for x, y, width, height in request.boxes)
    better = ", ".join(f"{info.title} {'↑' if info.higher_is_better else '↓'}" for info in metrics)
    return (
        f"{request.image} of {place.dataset} {scales}, scores of the whole image under the protocol "
        f"{place.protocol} ({better}); box{'es' if len(request.boxes) > 1 else ''} x,y,w,h: {boxes}."
    )

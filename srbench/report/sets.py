"""`srbench sets`: metrics of whole sets (FID, KID) of a finished run's outputs against its references."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from srbench.core.records import OK, SILENT, Pair, Progress, Unscorable, UsageError, UserError
from srbench.images.codec import read_image
from srbench.images.pixels import as_rgb, crop_to_multiple, luma_plane, pixel_hash
from srbench.metrics.sets.catalogue import SETS, SetMetric
from srbench.report.pictures import reference_files
from srbench.runs.data import SET, RunData, outputs_of, stored_run
from srbench.runs.folder import existing_run, write_files
from srbench.runs.job import weight_hashes
from srbench.runs.plan import output_path
from srbench.runs.store import Store, content_key
from srbench.tables.boards import Board, SetScore

Place = tuple[str, str, int, str]
_NEAR = 1e-5  # values of KID may be as small as 1e-4


def chosen_metrics(names: Sequence[str]) -> list[SetMetric]:
    """The metrics of these names; `UsageError` for none, `UserError` for one that cannot run here."""
    metrics = list(dict.fromkeys(map(SETS.get, names)))
    if not metrics:
        raise UsageError(f"--metrics is empty; there are: {', '.join(SETS.names())}")
    for metric in metrics:
        if reason := metric.unavailable():
            raise UserError(f"{metric.name}: {reason}")
    return metrics


@dataclass(frozen=True)
class Places:
    """Where the output of a method, data set, scale and image lies, where the references of a data set and
    scale lie by image, and what is recorded of the protocols by name."""

    output: Callable[[str, str, int, str], Path]
    references: Callable[[str, int], Mapping[str, Path]]
    protocols: Mapping[str, Mapping[str, Any]]


def _places(folder: Path, run: RunData, roots: Sequence[Path]) -> Places:
    """Those of a run; references are the very files that it measured."""
    return Places(
        lambda method, dataset, scale, image: output_path(
            folder, method, Pair(dataset, image, scale, Path(), None)
        ),
        lambda dataset, scale: reference_files(run, [folder], dataset, scale, roots),
        run.facts["protocols"],
    )


def measure_sets(
    folder: Path,
    metrics: Sequence[SetMetric],
    roots: Sequence[Path],
    *,
    device: str = "cpu",
    progress: Progress = SILENT,
) -> list[Board]:
    """Measures what the run does not have yet of its present outputs, and writes its tables again.

    References must be the very files that the run measured. What cannot be measured has its reason in the
    table. Returns the run's leaderboards.
    """
    with Store(existing_run(folder)) as store:
        run = stored_run(store)
        known = {(*one.place, one.metric): one for one in run.sets}
        everywhere = outputs_of(store)
        wanted = {
            place: [metric for metric in metrics if not _is_known(known.get((*place, metric.name)), metric)]
            for place in everywhere
        }
        progress.begin(sum(len(everywhere[place]) for place, left in wanted.items() if left))
        reader = _Reader(_places(folder, run, roots), device)
        for place, left in wanted.items():
            if left:
                scores = _measured(reader, place, left, everywhere[place], progress)
                with store.transaction():
                    for score in scores:
                        key = "/".join(map(str, (*place, score.metric)))
                        store.put_fact(SET, key, asdict(score))
        return write_files(stored_run(store), folder)


def _is_known(one: SetScore | None, metric: SetMetric) -> bool:
    return (
        one is not None
        and one.value is not None
        and (one.version, one.weights) == (metric.version, weight_hashes(metric.weights))
    )


def check_sets(
    said: Iterable[SetScore], images: Mapping[Place, Iterable[str]], places: Places, *, device: str = "cpu"
) -> list[str]:
    """Measures every value that is said of a set again from its `images`; a line for each that differs, or
    cannot be measured here."""
    reader = _Reader(places, device)
    lines = []
    for one in said:
        where = f"{one.metric} of {one.method}, {one.dataset} x{one.scale}, protocol {one.protocol}"
        metric = SETS.get(one.metric)
        if one.value is None:
            continue
        if reason := metric.unavailable():
            lines.append(f"{where}: cannot be checked here: {reason}")
            continue
        outputs = _outputs_here(places, one.place, images.get(one.place, ()))
        (again,) = _measured(reader, one.place, [metric], outputs, SILENT)
        if again.outputs != one.outputs or again.n != one.n:
            lines.append(f"{where}: is of other images than those that are here")
        elif again.value is None:
            lines.append(f"{where}: said is {one.value:.6g}, here there is none: {again.status}")
        elif not math.isclose(again.value, one.value, rel_tol=1e-3, abs_tol=_NEAR):
            lines.append(f"{where}: said is {one.value:.6g}, here {again.value:.6g}")
    return lines


def _outputs_here(places: Places, place: Place, images: Iterable[str]) -> dict[str, str]:
    """The hashes of the outputs' pixels by image, of those that can be read."""
    found = {}
    for image in sorted(images):
        path = places.output(*place[:3], image)
        with contextlib.suppress(Unscorable):
            found[image] = pixel_hash(read_image(path))
    return found


def _measured(
    reader: _Reader,
    place: Place,
    metrics: Sequence[SetMetric],
    outputs: dict[str, str],
    progress: Progress,
) -> list[SetScore]:
    """The metrics of all outputs of a place, given by the hashes of their pixels."""
    views = {metric.view: metric for metric in metrics}
    sides: dict[str, tuple[list[np.ndarray], list[np.ndarray]]] = {view: ([], []) for view in views}
    counts = dict.fromkeys(views, 0)
    reasons: dict[str, None] = {}
    for image, pixels in sorted(outputs.items()):
        try:
            for view, metric in views.items():
                pair = reader.features(place, image, pixels, metric)
                for side, found in zip(sides[view], pair, strict=True):
                    side.append(found)
                counts[view] += len(pair[0]) > 0
                if not len(pair[0]):
                    reasons[f"{image} is smaller than a patch"] = None
        except Unscorable as error:
            reasons[str(error)] = None
        progress.advance()
    scores = []
    for metric in metrics:
        joined = [np.concatenate(side) if side else np.empty((0, 1)) for side in sides[metric.view]]
        scores.append(_score(place, metric, joined, counts[metric.view], list(reasons), outputs))
    return scores


def _score(
    place: Place,
    metric: SetMetric,
    sides: Sequence[np.ndarray],
    count: int,
    reasons: Sequence[str],
    outputs: dict[str, str],
) -> SetScore:
    value, status = None, "; ".join(reasons[:3]) or OK
    if len(sides[0]) >= 2:
        value = metric.distance(sides[0], sides[1])
    elif status == OK:
        status = f"{metric.name} needs two images or more"
    return SetScore(
        *place,
        metric.name,
        value,
        status,
        count,
        content_key(outputs),
        metric.title,
        metric.source,
        metric.version,
        weight_hashes(metric.weights),
    )


@dataclass
class _Reader:
    """Features of outputs and of their references, each computed once."""

    places: Places
    device: str
    _references: dict[tuple[str, int], Mapping[str, Path]] = field(default_factory=dict)
    _kept: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)

    def features(
        self, place: Place, image: str, pixels: str, metric: SetMetric
    ) -> tuple[np.ndarray, np.ndarray]:
        """The features of an output and of its reference; `Unscorable` where one of them is not what the run
        scored."""
        method, dataset, scale, protocol = place
        if self.places.protocols.get(protocol, {}).get("bits") == 16:
            raise Unscorable("metrics of whole sets are of 8-bit images")
        path = self.places.output(method, dataset, scale, image)
        output = read_image(path)
        if pixel_hash(output) != pixels:
            raise Unscorable(f"{image}: the output image is not the one that was scored; run it again")
        return self._of(output, metric), self._of(self._reference(dataset, scale, protocol, image), metric)

    def _reference(self, dataset: str, scale: int, protocol: str, image: str) -> np.ndarray:
        if (dataset, scale) not in self._references:
            self._references[dataset, scale] = self.places.references(dataset, scale)
        path = self._references[dataset, scale].get(image)
        if path is None:
            raise Unscorable(f"{image}: its reference is not here; give --data-root DIR")
        reference = crop_to_multiple(read_image(path), scale)
        luma_alone = self.places.protocols.get(protocol, {}).get("plane") == "luma"
        return luma_plane(reference) if luma_alone else reference

    def _of(self, image: np.ndarray, metric: SetMetric) -> np.ndarray:
        key = pixel_hash(image), metric.view
        if key not in self._kept:
            self._kept[key] = metric.features(as_rgb(image), self.device)
        return self._kept[key]

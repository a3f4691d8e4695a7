"""What a study shows: the outputs of a run, their originals, and examples from images outside the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.files import file_hash
from srbench.core.records import Pair, UsageError, UserError
from srbench.datasets.catalogue import resolve as resolve_dataset
from srbench.datasets.folders import data_roots, find_pairs
from srbench.datasets.samples import degrade, load_reference
from srbench.images.codec import read_image
from srbench.images.pixels import pixel_hash
from srbench.images.resize import imresize
from srbench.runs.data import RunData
from srbench.runs.plan import output_path
from srbench.studies.people.design import BEST, WORST
from srbench.studies.people.pictures import Picture
from srbench.studies.people.records import Settings

if TYPE_CHECKING:
    import numpy as np

_REFERENCE = "hr"
_HELD_OUT = 2


@dataclass(frozen=True)
class Choice:
    """What a study takes from a run. Empty `methods` or `datasets` take all.

    `calibration` names where the images outside the test come from: a data set, `folder:DIR`, `held-out:N`
    (so many images of the run, which the test then does not have) or `none`; empty takes `demo`, or two
    held-out images where the run has `demo` itself. `crop` cuts a square of so many pixels, 0 nothing.
    """

    run: RunData
    folder: Path
    methods: tuple[str, ...]
    datasets: tuple[str, ...]
    calibration: str
    calibration_images: int
    crop: int
    roots: list[Path]


def collect(choice: Choice, settings: Settings) -> list[Picture]:
    """The pictures of a study, all checked to be there before the first is decoded."""
    methods = _methods(choice, settings)
    pictures: list[Picture] = []
    references: dict[tuple[str, str], Callable[[], np.ndarray]] = {}
    for dataset, scale in _places(choice):
        pairs = _pairs(choice, dataset, scale)
        for method in methods:
            found = [pair for pair in pairs if output_path(choice.folder, method, pair).is_file()]
            if found and len(found) < len(pairs):
                missing = next(pair.image for pair in pairs if pair not in found)
                raise UserError(
                    f"{method} has no output image for {missing} of {dataset}; a study compares methods on "
                    "the same images: finish the run or leave the method out with --methods"
                )
            pictures += [Picture(method, pair, "test", _output(choice, method, pair)) for pair in found]
        references |= _references(choice, dataset, scale, pairs)
    used = {picture.method for picture in pictures}
    for method in methods:
        if method not in used:
            raise UserError(f"{choice.folder} has no output images of {method} for these data sets")
    _enough(used, settings)
    examples, held = _calibration(choice, settings, references, pictures)
    pictures = [one for one in pictures if (one.pair.dataset, one.pair.image) not in held]
    if not pictures:
        raise UserError("no image is left for the test: hold out fewer (--calibration held-out:N, or none)")
    if settings.show_reference:
        sources = {(one.pair.dataset, one.pair.image): one.pair for one in pictures}
        for source, pair in sources.items():
            if source not in references:
                raise UserError(
                    f"the reference of {source[1]} ({source[0]}) is shown beside, but is not here: run the "
                    "method hr too, give --data-root, or make the study with --reference hidden"
                )
            pictures.append(Picture(_REFERENCE, pair, "reference", references[source]))
    return pictures + examples


def _methods(choice: Choice, settings: Settings) -> list[str]:
    known = list(dict.fromkeys(score.method for score in choice.run.scores))
    for name in choice.methods:
        if name not in known:
            raise UsageError(f"the run has no method '{name}'; it has: {', '.join(known)}")
    if choice.methods:
        return list(choice.methods)
    # Who sees the original beside knows which of two is the original.
    leave = choice.run.references() if settings.show_reference else set()
    return [name for name in known if name not in leave]


def _enough(methods: set[str], settings: Settings) -> None:
    if settings.design != "mos" and len(methods) < 2:
        raise UsageError(f"a study of the design {settings.design} needs two methods or more")


def _places(choice: Choice) -> list[tuple[str, int]]:
    known = sorted({(score.dataset, score.scale) for score in choice.run.scores})
    names = {dataset for dataset, _ in known}
    for name in choice.datasets:
        if name not in names:
            raise UsageError(f"the run has no data set '{name}'; it has: {', '.join(sorted(names))}")
    places = [place for place in known if not choice.datasets or place[0] in choice.datasets]
    if len({dataset for dataset, _ in places}) < len(places):
        raise UsageError(
            "the run has several scales of a data set: make a study of a run with one, as raters cannot tell "
            "scales apart"
        )
    return places


def _pairs(choice: Choice, dataset: str, scale: int) -> list[Pair]:
    images = sorted({one.image for one in choice.run.scores if (one.dataset, one.scale) == (dataset, scale)})
    return [Pair(dataset, image, scale, Path(), None) for image in images]


def _output(choice: Choice, method: str, pair: Pair) -> Callable[[], np.ndarray]:
    path = output_path(choice.folder, method, pair)
    return lambda: read_image(path)


def _references(
    choice: Choice, dataset: str, scale: int, pairs: list[Pair]
) -> dict[tuple[str, str], Callable[[], np.ndarray]]:
    """The originals: the outputs of `hr`, else the data set's files where they are what the run measured."""
    found = {}
    for pair in pairs:
        if output_path(choice.folder, _REFERENCE, pair).is_file():
            found[dataset, pair.image] = _output(choice, _REFERENCE, pair)
    if len(found) == len(pairs):
        return found
    hashes = choice.run.facts["datasets"].get(f"{dataset} x{scale}", {}).get("images", {})
    try:
        files = find_pairs(resolve_dataset(dataset), scale, data_roots(choice.roots), inputs="made")
    except UserError:
        return found
    for pair in files:
        if file_hash(pair.reference) == hashes.get(pair.image, {}).get("reference"):
            found.setdefault((dataset, pair.image), partial(load_reference, pair))
    return found


def _calibration(
    choice: Choice,
    settings: Settings,
    references: dict[tuple[str, str], Callable[[], np.ndarray]],
    pictures: list[Picture],
) -> tuple[list[Picture], set[tuple[str, str]]]:
    """The examples, and the images that are held out of the test for them."""
    source = choice.calibration or _default_calibration(choice)
    if source == "none":
        return [], set()
    scale = pictures[0].pair.scale
    if source.startswith("held-out:"):
        held = _held_out(source, settings, references, pictures)
        images = [(Pair(*place, scale, Path(), None), references[place]) for place in held]
        return [one for pair, load in images for one in _example(pair, load)], set(held)
    dataset = resolve_dataset(source)
    pairs = find_pairs(dataset, scale, data_roots(choice.roots), inputs="made")
    judged = {pixel_hash(load()) for load in references.values()}
    outside = [
        (pair, load)
        for pair in pairs[: choice.calibration_images]
        if pixel_hash((load := partial(load_reference, pair))()) not in judged
    ]
    if not outside:
        raise UserError(f"all images of {source} are in the test; take others with --calibration")
    return [one for pair, load in outside for one in _example(pair, load)], set()


def _default_calibration(choice: Choice) -> str:
    names = {dataset for dataset, _ in _places(choice)}
    return f"held-out:{_HELD_OUT}" if "demo" in names else "demo"


def _held_out(
    source: str,
    settings: Settings,
    references: dict[tuple[str, str], Callable[[], np.ndarray]],
    pictures: list[Picture],
) -> list[tuple[str, str]]:
    """Images of the run drawn by the seed, for examples only."""
    import numpy as np

    text = source.removeprefix("held-out:")
    places = sorted({(one.pair.dataset, one.pair.image) for one in pictures} & references.keys())
    if not text.isdecimal() or not 0 < int(text) <= len(places):
        raise UsageError(
            f"--calibration {source}: a number from 1 to {len(places)}, the images whose reference is here; "
            "or none"
        )
    order = np.random.default_rng([settings.seed, 2]).permutation(len(places))
    return [places[index] for index in sorted(order[: int(text)].tolist())]


def _example(pair: Pair, load: Callable[[], np.ndarray]) -> Iterator[Picture]:
    """The two versions of a calibration image: its reduction enlarged by nearest neighbour, and itself."""

    def nearest() -> np.ndarray:
        small = degrade(load(), pair.scale, "matlab-bicubic", "clamp")
        return imresize(small, pair.scale, kernel="box", edges="clamp")

    yield Picture(WORST, pair, "calibration", nearest)
    yield Picture(BEST, pair, "calibration", load)

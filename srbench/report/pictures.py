"""The pictures of a report: previews of output images, copied as they are or as JPEG where size matters."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.core.files import file_hash, file_name
from srbench.core.records import SILENT, Pair, Progress, Unscorable, UserError
from srbench.datasets.catalogue import resolve as resolve_dataset
from srbench.datasets.folders import data_roots, find_pairs
from srbench.datasets.known import unmarked
from srbench.images.codec import opened_image, read_to_show
from srbench.images.pixels import as_rgb, crop_to_multiple
from srbench.runs.config import read_config
from srbench.runs.data import RunData
from srbench.runs.plan import output_path

if TYPE_CHECKING:
    import numpy as np

REFERENCE = "reference"
# A report is to stay under 150 MB; previews take at most about this much.
PNG_BUDGET = 60_000_000
JPEG_BUDGET = 110_000_000
_BYTES_PER_PIXEL = ((92, 0.55), (85, 0.38), (75, 0.27), (60, 0.20))
_THUMB = 96


@dataclass
class Pictures:
    """The pictures of a data set at one scale, as paths relative to the page.

    `paths` maps (method, image); the reference has the name `REFERENCE`. `note` says what the previews
    are, or why there are none.
    """

    paths: dict[tuple[str, str], str] = field(default_factory=dict)
    thumbs: dict[str, str] = field(default_factory=dict)
    note: str = ""

    def as_data(self, images: list[str], methods: Iterable[str]) -> dict[str, Any] | None:
        """For the page: a list of paths by method, in the order of the images."""
        names = [REFERENCE, *methods]
        found = {name: [self.paths.get((name, image)) for image in images] for name in names}
        return {
            "methods": {name: paths for name, paths in found.items() if any(paths)},
            "thumbs": [self.thumbs.get(image) for image in images],
            "note": self.note,
        }


@dataclass(frozen=True)
class Source:
    """Where a picture comes from: an output as PNG, or a reference that is cut to a multiple of the scale."""

    method: str
    image: str
    file: Path
    crop: int


def collect(
    run: RunData,
    folders: Sequence[Path],
    out: Path,
    roots: list[Path],
    *,
    originals: bool = False,
    progress: Progress = SILENT,
) -> dict[tuple[str, int], Pictures]:
    """Puts previews of all outputs of a run (and the references, where they are found) under `out`."""
    places = _places(folders, roots)
    sources = {
        (dataset, scale): _sources(run, folders, dataset, scale, places)
        for dataset, scale in sorted({(score.dataset, score.scale) for score in run.scores})
    }
    every = [source for found in sources.values() for source in found]
    progress.begin(len(every))
    encode = Encoding(0) if originals else encoding_for(every)
    return {
        place: _copied(found, run.references(), out, file_name(f"{place[0]}_x{place[1]}"), encode, progress)
        for place, found in sources.items()
    }


@dataclass(frozen=True)
class _Places:
    """Where references may lie: the data roots, and data sets that are folders of the user's, by name."""

    roots: list[Path]
    own: dict[str, str]


def _places(folders: Sequence[Path], roots: list[Path]) -> _Places:
    """The roots that are given, then those of the runs themselves, as their `run.toml` has them."""
    found, own = list(roots), {}
    for config in (folder / "run.toml" for folder in folders):
        for options in read_config(config) if config.is_file() else ():
            found += options.get("data_root", ())
            for name in options.get("datasets", ()):
                own[resolve_dataset(name).name] = name
    return _Places(list(dict.fromkeys(found)), own)


def _sources(
    run: RunData, folders: Sequence[Path], dataset: str, scale: int, places: _Places
) -> list[Source]:
    images = sorted({score.image for score in run.scores if (score.dataset, score.scale) == (dataset, scale)})
    methods = sorted({score.method for score in run.scores if score.dataset == dataset})
    found = []
    for method in methods:
        for image in images:
            pair = Pair(dataset, image, scale, Path(), None)
            paths = (output_path(folder, method, pair) for folder in folders)
            path = next((path for path in paths if path.is_file()), None)
            if path is not None:
                found.append(Source(method, image, path, 1))
    if not any(source.method in run.references() for source in found):
        references = _reference_files(run, dataset, scale, places)
        found += [
            Source(REFERENCE, image, path, scale) for image, path in references.items() if image in images
        ]
    return found


def reference_files(
    run: RunData, folders: Sequence[Path], dataset: str, scale: int, roots: Sequence[Path]
) -> dict[str, Path]:
    """The reference files of a data set by image, if they are the very files that the run measured.

    They are looked for under `roots` and where the runs in `folders` had them.
    """
    return _reference_files(run, dataset, scale, _places(folders, list(roots)))


def _reference_files(run: RunData, dataset: str, scale: int, places: _Places) -> dict[str, Path]:
    hashes = run.facts["datasets"].get(f"{dataset} x{scale}", {}).get("images", {})
    try:
        name = unmarked(dataset)
        pairs = find_pairs(resolve_dataset(places.own.get(name, name)), scale, data_roots(places.roots))
    except UserError:
        return {}
    return {
        pair.image: pair.reference
        for pair in pairs
        if file_hash(pair.reference) == hashes.get(pair.image, {}).get("reference")
    }


@dataclass(frozen=True)
class Encoding:
    """How previews are written: as the PNG files themselves (quality 0), or as JPEG."""

    quality: int

    @property
    def note(self) -> str:
        """What the page says of its previews."""
        if self.quality == 0:
            return "The pictures are the output images themselves."
        return (
            f"The pictures are JPEG previews (quality {self.quality}); all scores are those of the output "
            "images themselves."
        )


def encoding_for(sources: list[Source]) -> Encoding:
    """The PNG files themselves where they are small together, else JPEG of the best quality that fits."""
    if sum(source.file.stat().st_size for source in sources) <= PNG_BUDGET:
        return Encoding(0)
    pixels = sum(_pixels(source.file) for source in sources)
    fitting = (quality for quality, density in _BYTES_PER_PIXEL if pixels * density <= JPEG_BUDGET)
    return Encoding(next(fitting, 50))


def _pixels(path: Path) -> int:
    with contextlib.suppress(Unscorable), opened_image(path) as image:
        return image.width * image.height
    return 0


def _copied(
    sources: list[Source],
    references: Collection[str],
    out: Path,
    folder: str,
    encoding: Encoding,
    progress: Progress,
) -> Pictures:
    if not sources:
        return Pictures(note="The run folder has no output images.")
    made = Pictures(note=encoding.note)
    if not any(source.method in (REFERENCE, *references) for source in sources):
        made.note += " The references were not found; --data-root DIR shows them."
    for source in sources:
        target = Path("images") / folder / file_name(source.method) / file_name(source.image)
        try:
            written = _write(source, out / target, encoding)
            made.paths[source.method, source.image] = written.relative_to(out).as_posix()
            if source.image not in made.thumbs:
                thumb = out / "images" / folder / "thumbs" / f"{target.name}.jpg"
                _write_thumb(source.file, thumb)
                made.thumbs[source.image] = thumb.relative_to(out).as_posix()
        except Unscorable as error:
            made.note += f" {source.image} of {source.method} is left out ({error})."
        progress.advance()
    return made


def _write(source: Source, target: Path, encoding: Encoding) -> Path:
    from PIL import Image

    target.parent.mkdir(parents=True, exist_ok=True)
    # A dot in the name is a part of it and no suffix.
    path = target.parent / f"{target.name}.{'jpg' if encoding.quality else 'png'}"
    if not encoding.quality and source.crop == 1:
        _link(source.file, path)
        return path
    pixels: np.ndarray = crop_to_multiple(as_rgb(read_to_show(source.file)), source.crop)
    picture = Image.fromarray(pixels)
    if encoding.quality:
        picture.save(path, quality=encoding.quality, subsampling=0)
    else:
        picture.save(path, compress_level=4)
    return path


def _link(source: Path, target: Path) -> None:
    """A copy that takes no room where the file system allows it."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _write_thumb(source: Path, target: Path) -> None:
    from PIL import Image

    target.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(as_rgb(read_to_show(source)))
    picture.thumbnail((2 * _THUMB, _THUMB))
    picture.save(target, quality=80)

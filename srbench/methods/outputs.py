"""`outputs:DIR[:NAME]`: a folder of somebody's result images as a method."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.files import file_hash
from srbench.core.records import Unscorable, UsageError, UserError
from srbench.core.text import plain
from srbench.images.codec import read_in_bits
from srbench.images.names import ByStem, existing_folder, image_files, match_files, no_image_files
from srbench.methods.contract import Method, Runtime, Upscaler

if TYPE_CHECKING:
    import numpy as np

    from srbench.core.records import Pair, Sample


def outputs_method(argument: str) -> Method:
    """The method of `outputs:DIR` or `outputs:DIR:NAME`; without NAME it is called as the folder is.

    The images lie in the folder itself, or in folders of it that are called as data sets are (`Set5/`,
    `set5/x4/`). Files are matched to image identifiers by `srbench.images.names.match_files`.
    """
    if not argument:
        raise UsageError("outputs: needs a folder; write outputs:DIR or outputs:DIR:NAME")
    text, _, name = argument.rpartition(":")
    folder = Path(text) if text and not Path(argument).exists() else Path(argument)
    if folder == Path(argument):
        name = folder.resolve().name
    if not name or "/" in name or name.startswith("."):
        raise UsageError(f"outputs:{argument}: '{name}' cannot name a method; write outputs:DIR:NAME")
    if not _holds_images(existing_folder(folder)):
        raise UserError(no_image_files(folder))

    def open_folder(runtime: Runtime) -> Upscaler:
        def read(sample: Sample) -> np.ndarray:
            return read_in_bits(_file_of(folder, sample.pair), runtime.bits)

        return read

    return Method(
        name=plain(name),
        summary=f"result images in {folder}",
        kind="outputs",
        source=str(folder),
        open=open_folder,
        fingerprint=lambda pair: file_hash(_file_of(folder, pair)),
        depths=(8, 16),
        version=2,  # gray pictures stored as RGB, where a protocol has Y alone
    )


def _listing(folder: Path) -> ByStem:
    return _listing_of_version(folder, folder.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _listing_of_version(folder: Path, _modified: int) -> ByStem:
    return ByStem(image_files(folder))


def _holds_images(folder: Path) -> bool:
    """Whether images lie in the folder, or one or two levels below it."""
    below = [path for pattern in ("*", "*/*") for path in folder.glob(pattern) if path.is_dir()]
    return any(image_files(place) for place in (folder, *below))


def _folder_of(root: Path, pair: Pair) -> Path:
    """Where the images of a pair's data set and scale lie: the root where it holds images itself."""
    if _listing(root):
        return root
    wanted = _plain(pair.dataset.partition(" (")[0])
    for place in _called(root, wanted):
        scaled = _called(place, f"x{pair.scale}")
        if scaled or _listing(place):
            return scaled[0] if scaled else place
    there = ", ".join(sorted(path.name for path in root.iterdir() if path.is_dir())[:5])
    raise Unscorable(f"{root} has no folder for {pair.dataset} x{pair.scale} (it has {there})")


def _called(folder: Path, name: str) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and _plain(path.name) == name)


def _plain(name: str) -> str:
    """Names of folders without case and separators: `Set5`, `set-5`."""
    return re.sub(r"[\W_]", "", name).lower()


def _file_of(folder: Path, pair: Pair) -> Path:
    folder = _folder_of(folder, pair)
    names = (pair.image, *pair.aliases)
    matches = match_files({*pair.siblings, *names}, _listing(folder).beginning(names))
    for name in names:
        found = matches[name]
        if len(found) == 1:
            return found[0]
        if found:
            raise Unscorable(
                f"{len(found)} files in {folder} fit the image {name}: "
                f"{', '.join(path.name for path in found[:3])}"
            )
    raise Unscorable(f"no file for the image {pair.image} in {folder}")

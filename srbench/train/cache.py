"""Decoded training images in one memory-mapped file, with their degraded inputs.

`pixels.u8` holds, image after image, the reference (H x W x 3, cut to a multiple of the scale), its
reduction (H/s x W/s x 3), PIL's bicubic enlargement of that where a network adds to it, and a plane of
region numbers (H x W) where masks are given. `index.json` says where. A cache is written once, under a
name made of everything that decides its content, and then only read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from srbench.core.files import atomic_file, cache_folder
from srbench.core.records import SILENT, Degradation, Progress, Unscorable, UserError
from srbench.datasets.samples import degrade
from srbench.images.codec import read_image
from srbench.images.names import existing_folder, image_files
from srbench.images.pixels import as_rgb, crop_to_multiple
from srbench.images.resize import imresize

_VERSION = 3
_CHUNK = 64  # images that are decoded ahead

Masks = Callable[[Path], np.ndarray]
Planes = dict[str, np.ndarray]


@dataclass(frozen=True)
class Entry:
    """One image of a cache: sizes of the reference and offsets into the file; -1 where there is none."""

    name: str
    height: int
    width: int
    reference: int
    low_resolution: int
    base: int = -1
    regions: int = -1


@dataclass(frozen=True)
class Preparation:
    """What decides a cache beside the files: crops need `crop` pixels, images come reduced by `scale`.

    `shrink` holds the factors of further copies of each image, which are made where they hold a crop.
    """

    scale: int
    degradation: Degradation
    crop: int
    base: bool = False
    masks: str = ""
    shrink: tuple[float, ...] = ()


@dataclass(frozen=True)
class Images:
    """A cache that is ready: the file as flat bytes, its images, and which files were left out.

    `fingerprint` is that of the pixels of all references in their order, whatever the files are called.
    """

    pixels: np.ndarray
    entries: tuple[Entry, ...]
    scale: int
    skipped: dict[str, str]
    fingerprint: str

    def reference(self, place: int) -> np.ndarray:
        """uint8, H x W x 3: image number `place`."""
        one = self.entries[place]
        return self._part(one.reference, one.height, one.width, 3)

    def low_resolution(self, place: int) -> np.ndarray:
        """uint8, H/s x W/s x 3."""
        one = self.entries[place]
        return self._part(one.low_resolution, one.height // self.scale, one.width // self.scale, 3)

    def base(self, place: int) -> np.ndarray:
        """uint8, H x W x 3: PIL's bicubic enlargement of the reduction."""
        one = self.entries[place]
        return self._part(one.base, one.height, one.width, 3)

    def regions(self, place: int) -> np.ndarray:
        """uint8, H x W: the number of each pixel's region."""
        one = self.entries[place]
        return self._part(one.regions, one.height, one.width, 1)[..., 0]

    def _part(self, start: int, height: int, width: int, channels: int) -> np.ndarray:
        return self.pixels[start : start + height * width * channels].reshape(height, width, channels)


def training_files(folder: Path) -> list[Path]:
    """The image files of a folder and its subfolders, by path; `UserError` where there are none."""
    existing_folder(folder)
    files = image_files(folder)
    for inner in sorted(path for path in folder.rglob("*") if path.is_dir() and path.name[0] != "."):
        files += image_files(inner)
    if not files:
        raise UserError(f"{folder} holds no image files to train on")
    return files


def open_cache(
    files: list[Path],
    preparation: Preparation,
    *,
    masks: Masks | None = None,
    progress: Progress = SILENT,
) -> Images:
    """The cache of these files, made where it is not there yet.

    Images that are smaller than the crop and files that cannot be read are left out, each with its reason
    in `skipped`; `UserError` where no image remains or the disk is full.
    """
    folder = cache_folder() / "training" / _key(files, preparation)
    index = folder / "index.json"
    if not index.is_file():
        progress.begin(len(files))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder, files, preparation, masks, progress)
        except OSError as error:
            raise UserError(f"the training cache {folder} cannot be written ({error.strerror})") from None
    stored = json.loads(index.read_text(encoding="utf-8"))
    entries = tuple(Entry(**entry) for entry in stored["entries"])
    if not entries:
        reasons = sorted(set(stored["skipped"].values()))
        raise UserError(f"none of the {len(files)} images can be trained on: {'; '.join(reasons[:3])}")
    pixels = np.memmap(folder / "pixels.u8", dtype=np.uint8, mode="r")
    return Images(pixels, entries, preparation.scale, stored["skipped"], stored["fingerprint"])


def _key(files: list[Path], preparation: Preparation) -> str:
    digest = sha256(repr((_VERSION, asdict(preparation))).encode())
    for path in files:
        status = path.stat()
        digest.update(f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:24]


def _write(
    folder: Path,
    files: list[Path],
    preparation: Preparation,
    masks: Masks | None,
    progress: Progress,
) -> None:
    entries: list[Entry] = []
    skipped: dict[str, str] = {}
    fingerprint = sha256()
    with atomic_file(folder / "pixels.u8") as temporary, temporary.open("wb") as stream:
        for path, parts in _prepared(files, preparation, masks):
            progress.advance()
            if isinstance(parts, str):
                skipped[str(path)] = parts
                continue
            for planes in parts:
                offsets = {}
                for name, plane in planes.items():
                    offsets[name] = stream.tell()
                    stream.write(np.ascontiguousarray(plane).data)
                height, width = planes["reference"].shape[:2]
                fingerprint.update(f"{height}x{width}".encode() + planes["reference"].tobytes())
                entries.append(Entry(path.stem, height, width, **offsets))
        stream.write(b"\0")  # an empty file cannot be mapped
    text = json.dumps(
        {
            "entries": [asdict(entry) for entry in entries],
            "skipped": skipped,
            "fingerprint": fingerprint.hexdigest()[:16],
        }
    )
    with atomic_file(folder / "index.json") as temporary:
        temporary.write_text(text, encoding="utf-8")


def _prepared(
    files: list[Path], preparation: Preparation, masks: Masks | None
) -> Iterator[tuple[Path, list[Planes] | str]]:
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(files), _CHUNK):
            chunk = files[start : start + _CHUNK]
            yield from zip(chunk, pool.map(lambda path: _parts(path, preparation, masks), chunk), strict=True)


def _parts(path: Path, preparation: Preparation, masks: Masks | None) -> list[Planes] | str:
    """The planes of one image and of its smaller copies, or why it is left out."""
    try:
        whole = as_rgb(read_image(path))
        if min(crop_to_multiple(whole, preparation.scale).shape[:2]) < preparation.crop:
            return f"smaller than the crop of {preparation.crop} pixels"
        planes = [_planes(whole, preparation, None if masks is None else masks(path))]
        copies = (imresize(whole, factor) for factor in preparation.shrink)
        large = (copy for copy in copies if min(copy.shape[:2]) >= preparation.crop)
        return planes + [_planes(copy, preparation, None) for copy in large]
    except (Unscorable, OSError) as error:
        return str(error)


def _planes(whole: np.ndarray, preparation: Preparation, regions: np.ndarray | None) -> Planes:
    image = crop_to_multiple(whole, preparation.scale)
    height, width = image.shape[:2]
    low = degrade(image, preparation.scale, preparation.degradation, "clamp")
    planes = {"reference": image, "low_resolution": low}
    if preparation.base:
        planes["base"] = pil_enlarged(low, preparation.scale)
    if regions is not None:
        planes["regions"] = _matching(regions, whole)[:height, :width]
    return planes


def _matching(regions: np.ndarray, image: np.ndarray) -> np.ndarray:
    if regions.shape != image.shape[:2]:
        size = f"{regions.shape[1]}x{regions.shape[0]}"
        raise Unscorable(f"its annotation is {size}, the image {image.shape[1]}x{image.shape[0]}")
    return regions


def pil_enlarged(low: np.ndarray, scale: int) -> np.ndarray:
    """PIL's bicubic enlargement, which the outputs of TSRN are added to; uint8 in and out."""
    from PIL import Image

    height, width = low.shape[:2]
    enlarged = Image.fromarray(low).resize((width * scale, height * scale), Image.Resampling.BICUBIC)
    return np.asarray(enlarged)

"""Reads data-set folders in the layouts that people have.

- SelfExSR: `image_SRF_4/img_001_SRF_4_{HR,LR}.png`
- EDSR: `HR/baby.png` and `LR_bicubic/X4/babyx4.png`
- BasicSR: `GTmod12/baby.png` and `LRbicx4/baby.png`
- references only: `*.png`

Low-resolution files of all of them are MATLAB's bicubic reductions; for another degradation, and where
they are missing, the input is made from the reference.
"""

from __future__ import annotations

import os
from pathlib import Path

from srbench.core.files import cache_folder
from srbench.core.records import Pair, UserError
from srbench.datasets.contract import Dataset
from srbench.images.names import existing_folder, image_files, image_identifier, match_files


def data_roots(given: list[Path]) -> list[Path]:
    """Where data sets are looked for: `--data-root` first, then `SRBENCH_DATA`, then the cache."""
    from_environment = [Path(part) for part in os.environ.get("SRBENCH_DATA", "").split(os.pathsep) if part]
    return [*given, *from_environment, cache_folder() / "datasets"]


def find_folder(dataset: Dataset, roots: list[Path]) -> Path:
    """The folder of a data set: under one of the roots, or a root that is that folder itself."""
    if dataset.folder is not None:
        return existing_folder(dataset.folder)
    wanted = {name.lower() for name in (dataset.name, *dataset.folders)}
    for root in roots:
        if not root.is_dir():
            continue
        for folder in sorted(path for path in root.iterdir() if path.is_dir()):
            if folder.name.lower() in wanted:
                return folder
        if root.resolve().name.lower() in wanted:
            return root
    looked = ", ".join(str(root) for root in roots)
    raise UserError(
        f"the data set {dataset.name} is not here (looked for a folder {' or '.join(dataset.folders)} in "
        f"{looked}); see: srbench datasets show {dataset.name}"
    )


def find_pairs(dataset: Dataset, scale: int, roots: list[Path], *, use_low_resolution: bool) -> list[Pair]:
    """The pairs of a data set at one scale, by identifier.

    `use_low_resolution` is False where the protocol wants another degradation than the files have.
    """
    folder = find_folder(dataset, roots)
    references, inputs = _layout(folder, scale, dataset.only)
    if not references:
        raise UserError(f"{folder} holds no image files in a layout that srbench knows (see the README)")
    by_identifier = _by_identifier(folder, references)
    low = match_files(by_identifier, inputs) if use_low_resolution else {}
    siblings = frozenset(by_identifier)
    return [
        Pair(
            dataset=dataset.name,
            image=identifier,
            scale=scale,
            reference=reference,
            low_resolution=_only(low.get(identifier, []), identifier),
            aliases=dataset.aliases_of(identifier),
            siblings=siblings,
        )
        for identifier, reference in sorted(by_identifier.items())
    ]


def _layout(folder: Path, scale: int, only: tuple[str, ...]) -> tuple[list[Path], list[Path]]:
    """The reference files and the low-resolution files (possibly none) of a folder."""
    selfexsr = folder / f"image_SRF_{scale}"
    if selfexsr.is_dir():
        files = image_files(selfexsr)
        return _ending(files, "_HR"), _ending(files, "_LR")
    for high, low in (("HR", f"LR_bicubic/X{scale}"), ("GTmod12", f"LRbicx{scale}")):
        if (folder / high).is_dir():
            return image_files(folder / high), image_files(folder / low) if (folder / low).is_dir() else []
    other_scales = sorted(path.name for path in folder.glob("image_SRF_*"))
    if other_scales:
        raise UserError(f"{folder} has no scale {scale}, only {', '.join(other_scales)}")
    return [path for path in image_files(folder) if not only or path.name in only], []


def _ending(files: list[Path], suffix: str) -> list[Path]:
    return [path for path in files if path.stem.endswith(suffix)]


def _by_identifier(folder: Path, references: list[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in references:
        identifier = image_identifier(path.stem)
        if identifier in found:
            raise UserError(f"{folder}: {found[identifier].name} and {path.name} are both image {identifier}")
        found[identifier] = path
    return found


def _only(files: list[Path], identifier: str) -> Path | None:
    if len(files) > 1:
        names = ", ".join(path.name for path in files[:3])
        raise UserError(f"several low-resolution files fit the image {identifier}: {names}")
    return files[0] if files else None

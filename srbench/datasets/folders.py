"""Finds data-set folders and makes pairs of their files.

- SelfExSR: `image_SRF_4/img_001_SRF_4_{HR,LR}.png`
- EDSR: `HR/baby.png` and `LR_bicubic/X4/babyx4.png`
- DIV2K: `DIV2K_valid_HR/0801.png` and beside that folder `DIV2K_valid_LR_bicubic/X4/0801x4.png`
- BasicSR: `GTmod12/baby.png` and `LRbicx4/baby.png`
- a user's own: `HR` or `GT` (or references in the folder itself) and `LR_x4`, `LRx4`, `LR/x4`, `LR`, `lq`
- references only: `*.png`

See `layouts` for what is known of the inputs; where there are none, they are made from the reference.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from srbench.core.files import cache_folder
from srbench.core.records import Pair, UserError
from srbench.datasets.contract import Dataset
from srbench.datasets.layouts import read_layout
from srbench.images.names import beginning, existing_folder, image_identifier, match_files

Inputs = Literal["given", "published", "made"]


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


def find_pairs(dataset: Dataset, scale: int, roots: list[Path], *, inputs: Inputs = "given") -> list[Pair]:
    """The pairs of a data set at one scale, by identifier.

    `inputs` chooses among the low-resolution files of the folder: "given" takes all, "published" those of
    known making only, "made" none.
    """
    folder = find_folder(dataset, roots)
    layout = read_layout(folder, scale, references_of=dataset.references_of.get(scale), only=dataset.only)
    if not layout.references:
        raise UserError(f"{folder} holds no image files in a layout that srbench knows (see the README)")
    by_identifier = _by_identifier(folder, layout.references)
    taken = inputs == "given" or (inputs == "published" and layout.kind != "unknown")
    low = match_files(by_identifier, layout.inputs or []) if taken else {}
    kind = layout.kind if taken and layout.inputs is not None else "matlab-bicubic"
    identifiers = sorted(by_identifier)
    return [
        Pair(
            dataset=dataset.name,
            image=identifier,
            scale=scale,
            reference=reference,
            low_resolution=_only(low.get(identifier, []), identifier),
            input_kind=kind,
            aliases=(aliases := dataset.aliases_of(identifier)),
            # Those that matter only: pairs travel to other processes.
            siblings=frozenset(
                identifiers[place]
                for name in (identifier, *aliases)
                for place in beginning(identifiers, name)
            ),
        )
        for identifier, reference in sorted(by_identifier.items())
    ]


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

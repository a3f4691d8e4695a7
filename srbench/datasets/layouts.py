"""Which files of a folder are references and which are low-resolution inputs, in the layouts people have.

Low-resolution files of the published layouts (SelfExSR, EDSR, DIV2K, BasicSR) are MATLAB's bicubic
reductions. Those of a user's own folder (`LR`, `LR_x4`, `lq`, ...) may have been made in any way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from srbench.core.records import InputKind, UserError
from srbench.images.names import image_files, no_image_files

# Names of folders in lower case, the more telling ones first; {s} is the scale.
_REFERENCES = ("hr", "gt", "hr/x{s}", "gt/x{s}", "hr_x{s}", "hrx{s}", "gt_x{s}", "reference", "references")
_MATLAB = ("lr_bicubic/x{s}", "lrbicx{s}")
_OWN = (
    "lr_x{s}", "lrx{s}", "lr/x{s}", "x{s}/lr", "lq_x{s}", "lqx{s}", "lq/x{s}", "lr", "lq", "input", "inputs",
)  # fmt: skip
# Restoration at the same size: what is denoised, deblurred or repaired, and what it is compared with.
_DEGRADED = ("noisy", "blurry", "blur", "degraded")
_RESTORED = ("clean", "sharp", "target")
_CROPPED = re.compile(r"gtmod\d+$")
_PAIRED = re.compile(r"_(HR|LR)$")


@dataclass(frozen=True)
class Layout:
    """The references of a folder and its low-resolution files for one scale.

    `inputs` is None where the folder has none for this scale; `kind` is how those that it has were made.
    """

    name: str
    references: list[Path]
    inputs: list[Path] | None
    kind: InputKind = "matlab-bicubic"


def read_layout(folder: Path, scale: int, *, references_of: int | None, only: tuple[str, ...]) -> Layout:
    """The layout of a data set's folder at one scale.

    `references_of` is the scale whose published references serve this one, None where it is published
    itself; `only` names the files that belong to a data set kept among others.
    """
    published = folder / f"image_SRF_{references_of or scale}"
    if published.is_dir():
        layout = _pairs_in_one_folder("SelfExSR", image_files(published), "matlab-bicubic")
        return replace(layout, inputs=None) if references_of else layout
    for name, references in _reference_folders(folder, scale):
        return _with_inputs(name, folder, image_files(references), scale)
    _refuse_other_scales(folder, scale)
    files = [path for path in image_files(folder) if not only or path.name in only]
    if not files:
        raise UserError(no_image_files(folder))
    if {match[1] for path in files if (match := _PAIRED.search(path.stem))} == {"HR", "LR"}:
        return _pairs_in_one_folder("SelfExSR", files, "matlab-bicubic" if _is_selfexsr(files) else "unknown")
    return _with_inputs("references", folder, files, scale)


def _reference_folders(folder: Path, scale: int) -> list[tuple[str, Path]]:
    wanted = [name.format(s=scale) for name in (*_REFERENCES, *(_RESTORED if scale == 1 else ()))]
    cropped = [("BasicSR", path) for path in sorted(folder.iterdir()) if _CROPPED.match(path.name.lower())]
    named = [("HR", path) for name in wanted if (path := _subfolder(folder, name)) is not None]
    return [(name, path) for name, path in (*named, *cropped) if image_files(path)]


def _with_inputs(name: str, folder: Path, references: list[Path], scale: int) -> Layout:
    for wanted in _MATLAB:
        found = _subfolder(folder, wanted.format(s=scale)) or _beside(folder, wanted.format(s=scale))
        if found is not None:
            return Layout("EDSR" if "bicubic" in wanted else "BasicSR", references, image_files(found))
    for wanted in (*_OWN, *(_DEGRADED if scale == 1 else ())):
        found = _subfolder(folder, wanted.format(s=scale))
        # A folder that only holds folders of other scales has no inputs for this one.
        if found is not None and (image_files(found) or not any(path.is_dir() for path in found.iterdir())):
            return Layout(str(found.relative_to(folder)), references, image_files(found), "unknown")
    return Layout(name, references, None)


def _beside(folder: Path, wanted: str) -> Path | None:
    """DIV2K's form: `DIV2K_valid_HR` and beside it `DIV2K_valid_LR_bicubic/X4`."""
    stem = re.sub(r"_HR$", "", folder.resolve().name, flags=re.IGNORECASE)
    if stem == folder.resolve().name:
        return None
    return _subfolder(folder.resolve().parent, f"{stem}_{wanted}".lower())


def _subfolder(folder: Path, wanted: str) -> Path | None:
    """The folder below `folder` whose path is `wanted` (lower case), compared without case."""
    current = folder
    for part in wanted.split("/"):
        matching = [path for path in sorted(current.iterdir()) if path.name.lower() == part and path.is_dir()]
        if not matching:
            return None
        current = matching[0]
    return current


def _pairs_in_one_folder(name: str, files: list[Path], kind: InputKind) -> Layout:
    high, low = ([path for path in files if path.stem.endswith(role)] for role in ("_HR", "_LR"))
    return Layout(name, high, low or None, kind)


def _is_selfexsr(files: list[Path]) -> bool:
    return all(re.search(r"_SRF_\d+_(HR|LR)$", path.stem) for path in files)


def _refuse_other_scales(folder: Path, scale: int) -> None:
    other_scales = sorted(path.name for path in folder.glob("image_SRF_*"))
    if other_scales:
        raise UserError(f"{folder} has no scale {scale}, only {', '.join(other_scales)}")

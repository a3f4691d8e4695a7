"""Finds the images that opinions name in a folder, and never another one of the same name."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from srbench.core.records import UserError
from srbench.images.names import image_files


class Files:
    """The images below a folder. A name may have folders before it (`factor2/1/3.bmp`) and may lack its
    suffix or have another one than the file."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise UserError(f"{folder}: no such folder")
        self._folder = folder
        self._exact: dict[str, list[Path]] = {}
        self._stems: dict[str, list[Path]] = {}
        folders = [folder, *sorted(path for path in folder.rglob("*") if path.is_dir())]
        for path in (path for each in folders for path in image_files(each)):
            self._exact.setdefault(path.name, []).append(path)
            self._stems.setdefault(path.stem, []).append(path)

    def find(self, name: str) -> Path | None:
        """The image of that name, None where there is none; `UserError` where there are several."""
        wanted = PurePosixPath(name)
        for found in (self._exact.get(wanted.name, []), self._stems.get(wanted.stem, [])):
            fitting = [path for path in found if _ends_with(path, wanted)]
            if len(fitting) > 1:
                raise UserError(
                    f"{self._folder} has {len(fitting)} images of the name {name}, first {fitting[0]} and "
                    f"{fitting[1]}: give the folder that has one of each"
                )
            if fitting:
                return fitting[0]
        return None


def _ends_with(path: Path, wanted: PurePosixPath) -> bool:
    """Whether the folders that a name has are those that the file lies in."""
    folders = wanted.parts[:-1]
    return not folders or path.absolute().parts[:-1][-len(folders) :] == folders

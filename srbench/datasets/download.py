"""Downloads and verifies data sets that have a stable public source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from srbench.core.files import cache_folder, file_hash, sweep
from srbench.core.records import SILENT, Progress, UserError
from srbench.core.text import network_reason, remark, size_text
from srbench.core.weights import DOWNLOADING
from srbench.datasets.contract import Dataset
from srbench.datasets.folders import data_roots, find_folder


@dataclass(frozen=True)
class PublishedFile:
    """One published file: its path, which begins with the data set's folder, SHA-256 and size in bytes."""

    path: str
    sha256: str
    size: int

    @property
    def scale(self) -> int:
        """The scale of the published folder it lies in (`Set5/image_SRF_4/...`)."""
        return int(Path(self.path).parts[1].rpartition("_")[2])


def published_files(dataset: Dataset, scale: int | None = None) -> list[PublishedFile]:
    """The published files of a data set, those of one scale where it is given."""
    if dataset.remote is None:
        raise UserError(f"{dataset.name} has no download with known hashes: {dataset.instructions}")
    listing = Path(__file__).parent / "hashes" / dataset.remote.registry
    lines = [line.split() for line in listing.read_text(encoding="utf-8").splitlines() if line]
    files = [PublishedFile(path, digest, int(size)) for path, digest, size in lines]
    if scale is None:
        return files
    wanted = dataset.references_of.get(scale, scale)
    chosen = [file for file in files if file.scale == wanted]
    if not chosen:
        there = ", ".join(f"x{known}" for known in sorted({file.scale for file in files}))
        raise UserError(f"{dataset.name} is not published at x{scale}, only at {there}")
    return chosen


def pull(
    dataset: Dataset,
    *,
    scale: int | None = None,
    progress: Progress = SILENT,
) -> Path:
    """Downloads what is missing into the cache, verifies every file, returns the data set's folder.

    With `scale` only the files that serve that scale.
    """
    files = published_files(dataset, scale)
    assert dataset.remote is not None
    import pooch

    root = cache_folder() / "datasets"
    whole = size_text(sum(file.size for file in files))
    remark(f"downloading {dataset.title} from {dataset.remote.base_url}, {whole}")
    pooch.get_logger().setLevel("WARNING")
    sweep(root, DOWNLOADING)
    hashes = {file.path: file.sha256 for file in files}
    source = pooch.create(path=root, base_url=dataset.remote.base_url, registry=hashes, retry_if_failed=2)
    progress.begin(len(files))
    for path in hashes:
        try:
            source.fetch(path)
        except Exception as error:  # pooch lets the errors of requests and urllib through
            raise UserError(
                f"{path} of {dataset.name} cannot be downloaded ({network_reason(error)}); files that came "
                f"are kept in {root}, and the same command goes on from there"
            ) from None
        progress.advance()
    return find_folder(dataset, [root])


def verify(dataset: Dataset, roots: list[Path]) -> tuple[int, list[str]]:
    """How many published files were looked for, and one line for each that is missing or differs.

    Only scales of which the folder has files are looked at.
    """
    folder = find_folder(dataset, data_roots(roots))
    files = {tuple(Path(file.path).parts[1:]): file for file in published_files(dataset)}
    present = {part: file for part, file in files.items() if (folder / part[0]).is_dir()}
    if not present:
        raise UserError(
            f"{folder} is not in the published layout ({next(iter(files.values())).path}); nothing to compare"
        )
    wrong = []
    for part, file in present.items():
        path = folder.joinpath(*part)
        if not path.is_file():
            wrong.append(f"{path}: missing")
        elif file_hash(path) != file.sha256:
            wrong.append(f"{path}: differs from the published file")
    return len(present), wrong

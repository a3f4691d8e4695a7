"""Downloads and verifies data sets that have a stable public source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from srbench.core.files import cache_folder, file_hash
from srbench.core.records import UserError
from srbench.core.text import first_line, remark
from srbench.datasets.contract import Dataset
from srbench.datasets.folders import data_roots, find_folder


def published_hashes(dataset: Dataset) -> dict[str, str]:
    """SHA-256 of each published file by its path, which begins with the data set's folder."""
    if dataset.remote is None:
        raise UserError(f"{dataset.name} has no download with known hashes: {dataset.instructions}")
    listing = Path(__file__).parent / "hashes" / dataset.remote.registry
    lines = listing.read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines if line)


def pull(dataset: Dataset, *, begin: Callable[[int], None], advance: Callable[[], None]) -> Path:
    """Downloads what is missing into the cache, verifies every file, returns the data set's folder."""
    hashes = published_hashes(dataset)
    assert dataset.remote is not None
    import pooch

    root = cache_folder() / "datasets"
    remark(f"downloading {dataset.title} from {dataset.remote.base_url}, {dataset.remote.size / 1e6:.1f} MB")
    pooch.get_logger().setLevel("WARNING")
    source = pooch.create(path=root, base_url=dataset.remote.base_url, registry=hashes, retry_if_failed=2)
    begin(len(hashes))
    for path in hashes:
        try:
            source.fetch(path)
        except Exception as error:  # pooch lets the errors of requests and urllib through
            raise UserError(
                f"{path} of {dataset.name} cannot be downloaded ({first_line(error)}); files that came are "
                f"kept in {root}, and the same command goes on from there"
            ) from None
        advance()
    return find_folder(dataset, [root])


def verify(dataset: Dataset, roots: list[Path]) -> tuple[int, list[str]]:
    """How many published files were looked for, and one line for each that is missing or differs.

    Only scales of which the folder has files are looked at.
    """
    folder = find_folder(dataset, data_roots(roots))
    hashes = published_hashes(dataset)
    parts = {tuple(Path(path).parts[1:]): digest for path, digest in hashes.items()}
    present = {part: digest for part, digest in parts.items() if (folder / part[0]).is_dir()}
    if not present:
        raise UserError(f"{folder} is not in the published layout ({next(iter(hashes))}); nothing to compare")
    wrong = []
    for part, digest in present.items():
        path = folder.joinpath(*part)
        if not path.is_file():
            wrong.append(f"{path}: missing")
        elif file_hash(path) != digest:
            wrong.append(f"{path}: differs from the published file")
    return len(present), wrong

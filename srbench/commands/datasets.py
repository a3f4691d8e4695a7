"""`srbench datasets list|show|pull|verify|make`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.commands.catalogues import Name, print_facts, print_list
from srbench.commands.terminal import AsJson, DataRoot, command_group, console, notices, progress
from srbench.core.records import UserError
from srbench.core.text import size_text

if TYPE_CHECKING:
    from srbench.datasets.contract import Dataset

datasets_app = command_group("Data sets.")


@datasets_app.command("list")
def list_datasets(data_root: DataRoot = [], as_json: AsJson = False) -> None:  # noqa: B006 - typer copies it
    """Every data set, and where it was found."""
    from srbench.datasets.catalogue import DATASETS
    from srbench.datasets.folders import data_roots, find_folder

    rows = []
    for dataset in DATASETS:
        try:
            find_folder(dataset, data_roots(data_root))
            reason = None
        except UserError as error:
            reason = str(error)
        images = f", {dataset.images} images" if dataset.images else ""
        rows.append((dataset.name, f"{dataset.title}{images}", reason))
    print_list(rows, as_json=as_json)


@datasets_app.command("show")
def show_dataset(name: Name) -> None:
    """One data set: source, licence, citation, how to get it."""
    from srbench.datasets.catalogue import resolve

    dataset = resolve(name)
    print_facts(
        {
            "name": dataset.name,
            "title": dataset.title,
            "images": dataset.images or "any number",
            "folder names": ", ".join(dataset.folders),
            "homepage": dataset.homepage,
            "licence": dataset.license,
            "citation": dataset.citation,
            "how to get it": dataset.instructions or f"srbench datasets pull {dataset.name}",
            **{f"size of x{scale}": text for scale, text in _sizes(dataset).items()},
            **{f"remark on x{scale}": text for scale, text in dataset.remarks.items()},
        }
    )


def _sizes(dataset: Dataset) -> dict[int, str]:
    from srbench.datasets.download import published_files

    sizes: dict[int, int] = {}
    for file in published_files(dataset) if dataset.remote else ():
        sizes[file.scale] = sizes.get(file.scale, 0) + file.size
    return {scale: size_text(count) for scale, count in sizes.items()}


@datasets_app.command("pull")
def pull_dataset(
    name: Name,
    scale: Annotated[int | None, typer.Option(help="Only the files that serve this factor.")] = None,
) -> None:
    """Download a data set from its public source, every file verified by hash."""
    from srbench.datasets.catalogue import resolve
    from srbench.datasets.download import pull

    dataset = resolve(name)
    with progress(f"downloading {dataset.name}") as bar:
        folder = pull(dataset, scale=scale, progress=bar)
    notices().print(f"{dataset.title} is complete in {folder} (licence: {dataset.license})", markup=False)


@datasets_app.command("verify")
def verify_dataset(name: Name, data_root: DataRoot = []) -> None:  # noqa: B006 - typer copies it
    """Compare the files of a data set with the published ones by hash."""
    from srbench.datasets.catalogue import resolve
    from srbench.datasets.download import verify

    checked, wrong = verify(resolve(name), list(data_root))
    for line in wrong:
        console().print(line, markup=False)
    if wrong:
        raise UserError(f"{len(wrong)} of {checked} files of {name} differ from the published ones")
    console().print(f"all {checked} files of {name} are the published ones", markup=False)


class LayoutChoice(StrEnum):
    """Whose folders are written."""

    SELFEXSR = "selfexsr"
    EDSR = "edsr"
    BASICSR = "basicsr"


@datasets_app.command("make")
def make_dataset(
    name: Name,
    out: Annotated[Path, typer.Option(metavar="DIR", help="An empty or new folder, named as the data set.")],
    scale: Annotated[int, typer.Option(min=2, help="Super-resolution factor.")] = 4,
    layout: Annotated[LayoutChoice, typer.Option(help="Whose folders are written.")] = LayoutChoice.SELFEXSR,
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
) -> None:
    """Write references and MATLAB's bicubic reductions of them, as srbench makes them, in a usual layout."""
    from srbench.datasets.catalogue import resolve
    from srbench.datasets.folders import data_roots, find_pairs
    from srbench.datasets.making import make

    pairs = find_pairs(resolve(name), scale, data_roots(data_root), inputs="made")
    with progress(f"making {name}") as bar:
        count = make(pairs, out, layout.value, progress=bar)
    console().print(f"{count} images of {name} x{scale} in {out} ({layout.value})", markup=False)

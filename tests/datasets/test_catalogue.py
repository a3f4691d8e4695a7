"""The catalogue of data sets: complete enough to be found, cited and got."""

from __future__ import annotations

from pathlib import Path

import pytest

from srbench.core.records import UsageError
from srbench.datasets.catalogue import DATASETS, resolve
from srbench.datasets.folders import find_pairs
from srbench.images.codec import read_image

DESIGNED = ["demo", "set5", "set14", "bsd100", "urban100", "sunhays80", "pirm-val", "div2k-val"]


def test_the_data_sets_of_the_design_are_there() -> None:
    assert set(DESIGNED) <= set(DATASETS.names())


@pytest.mark.parametrize("name", DESIGNED)
def test_each_has_a_source_a_licence_a_citation_and_a_way_to_get_it(name: str) -> None:
    dataset = DATASETS.get(name)
    assert dataset.homepage.startswith("https://")
    assert dataset.license
    assert dataset.citation
    assert dataset.instructions or dataset.remote


@pytest.mark.parametrize(
    ("name", "images"),
    [("set5", 5), ("set14", 14), ("bsd100", 100), ("urban100", 100), ("sunhays80", 80), ("div2k-val", 100)],
)
def test_numbers_of_images_are_those_of_the_papers(name: str, images: int) -> None:
    assert DATASETS.get(name).images == images


def test_folder_names_belong_to_one_data_set() -> None:
    names = [
        name.lower() for dataset in DATASETS for name in {dataset.name, *map(str.lower, dataset.folders)}
    ]
    assert len(names) == len(set(names))


def test_remote_files_do_not_move() -> None:
    for dataset in DATASETS:
        if dataset.remote:
            assert dataset.remote.base_url.endswith("/")
            assert any(len(part) == 40 for part in dataset.remote.base_url.split("/"))  # one commit


def test_the_demo_needs_nothing_and_is_in_colour() -> None:
    dataset = DATASETS.get("demo")
    pairs = find_pairs(dataset, 4, [])
    assert len(pairs) == dataset.images == 6
    assert all(read_image(pair.reference).ndim == 3 for pair in pairs)


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"unknown data set 'st5'; did you mean set5"):
        resolve("st5")


@pytest.mark.parametrize("text", ["folder:", "folder:/"])
def test_a_folder_without_a_name_is_wrong_usage(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="a folder is needed"):
        resolve(text)

"""Downloading and verifying data sets, from a server on this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import srbench.datasets.download
from srbench.core.files import cache_folder
from srbench.core.records import UserError
from srbench.datasets.contract import Dataset, RemoteFiles
from srbench.datasets.download import published_files, pull, verify
from tests.server import Site, serve
from tests.steps import Steps

# How many files the authors' repository has: HR and LR of each image and scale.
PUBLISHED = {"set5": 5 * 2 * 3, "set14": 14 * 2 * 3, "bsd100": 600, "urban100": 400, "sunhays80": 160}
PLACE = "a-long-folder/of/a/repository/at/one/commit/18e00f2d1bd3941e9b8d4895d3541543ad86d5b2/data/"
FILES = {
    f"Tiny/image_SRF_4/img_00{n}_SRF_4_{k}.png": f"{n} {k}".encode() for n in (1, 2) for k in ("HR", "LR")
}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    import pooch

    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pooch.core.time, "sleep", lambda _: None)
    with serve() as made:
        made.files = {f"/{PLACE}{path}": content for path, content in FILES.items()}
        yield made


@pytest.fixture
def tiny(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """A data set whose published files are on the server."""
    package = tmp_path / "package"
    (package / "hashes").mkdir(parents=True)
    lines = [
        f"{path} {hashlib.sha256(content).hexdigest()} {len(content)}\n" for path, content in FILES.items()
    ]
    (package / "hashes" / "tiny.txt").write_text("".join(lines))
    monkeypatch.setattr(srbench.datasets.download, "__file__", str(package / "download.py"))
    return Dataset(
        name="tiny", title="Tiny", folders=("Tiny",), images=2, homepage="", license="", citation="",
        remote=RemoteFiles(f"{site.url}{PLACE}", "tiny.txt"),
    )  # fmt: skip


def get(dataset: Dataset) -> tuple[Path, Steps]:
    steps = Steps()
    return pull(dataset, progress=steps), steps


def test_everything_is_downloaded_once(site: Site, tiny: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    folder, steps = get(tiny)
    assert folder == cache_folder() / "datasets" / "Tiny"
    assert (steps.total, steps.done) == (4, 4)
    for path, content in FILES.items():
        assert (folder.parent / path).read_bytes() == content
    size = sum(map(len, FILES.values()))
    assert capsys.readouterr().err == f"downloading Tiny from {site.url}{PLACE}, {size} bytes\n"
    get(tiny)
    assert len(site.asked) == 4


def test_one_scale_alone_is_downloaded(site: Site, tiny: Dataset) -> None:
    steps = Steps()
    folder = pull(tiny, scale=4, progress=steps)
    assert (steps.done, sorted(path.name for path in folder.iterdir())) == (4, ["image_SRF_4"])
    with pytest.raises(UserError, match="tiny is not published at x3, only at x4"):
        pull(tiny, scale=3, progress=steps)
    served = replace(tiny, references_of={2: 4})
    assert published_files(served, 2) == published_files(tiny, 4)


def test_a_damaged_file_is_downloaded_again(site: Site, tiny: Dataset) -> None:
    folder, _ = get(tiny)
    name = next(iter(FILES))
    (folder.parent / name).write_bytes(b"damaged")
    get(tiny)
    assert (folder.parent / name).read_bytes() == FILES[name]
    assert len(site.asked) == 5


def test_a_wrong_file_is_refused_and_what_came_is_kept(site: Site, tiny: Dataset) -> None:
    names = list(FILES)
    site.files[f"/{PLACE}{names[2]}"] = b"not what was published"
    with pytest.raises(UserError, match=f"{names[2]} of tiny cannot be downloaded") as caught:
        get(tiny)
    assert "the same command goes on from there" in str(caught.value)
    root = cache_folder() / "datasets"
    assert [(root / name).is_file() for name in names] == [True, True, False, False]
    site.files[f"/{PLACE}{names[2]}"] = FILES[names[2]]
    site.asked.clear()
    get(tiny)
    assert site.asked == [f"/{PLACE}{name}" for name in names[2:]]


def test_a_missing_file_and_a_broken_connection_are_one_line(site: Site, tiny: Dataset) -> None:
    site.files.clear()
    with pytest.raises(UserError, match="404"):
        get(tiny)
    site.files = {f"/{PLACE}{path}": content for path, content in FILES.items()}
    site.cut = 1
    with pytest.raises(UserError, match="cannot be downloaded"):
        get(tiny)


def test_a_set_without_a_source_says_how_to_get_it(tiny: Dataset) -> None:
    with pytest.raises(UserError, match=r"no download with known hashes: ask the authors"):
        get(replace(tiny, remote=None, instructions="ask the authors"))


def test_verify_finds_what_differs_and_what_is_missing(tiny: Dataset) -> None:
    folder, _ = get(tiny)
    assert verify(tiny, []) == (4, [])
    names = list(FILES)
    (folder.parent / names[0]).write_bytes(b"changed")
    (folder.parent / names[3]).unlink()
    checked, wrong = verify(tiny, [])
    assert checked == 4
    assert [Path(line.split(": ")[0]).name for line in wrong] == [Path(names[0]).name, Path(names[3]).name]
    assert wrong[0].endswith("differs from the published file")
    assert wrong[1].endswith("missing")


def test_verify_of_another_layout_says_so(tiny: Dataset, tmp_path: Path) -> None:
    (tmp_path / "roots" / "Tiny" / "HR").mkdir(parents=True)
    with pytest.raises(UserError, match="not in the published layout"):
        verify(tiny, [tmp_path / "roots"])


@pytest.mark.parametrize(("name", "count"), PUBLISHED.items())
def test_published_files_of_the_catalogue(name: str, count: int) -> None:
    from srbench.datasets.catalogue import DATASETS

    files = published_files(DATASETS.get(name))
    assert len(files) == len({file.path for file in files}) == count
    assert {len(file.sha256) for file in files} == {64}
    assert min(file.size for file in files) > 100


@pytest.mark.parametrize("name", ["set5", "set14", "bsd100"])
def test_the_real_files_are_the_published_ones(shared: Path, name: str) -> None:
    from srbench.datasets.catalogue import DATASETS

    checked, wrong = verify(DATASETS.get(name), [shared / "data"])
    assert wrong == []
    assert checked == {"set5": 30, "set14": 28, "bsd100": 200}[name]

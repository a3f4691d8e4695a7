"""Weights: found, downloaded, verified, converted; the cache changes only when everything succeeded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from srbench.core.files import cache_folder
from srbench.core.records import UserError
from srbench.core.weights import WeightFile, download, load, locate, missing_weights, pull
from tests.server import Site, serve

CONTENT = b"published weights " * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serve() as made:
        made.files["/weights.bin"] = CONTENT
        yield made


def convert(path: Path) -> dict[str, np.ndarray]:
    return {"bytes": np.frombuffer(path.read_bytes(), np.uint8)}


def file(url: str | None = None, **fields: object) -> WeightFile:
    settings: dict[str, object] = {"sha256": (DIGEST,), "convert": convert, "size": len(CONTENT)} | fields
    settings = {"homepage": "https://example.org/net"} | settings
    return WeightFile(name="net", license="MIT", citation="A. Author", url=url, **settings)  # type: ignore[arg-type]


def cached_files() -> list[str]:
    folder = cache_folder() / "weights"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "given.bin"
    path.write_bytes(CONTENT)
    return path


def test_a_cache_that_cannot_be_made_is_one_line(
    tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv("SRBENCH_CACHE", str(tmp_path / "taken"))
    with pytest.raises(UserError, match=r"cannot be made \(Not a directory\); set SRBENCH_CACHE"):
        pull(file(), published)


def test_the_cache_is_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRBENCH_CACHE", str(tmp_path / "elsewhere"))
    assert file().cached == tmp_path / "elsewhere" / "weights" / "net.safetensors"
    monkeypatch.setenv("SRBENCH_CACHE", "~/there")
    assert cache_folder() == Path.home() / "there"
    monkeypatch.delenv("SRBENCH_CACHE")
    assert cache_folder().name == "srbench"


def test_a_given_file_is_verified_converted_and_kept_with_its_provenance(published: Path) -> None:
    path = pull(file(), published)
    tensors, told = load(path)
    assert tensors["bytes"].tobytes() == CONTENT
    assert told["sha256"] == DIGEST
    assert (told["license"], told["citation"], told["source"]) == (
        "MIT",
        "A. Author",
        "https://example.org/net",
    )
    assert published.read_bytes() == CONTENT
    assert cached_files() == ["net.safetensors"]


def test_without_conversion_the_file_is_kept_as_it_is(published: Path) -> None:
    path = pull(file(convert=None, suffix=".mat"), published)
    assert path.name == "net.mat"
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("damage", [CONTENT[:-1], CONTENT + b"x", b"", b"something else"])
def test_another_hash_is_refused_and_the_cache_untouched(
    tmp_path: Path, published: Path, damage: bytes
) -> None:
    before = pull(file(), published).read_bytes()
    wrong = tmp_path / "wrong.bin"
    wrong.write_bytes(damage)
    with pytest.raises(UserError, match=r"is not the published net: its sha256 is .*nothing was changed"):
        pull(file(), wrong)
    assert file().cached.read_bytes() == before
    assert cached_files() == ["net.safetensors"]


def test_a_published_beginning_of_the_hash_is_enough(published: Path) -> None:
    assert pull(file(sha256=("00000000", DIGEST[:8])), published).is_file()


def test_a_failing_conversion_leaves_the_cache_untouched(published: Path) -> None:
    def refuse(path: Path) -> dict[str, np.ndarray]:
        raise UserError("another architecture")

    before = pull(file(), published).read_bytes()
    with pytest.raises(UserError, match="another architecture"):
        pull(file(convert=refuse), published)
    assert file().cached.read_bytes() == before
    assert cached_files() == ["net.safetensors"]


def test_a_given_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        pull(file(), tmp_path / "no.bin")
    with pytest.raises(UserError, match="no such file"):
        pull(file(), tmp_path)


@pytest.mark.parametrize(
    "accepted", [(DIGEST,), (DIGEST[:8],), (DIGEST, "0" * 64)], ids=["whole", "part", "two"]
)
def test_download_says_one_line_verifies_and_converts(
    site: Site, capsys: pytest.CaptureFixture[str], accepted: tuple[str, ...]
) -> None:
    place = "a-long-folder/" * 10 + "weights.bin"
    site.files[f"/{place}"] = CONTENT
    path = pull(file(site.url + place, sha256=accepted))
    assert load(path)[0]["bytes"].tobytes() == CONTENT
    said = capsys.readouterr().err
    assert said == f"downloading net from {site.url}{place}, 18.0 kB\n"


def test_what_was_downloaded_is_not_downloaded_again(site: Site) -> None:
    pull(file(site.url + "weights.bin"))
    pull(file(site.url + "weights.bin"))
    assert site.asked == ["/weights.bin"]


@pytest.mark.parametrize("accepted", [(DIGEST,), (DIGEST[:8],)], ids=["whole", "part"])
@pytest.mark.parametrize("answer", [b"<html>sign in to the hotel's network</html>", CONTENT[:-5], b""])
def test_a_wrong_download_is_refused_and_the_next_attempt_succeeds(
    site: Site, accepted: tuple[str, ...], answer: bytes
) -> None:
    wanted = file(site.url + "weights.bin", sha256=accepted)
    site.files["/weights.bin"] = answer
    with pytest.raises(UserError):
        pull(wanted)
    assert cached_files() == []
    site.files["/weights.bin"] = CONTENT
    assert load(pull(wanted))[0]["bytes"].tobytes() == CONTENT


@pytest.mark.parametrize("accepted", [(DIGEST,), (DIGEST[:8],)], ids=["whole", "part"])
def test_a_broken_connection_is_one_line_and_leaves_nothing(site: Site, accepted: tuple[str, ...]) -> None:
    wanted = file(site.url + "weights.bin", sha256=accepted)
    site.cut = 100
    with pytest.raises(UserError, match=r"net cannot be downloaded from .*--from FILE"):
        pull(wanted)
    assert cached_files() == []
    site.cut = None
    assert pull(wanted).is_file()


def test_a_missing_page_and_no_network_are_one_line(site: Site) -> None:
    with pytest.raises(UserError, match=r"cannot be downloaded from .*404.*--from FILE"):
        pull(file(site.url + "moved.bin"))
    with pytest.raises(UserError, match=r"cannot be downloaded from http://127\.0\.0\.1:9/w") as caught:
        pull(file("http://127.0.0.1:9/w"))
    assert "\n" not in str(caught.value)
    assert cached_files() == []


def test_without_an_address_the_homepage_is_named() -> None:
    with pytest.raises(
        UserError, match=r"no stable download; get it from https://example\.org/net .*--from FILE"
    ):
        download(file())
    with pytest.raises(UserError, match=r"^net has no published weights; give a file with --from FILE$"):
        download(file(homepage=""))
    with pytest.raises(UserError, match=r"^net: no published weights; training makes them; or give a file"):
        download(file(homepage="no published weights; training makes them"))


def test_missing_weights_name_the_command(published: Path) -> None:
    assert missing_weights((), command="c") is None
    assert missing_weights((file("http://x/", size=2_340_000),), command="get it") == (
        "weights net are not here: get it (http://x/, 2.3 MB), or give a file with --from FILE"
    )
    assert missing_weights((file(size=None),), command="get it") == (
        "weights net are not here: get it --from FILE (https://example.org/net)"
    )
    assert missing_weights((file(homepage=""),), command="get it") == (
        "weights net are not here: get it --from FILE"
    )
    with pytest.raises(UserError, match="weights net are not here: get it"):
        locate(file("http://x/"), command="get it")
    pull(file(), published)
    assert missing_weights((file(),), command="get it") is None
    assert locate(file(), command="get it") == file().cached


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff" * 100])
def test_a_damaged_safetensors_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(UserError, match="is not a readable safetensors file"):
        load(path)


def test_a_truncated_safetensors_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"a": np.arange(100.0)}, path)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(UserError, match="is not a readable safetensors file"):
        load(path)

"""Getting many small files at once, and finding published files among others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from srbench.core.pulling import pull_each, small, sources
from srbench.core.records import UsageError, UserError
from srbench.core.weights import WeightFile
from tests.steps import Steps


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of the test's folder, on this machine."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def weight_file(name: str, content: bytes, url: str | None = None, size: int | None = None) -> WeightFile:
    digest = hashlib.sha256(content).hexdigest()
    return WeightFile(
        name, (digest,), "https://example.org", "MIT", "A, B: C", url, len(content) if size is None else size
    )


def test_small_files_come_and_failures_are_listed_once(served: str, tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(b"good")
    (tmp_path / "changed").write_bytes(b"changed since")
    good = weight_file("good", b"good", f"{served}/good")
    changed = weight_file("changed", b"as published", f"{served}/changed")
    absent = weight_file("absent", b"absent", f"{served}/absent")
    others = [
        weight_file("large", b"large", f"{served}/large", size=5_000_000),
        weight_file("given", b"given"),
    ]
    wanted = small([good, good, changed, absent, *others])
    assert [file.name for file in wanted] == ["good", "changed", "absent"]
    steps = Steps()
    came, failed = pull_each(wanted, progress=steps)
    assert came == [good]
    assert list(failed) == ["changed", "absent"]
    assert steps.done == steps.total == 3
    assert good.cached.read_bytes() == b"good"
    assert not changed.cached.exists()
    assert small([good]) == []


def test_a_folder_is_searched_by_hash(tmp_path: Path) -> None:
    first, second, third = (weight_file(name, name.encode()) for name in ("one", "two", "three"))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "x.bin").write_bytes(b"two")
    (tmp_path / "y.bin").write_bytes(b"one")
    (tmp_path / "z.bin").write_bytes(b"six")
    found = sources("method", (first, second, third), [tmp_path])
    assert found == [(first, tmp_path / "y.bin"), (second, tmp_path / "deep" / "x.bin")]
    with pytest.raises(UserError, match="none of the published files"):
        sources("method", (third,), [tmp_path / "deep"])
    with pytest.raises(UserError, match="no such file or folder"):
        sources("method", (first, second), [tmp_path / "nowhere"])


def test_files_without_hashes_go_by_their_order(tmp_path: Path) -> None:
    plain = WeightFile("plain", (), "", "MIT", "A")
    (tmp_path / "file").write_bytes(b"any")
    assert sources("method", (plain,), [tmp_path / "file"]) == [(plain, tmp_path / "file")]
    with pytest.raises(UsageError, match="has no published hash"):
        sources("method", (plain,), [tmp_path])
    with pytest.raises(UsageError, match="needs 1 file"):
        sources("method", (plain,), [tmp_path / "file"] * 2)
    with pytest.raises(UsageError, match="needs no weights"):
        sources("method", (), [tmp_path / "file"])

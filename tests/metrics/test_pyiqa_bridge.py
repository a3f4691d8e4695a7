"""Metrics of pyiqa: what they see, where their files lie, what is said where they are not here."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from srbench.core.files import cache_folder
from srbench.core.records import UsageError, UserError
from srbench.metrics.catalogue import resolve
from srbench.metrics.pyiqa_bridge import fetch, licence_warning
from tests.helpers import command, picture, save

download_util = pytest.importorskip("pyiqa.utils.download_util", reason="pyiqa is not installed")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("HTTPSConnectionPool(host='x', port=443): Max retries exceeded")

    monkeypatch.setenv("SRBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(download_util, "download_url_to_file", refuse)


@pytest.mark.usefixtures("offline")
def test_files_that_are_not_here_are_one_line_without_a_chain_of_objects(
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = download_util.DEFAULT_CACHE_DIR
    with pytest.raises(
        UserError, match=r"cannot be downloaded \(no connection\): fetch https://.*musiq"
    ) as caught:
        fetch("musiq")
    assert "HTTPSConnectionPool" not in str(caught.value)
    assert "metrics pull pyiqa:musiq --from FILE" in str(caught.value)
    assert capfd.readouterr().out == ""
    assert before == download_util.DEFAULT_CACHE_DIR


@pytest.mark.usefixtures("offline")
def test_given_files_are_verified_by_the_hash_in_their_name(tmp_path: Path) -> None:
    content = b"weights"
    digest = hashlib.sha256(content).hexdigest()[:8]
    (tmp_path / f"a-{digest}.pth").write_bytes(content)
    (tmp_path / "b-00000000.pth").write_bytes(content)
    with pytest.raises(UserError, match=r"b-00000000\.pth is not the published file"):
        fetch("psnr", [tmp_path / "b-00000000.pth"])
    assert fetch("psnr", [tmp_path / f"a-{digest}.pth"]) == cache_folder() / "pyiqa"
    assert [path.name for path in (cache_folder() / "pyiqa").iterdir()] == [f"a-{digest}.pth"]


@pytest.mark.parametrize("name", ["fid", "sfid", "inception_score"])
def test_metrics_of_sets_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="compares whole sets of images"):
        resolve(f"pyiqa:{name}")


@pytest.mark.parametrize(
    ("name", "higher", "reference"),
    [("dists", False, True), ("musiq", True, False), ("clipiqa", True, False), ("topiq_fr", True, True)],
)
def test_directions_and_needs_are_the_publications(name: str, higher: bool, reference: bool) -> None:
    metric = resolve(f"pyiqa:{name}")
    assert (metric.higher_is_better, metric.needs_reference) == (higher, reference)


def test_the_licence_is_said_once_and_only_where_it_binds(tmp_path: Path) -> None:
    image = save(tmp_path / "a.png", np.asarray(picture(32, 32)))
    ended = command("score", image, "--reference", image, "--metrics", "psnr_y,pyiqa:psnr", "--device", "cpu")
    assert ended.code == 0
    assert ended.err.count("no commercial use") == 1
    assert licence_warning(["psnr_y"]) == ""

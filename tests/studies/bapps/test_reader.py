"""Reading BAPPS folders, and what is wrong with them in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srbench.core.records import Unscorable, UsageError, UserError
from srbench.datasets.bapps import read_patch, read_split
from srbench.metrics.catalogue import METRICS
from srbench.studies.bapps.measure import Measurement
from srbench.studies.bapps.results import two_afc_results
from tests.studies.bapps.made import make_2afc, make_jnd

FOLDER = Path("2afc/val/superres")


def test_official_layout(tmp_path: Path) -> None:
    make_2afc(tmp_path, "superres", 3)
    make_2afc(tmp_path, "cnn", 2)
    split = read_split("2afc", [tmp_path], "val")
    assert {name: len(items) for name, items in split.items()} == {"cnn": 2, "superres": 3}
    assert list(split) == ["cnn", "superres"]
    item = split["superres"][1]
    assert item.name == "000001"
    assert [path.parent.name for path in item.files] == ["ref", "p0", "p1"]
    assert list(read_split("2afc", [tmp_path], "val", ("cnn",))) == ["cnn"]


@pytest.mark.parametrize("base", [".", "dataset", "BAPPS"])
def test_roots(tmp_path: Path, base: str) -> None:
    make_2afc(tmp_path / base)
    assert list(read_split("2afc", [tmp_path], "val")) == ["superres"]
    assert list(read_split("2afc", [tmp_path / base / "2afc"], "val")) == ["superres"]


def test_environment_is_a_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_jnd(tmp_path)
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    assert len(read_split("jnd", [], "val")["cnn"]) == 10


def test_missing_data_set(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="BAPPS is not here"):
        read_split("2afc", [tmp_path], "val")
    make_2afc(tmp_path)
    with pytest.raises(UsageError, match="no subset cnn; it has: superres"):
        read_split("2afc", [tmp_path], "val", ("cnn",))


@pytest.mark.parametrize(
    ("role", "message"),
    [
        ("judge", "000002 is missing from judge"),
        ("p1", "p1 has 11 files and judge 12; 000002 is missing from p1"),
    ],
)
def test_missing_counterparts(tmp_path: Path, role: str, message: str) -> None:
    make_2afc(tmp_path)
    next((tmp_path / FOLDER / role).glob("000002.*")).unlink()
    with pytest.raises(UserError, match=message):
        read_split("2afc", [tmp_path], "val")


@pytest.mark.parametrize(
    ("judgement", "message"),
    [
        (np.array([1.2]), "1.2 is not between 0 and 1"),
        (np.array([np.nan]), "nan is not between 0 and 1"),
        (np.array([0.2, 0.4]), "does not hold one number"),
        (np.array(["a"]), "does not hold one number"),
    ],
)
def test_bad_judgements(tmp_path: Path, judgement: np.ndarray, message: str) -> None:
    make_2afc(tmp_path)
    np.save(tmp_path / FOLDER / "judge" / "000003.npy", judgement)
    with pytest.raises(UserError, match=message):
        read_split("2afc", [tmp_path], "val")


@pytest.mark.parametrize(
    "content", [b"", b"no array", b"PK\x03\x04zzzz", b"\x93NUMPY\x01\x00\x10\x00" + b"{" * 16]
)
def test_damaged_judgements_are_left_out_with_a_reason(tmp_path: Path, content: bytes) -> None:
    make_2afc(tmp_path)
    (tmp_path / FOLDER / "judge" / "000003.npy").write_bytes(content)
    items = read_split("2afc", [tmp_path], "val")["superres"]
    assert [item.name for item in items if item.reason] == ["000003"]
    assert items[3].reason == "000003.npy is not a readable NumPy file"
    measured = Measurement([METRICS.get("rmse_y")], [], device="cpu", batch_size=5, say=print)
    found = measured.subset(items)
    assert found.reasons == {(3, "rmse_y"): items[3].reason}
    scores = two_afc_results({"superres": found}, {}).scores
    assert {(score.n, score.expected) for score in scores} == {(11, 12)}


def test_patches_are_brought_to_64_pixels(tmp_path: Path) -> None:
    from torchvision.transforms import Resize

    pixels = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "large.png")
    official = np.asarray(Resize(64)(Image.fromarray(pixels)))
    np.testing.assert_array_equal(read_patch(tmp_path / "large.png"), official)
    Image.fromarray(pixels[:64, :64, 0]).save(tmp_path / "gray.png")
    assert read_patch(tmp_path / "gray.png").shape == (64, 64, 3)
    Image.fromarray(pixels[:60]).save(tmp_path / "oblong.png")
    with pytest.raises(Unscorable, match="not a square patch"):
        read_patch(tmp_path / "oblong.png")

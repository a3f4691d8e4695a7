"""`srbench sets`: values of whole sets beside those of images, and which outputs they are true of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srbench.metrics.sets.catalogue import SETS
from srbench.metrics.sets.distances import frechet_distance, kernel_distance
from srbench.metrics.sets.inception import FILE
from tests.helpers import command, picture, references, rows, save
from tests.working import run


def _small_features(image: np.ndarray, *_: object) -> np.ndarray:
    """Means and deviations of the channels, in place of a network."""
    values = image.reshape(-1, 3).astype(np.float32) / 255
    return np.concatenate([values.mean(0), values.std(0)])


@pytest.fixture(autouse=True)
def without_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("srbench.metrics.sets.catalogue.features", _small_features)
    with SETS.holding(*(replace(metric, weights=()) for metric in SETS)):
        yield


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    references(tmp_path / "data" / "mine", count=5, size=(48, 52))
    run(tmp_path / "data" / "mine", tmp_path / "run", methods="hr,bicubic,nearest")
    return tmp_path / "run"


def _table(folder: Path) -> dict[str, dict[str, str]]:
    return {row["method"]: row for row in rows(folder / "leaderboard.csv")}


def _of_files(folder: Path, method: str) -> np.ndarray:
    files = sorted((folder / "images" / method / "mine" / "x4").iterdir())
    return np.stack([_small_features(np.asarray(Image.open(file).convert("RGB"))) for file in files])


def test_values_of_sets_are_columns_without_intervals(finished: Path):
    result = command("sets", finished, "--metrics", "fid,kid")
    assert result.code == 0, result.err
    table = _table(finished)
    real = _of_files(finished, "hr")
    for method in ("bicubic", "nearest"):
        row, made = table[method], _of_files(finished, method)
        assert float(row["fid-bilinear"]) == pytest.approx(frechet_distance(made, real), rel=1e-12)
        assert float(row["kid-bilinear"]) == pytest.approx(kernel_distance(made, real), rel=1e-12)
        assert (row["fid-bilinear_n"], row["fid-bilinear_low"], row["fid-bilinear_high"]) == ("5", "", "")
    assert float(table["hr"]["fid-bilinear"]) == pytest.approx(0, abs=1e-12)
    text = (finished / "leaderboard.md").read_text(encoding="utf-8")
    assert "FID (bilinear) ↓" in text
    assert "one value for all images together" in text
    assert "of 5 images" in text


def test_they_stand_in_leaderboards_pages_and_copies(finished: Path, tmp_path: Path):
    assert command("sets", finished, "--metrics", "kid").code == 0
    (finished / "store.sqlite").unlink()
    assert command("leaderboard", "build", finished, "--out", tmp_path / "boards").code == 0
    board = {row["method"]: row for row in rows(tmp_path / "boards" / "mine_x4.csv")}
    assert board["bicubic"]["kid-bilinear"] == _table(finished)["bicubic"]["kid-bilinear"] != ""
    assert command("report", finished, "--no-images").code == 0
    assert '"kid-bilinear"' in (finished / "report" / "index.html").read_text(encoding="utf-8")


def test_what_is_known_is_not_measured_again_and_goes_with_its_outputs(
    finished: Path, monkeypatch: pytest.MonkeyPatch
):
    assert command("sets", finished, "--metrics", "fid").code == 0
    before = _table(finished)["bicubic"]["fid-bilinear"]
    monkeypatch.setattr("srbench.metrics.sets.catalogue.features", None)
    assert command("sets", finished, "--metrics", "fid").code == 0
    assert _table(finished)["bicubic"]["fid-bilinear"] == before
    # Another reference makes other outputs, of which the values are not.
    save(finished.parent / "data" / "mine" / "a.png", picture(48, 52, seed=99))
    run(finished.parent / "data" / "mine", finished, methods="bicubic")
    table = _table(finished)
    assert table["bicubic"].get("fid-bilinear", "") == ""
    assert "not computed" in (finished / "leaderboard.md").read_text(encoding="utf-8")


def test_an_image_that_is_not_what_was_scored_is_left_out_and_said(finished: Path):
    path = finished / "images" / "bicubic" / "mine" / "x4" / "b.png"
    save(path, picture(48, 52, seed=5))
    assert command("sets", finished, "--metrics", "fid").code == 0
    row = _table(finished)["bicubic"]
    assert row["fid-bilinear_n"] == "4"
    text = (finished / "leaderboard.md").read_text(encoding="utf-8")
    assert "not the one that was scored" in text
    assert "(4 of 5)" in text


def test_images_smaller_than_a_patch_and_references_elsewhere_are_reasons(finished: Path):
    assert command("sets", finished, "--metrics", "fid-patch256").code == 0
    assert _table(finished)["bicubic"]["fid-patch256"] == ""
    assert "smaller than a patch" in (finished / "leaderboard.md").read_text(encoding="utf-8")
    (finished.parent / "data").rename(finished.parent / "moved")
    assert command("sets", finished, "--metrics", "fid").code == 0
    assert "its reference is not here" in (finished / "leaderboard.md").read_text(encoding="utf-8")
    (finished.parent / "moved").rename(finished.parent / "data")
    assert command("sets", finished, "--metrics", "fid").code == 0
    assert _table(finished)["bicubic"]["fid-bilinear"] != ""


def test_the_run_says_what_the_values_are_of(finished: Path):
    assert command("sets", finished, "--metrics", "fid").code == 0
    said = json.loads((finished / "run.json").read_text(encoding="utf-8"))["sets"]
    assert {(one["method"], one["metric"], one["n"]) for one in said} == {
        (name, "fid-bilinear", 5) for name in ("hr", "bicubic", "nearest")
    }
    assert all(one["source"].startswith("Heusel") and len(one["outputs"]) == 64 for one in said)


@pytest.mark.parametrize("name", ["fid", "psnr_y", ""])
def test_wrong_names_are_one_line(finished: Path, name: str):
    if name == "fid":
        result = command(
            "run", "--metrics", name, "--datasets", "demo", "--methods", "bicubic", "--out", finished
        )
        assert "srbench sets" in result.message
    else:
        result = command("sets", finished, "--metrics", name)
        assert result.message
    assert result.code == 2


def test_without_weights_the_command_says_how_to_get_them(finished: Path):
    with SETS.holding(replace(SETS.get("kid"), weights=(FILE,))):
        result = command("sets", finished, "--metrics", "kid")
    assert "srbench metrics pull kid-bilinear" in result.message
    assert result.code == 1


def test_the_check_of_a_submission_measures_its_sets_again(finished: Path):
    assert command("sets", finished, "--metrics", "fid,kid").code == 0
    (finished / "store.sqlite").unlink()
    check = ("leaderboard", "check", finished, "--data-root", finished.parent / "data", "--device", "cpu")
    good = command(*check)
    assert good.code == 0, good.err
    assert "6 of 6 values of whole sets agree" in good.out
    said = json.loads((finished / "run.json").read_text(encoding="utf-8"))
    said["sets"][0]["value"] += 0.5
    (finished / "run.json").write_text(json.dumps(said), encoding="utf-8")
    forged = command(*check)
    assert forged.code == 1
    assert "fid-bilinear of" in forged.out
    said["sets"][0]["value"] -= 0.5
    kernel = next(one for one in said["sets"] if one["metric"] == "kid-bilinear")
    kernel["value"] -= 5e-5
    (finished / "run.json").write_text(json.dumps(said), encoding="utf-8")
    assert "kid-bilinear of" in command(*check).out
    kernel["value"] += 5e-5
    said["sets"][0]["outputs"] = "0" * 64
    (finished / "run.json").write_text(json.dumps(said), encoding="utf-8")
    assert "of other images" in command(*check).out
    with SETS.holding(*(replace(metric, weights=(FILE,)) for metric in SETS)):
        unknown = command(*check)
    assert unknown.code == 1
    assert "cannot be checked here" in unknown.out


def test_certificates_hold_values_of_sets_which_are_verified(finished: Path):
    assert command("sets", finished, "--metrics", "fid,kid").code == 0
    certificate = finished.parent / "c.json"
    assert command("certify", finished, "--out", certificate).code == 0
    asked = ("verify", certificate, "--outputs", finished / "images", "--data-root", finished.parent / "data")
    good = command(*asked)
    assert good.code == 0, good.err
    assert "6 of 6 values of whole sets agree" in good.out
    said = json.loads(certificate.read_text(encoding="utf-8"))
    of_bicubic = next(
        one for one in said["sets"] if (one["method"], one["metric"]) == ("bicubic", "fid-bilinear")
    )
    assert of_bicubic["value"] == float(_table(finished)["bicubic"]["fid-bilinear"])
    of_bicubic["value"] *= 1.01
    certificate.write_text(json.dumps(said), encoding="utf-8")
    forged = command(*asked)
    assert forged.code == 1
    assert "5 of 6 values of whole sets agree" in forged.out
    assert "fid-bilinear of bicubic, mine x4, protocol srbench: said is" in forged.out
    del said["sets"]  # as certificates were before
    certificate.write_text(json.dumps(said), encoding="utf-8")
    assert command(*asked).code == 0

"""Folders that are finished fill cells of the papers' tables, and only with all of what a table measured."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from srbench.datasets.bapps import VALIDATION_THOUSANDS
from srbench.datasets.catalogue import DATASETS
from srbench.datasets.download import published_files
from srbench.studies.reproduce.cells import Want
from srbench.studies.reproduce.finished import read_finished
from tests.helpers import command, references, rows
from tests.studies.bapps.made import make_2afc
from tests.working import run


def _write(path: Path, columns: str, *lines: tuple[object, ...]) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([columns.split(","), *lines])


def _recognition(folder: Path, *, images: int, protocol: str = "tsrn", weights: str = "published") -> Path:
    _write(
        folder / "recognition.csv", "classifier,method,scale,measure,value,low,high,n,expected,reported",
        ("densenet169", "bicubic", 4, "top1_accuracy", 0.594, "", "", images, images, ""),
        ("densenet169", "baseline", 4, "top1_accuracy", 0.72, "", "", images, images, ""),
        ("densenet169", "srresnet-mse", 4, "top1_accuracy", 0.641, "", "", images, images, ""),
    )  # fmt: skip
    said = {"scale": 4, "protocol": {"name": protocol}, "classifiers": {"densenet169": weights}}
    (folder / "run.json").write_text(json.dumps(said))
    return folder


def _bapps(folder: Path, *, subsets: int, triplets: int = 10_900, variants: tuple[str, ...] = ()) -> Path:
    columns = "metric,group,value,low,high,n,expected,subsets,of_subsets,reported"
    _write(
        folder / "2afc.csv", columns,
        ("gram-alex", "superres", 71.52, "", "", triplets, triplets, subsets, 1, ""),
        ("lpips-alex-tune", "superres", 69.1, "", "", triplets, triplets, subsets, 1, ""),
    )  # fmt: skip
    said = {"split": "val", "subsets": {"superres": triplets}, "variants": variants}
    (folder / "run.json").write_text(json.dumps(said))
    return folder


def _cells(tmp_path: Path, *folders: Path) -> dict[tuple[str, str, str], dict[str, str]]:
    given = [part for folder in folders for part in ("--with", folder)]
    ended = command("reproduce", "tsrn", *given, "--data-root", tmp_path / "none", "--out", tmp_path / "out")
    assert ended.code == 0, ended.err
    return {
        (row["table"], row["method"], f"{row['dataset']} {row['metric']}"): row
        for row in rows(tmp_path / "out" / "tsrn.csv")
    }


def test_recognition_and_agreement_fill_their_tables_and_are_kept(tmp_path: Path) -> None:
    folders = (_recognition(tmp_path / "r", images=1000), _bapps(tmp_path / "b", subsets=1))
    cells = _cells(tmp_path, *folders)
    bicubic = cells["1", "bicubic", "imagenet1000 top1_accuracy:densenet169"]
    assert (bicubic["status"], bicubic["n"], bicubic["protocol"]) == ("reproduced", "1000", "tsrn")
    baseline = cells["1", "baseline", "imagenet1000 top1_accuracy:densenet169"]
    assert (baseline["status"], baseline["measured"]) == ("differs", "0.720")
    # The models that ship are not the authors': equal digits reproduce nothing.
    assert cells["1", "srresnet", "imagenet1000 top1_accuracy:densenet169"]["status"] == "stand-in"
    gram = cells["5", "net-g:alex", "bapps/val/superres 2afc"]
    assert (gram["measured"], gram["status"], gram["n"]) == ("71.5", "reproduced", "10900")
    assert cells["5", "net-g:vgg", "bapps/val/superres 2afc"]["status"] == "could not run"
    kept = (tmp_path / "out" / "tsrn.csv").read_bytes()
    again = command("reproduce", "tsrn", "--scores", tmp_path / "out" / "scores", "--out", tmp_path / "again")
    assert again.code == 0, again.err
    assert (tmp_path / "again" / "tsrn.csv").read_bytes() == kept


def test_less_than_the_table_measured_is_a_reason(tmp_path: Path) -> None:
    folders = (_recognition(tmp_path / "r", images=500), _bapps(tmp_path / "b", subsets=0))
    cells = _cells(tmp_path, *folders)
    bicubic = cells["1", "bicubic", "imagenet1000 top1_accuracy:densenet169"]
    assert (bicubic["measured"], bicubic["reason"]) == ("", "r has 500 images, the table has 1000")
    gram = cells["5", "net-g:alex", "bapps/val/superres 2afc"]
    assert (gram["measured"], gram["reason"]) == ("", "b has not all of this group's triplets")


def test_a_folder_that_the_benchmark_wrote_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_2afc(tmp_path, count=12)
    given = ("--metrics", "psnr_y", "--data-root", tmp_path, "--out", tmp_path / "b", "--device", "cpu")
    assert command("bapps-2afc", *given).code == 0
    want = Want("bapps/val/superres", 0, "bapps", "psnr_y", "2afc")
    held = read_finished([tmp_path / "b"], [want])
    assert held.reasons == {want: "b has not all of this group's triplets"}
    monkeypatch.setitem(VALIDATION_THOUSANDS, "superres", 0.0)  # as if the split had twelve
    held = read_finished([tmp_path / "b"], [want])
    table = {(row["metric"], row["group"]): row for row in rows(tmp_path / "b" / "2afc.csv")}
    row = table["psnr_y", "superres"]
    assert (held.wholes[want].value, held.wholes[want].n) == (float(row["value"]), 12)


def test_data_sets_of_tables_can_be_asked_for(tmp_path: Path) -> None:
    folder = _recognition(tmp_path / "r", images=1000)
    given = ("--with", folder, "--data-root", tmp_path / "none", "--out", tmp_path / "out")
    ended = command("reproduce", "tsrn", "--datasets", "imagenet1000", *given)
    assert ended.code == 0, ended.err
    assert {row["dataset"] for row in rows(tmp_path / "out" / "tsrn.csv")} == {"imagenet1000"}
    assert "78 cells" in ended.out  # Tables 1 and 2, and nothing else


def test_a_part_of_a_subset_is_not_the_subset(tmp_path: Path) -> None:
    cells = _cells(tmp_path, _bapps(tmp_path / "b", subsets=1, triplets=12))
    gram = cells["5", "net-g:alex", "bapps/val/superres 2afc"]
    assert (gram["measured"], gram["reason"]) == ("", "b has not all of this group's triplets")


def test_weights_of_a_users_reproduce_nothing(tmp_path: Path) -> None:
    given = _bapps(tmp_path / "b", subsets=1, variants=("lpips-alex-tune=mine.pth",))
    cells = _cells(tmp_path, given, _recognition(tmp_path / "r", images=1000, weights="mine.pth"))
    assert cells["5", "lpips:alex-tune", "bapps/val/superres 2afc"]["status"] == "stand-in"
    bicubic = cells["1", "bicubic", "imagenet1000 top1_accuracy:densenet169"]
    assert (bicubic["measured"], "other weights of densenet169" in bicubic["reason"]) == ("", True)


def test_protocol_and_number_of_images_stand_beside_measured_cells(tmp_path: Path) -> None:
    _cells(tmp_path, _recognition(tmp_path / "r", images=1000))
    text = (tmp_path / "out" / "tsrn.md").read_text(encoding="utf-8")
    assert "Protocol tsrn." in text
    assert "| imagenet1000 reported | measured n = 1000 |" in text
    assert "imagenet1000 1000" in (tmp_path / "out" / "tsrn.tex").read_text(encoding="utf-8")


def test_another_protocol_fills_nothing(tmp_path: Path) -> None:
    cells = _cells(tmp_path, _recognition(tmp_path / "r", images=1000, protocol="enhancenet"))
    assert "needs ImageNet" in cells["1", "bicubic", "imagenet1000 top1_accuracy:densenet169"]["reason"]


def test_a_run_fills_nothing_with_other_images(tmp_path: Path) -> None:
    run(references(tmp_path / "Set5", count=5), tmp_path / "run", methods="bicubic")
    ended = command(
        "reproduce",
        "rcan",
        "--with",
        tmp_path / "run",
        "--data-root",
        tmp_path / "no",
        "--out",
        tmp_path / "o",
    )
    assert ended.code == 0, ended.err
    assert all(row["measured"] == "" for row in rows(tmp_path / "o" / "rcan.csv"))


def test_a_folder_of_nothing_is_refused(tmp_path: Path) -> None:
    ended = command("reproduce", "tsrn", "--with", tmp_path, "--out", tmp_path / "out")
    assert (ended.code, "holds no run" in ended.message) == (1, True)


@pytest.mark.parametrize("name", ["value", "n"])
def test_a_damaged_table_of_wholes_is_one_line(tmp_path: Path, name: str) -> None:
    _cells(tmp_path, _recognition(tmp_path / "r", images=1000))
    path = tmp_path / "out" / "scores" / "wholes.csv"
    found = rows(path)
    found[0][name] = "x"
    _write(path, ",".join(found[0]), *(tuple(row.values()) for row in found))
    ended = command("reproduce", "tsrn", "--scores", path.parent, "--out", tmp_path / "again")
    assert (ended.code, "is damaged or was edited by hand" in ended.message) == (1, True)


def _active(folder: Path, sha256: str, weights: str = "vgg19-imagenet") -> Path:
    columns = "layer,image,sha256,n,neurons,share,low,high,weights"
    row = ("relu5_4", "img_001_SRF_4_HR", sha256, 1, 460800, 0.11171, "", "", weights)
    _write(folder / "active.csv", columns, row)
    return folder


def _baboon() -> str:
    files = published_files(DATASETS.get("set14"))
    return next(file.sha256 for file in files if file.path.endswith("img_001_SRF_4_HR.png"))


@pytest.mark.parametrize(
    ("weights", "of", "expected"),
    [
        ("vgg19-imagenet", "baboon", ("reproduced", "11.17", "")),
        ("vgg19-imagenet", "other", ("could not run", "", "a is not of Set14's baboon")),
        ("vgg19-random", "baboon", ("could not run", "", "other weights than ImageNet's (vgg19-random)")),
    ],
)
def test_active_neurons_are_a_cell_of_imagenets_weights_and_the_baboon_only(
    weights: str, of: str, expected: tuple[str, str, str], tmp_path: Path
) -> None:
    folder = _active(tmp_path / "a", _baboon() if of == "baboon" else "0" * 64, weights)
    given = ("--with", folder, "--data-root", tmp_path / "none", "--out", tmp_path / "out")
    ended = command("reproduce", "esrgan", *given)
    assert ended.code == 0, ended.err
    (cell,) = [row for row in rows(tmp_path / "out" / "esrgan.csv") if row["table"] == "activations"]
    assert (cell["status"], cell["measured"]) == expected[:2]
    assert cell["reason"].endswith(expected[2])
    (shown,) = rows(tmp_path / "out" / "esrgan_experiments.csv")
    assert (shown["experiment"], shown["protocol"]) == ("activations", weights)


def test_esrgans_own_experiments_are_a_section_with_what_was_measured(tmp_path: Path) -> None:
    images = references(tmp_path / "set", count=2, size=(48, 48))
    for name in ("esrgan@0.2", "esrgan@1"):
        shutil.copytree(images, tmp_path / "outputs" / name)
    outputs = ",".join(f"outputs:{tmp_path / 'outputs' / name}" for name in ("esrgan@0.2", "esrgan@1"))
    run(images, tmp_path / "run", methods=f"bicubic,{outputs}")
    assert command("figure", "brightness", tmp_path / "run", "--methods", "bicubic").code == 0
    columns = "experiment,training,starts_from,features,hours,dataset,scale,protocol,metric,value,n,origin"
    grid = (
        "esrgan-ablation",
        "5: RRDB",
        "RRDB",
        "x",
        0.1,
        "set5",
        4,
        "srbench",
        "psnr_y",
        30.5,
        5,
        "trained",
    )
    _write(tmp_path / "grid" / "table.csv", columns, grid)
    given = ("--with", tmp_path / "run", "--with", tmp_path / "grid", "--data-root", tmp_path / "none")
    ended = command("reproduce", "esrgan", *given, "--out", tmp_path / "out")
    assert ended.code == 0, ended.err
    table = rows(tmp_path / "out" / "esrgan_experiments.csv")
    scored = {
        (row["method"], row["image"]): float(row["value"])
        for row in rows(tmp_path / "run" / "scores.csv")
        if row["metric"] == "ssim_y"
    }
    found = {(row["experiment"], row["setting"], row["metric"]): row for row in table}
    blend = found["interpolation", "network interpolation, alpha 0.2", "ssim_y"]
    mean = (scored["esrgan@0.2", "a"] + scored["esrgan@0.2", "b"]) / 2
    assert float(blend["value"]) == pytest.approx(mean)
    assert (blend["n"], blend["protocol"], bool(blend["origin"])) == ("2", "srbench", True)
    trained = found["ablation", "5: RRDB", "psnr_y"]
    assert (trained["value"], trained["n"], trained["origin"]) == ("30.5", "5", "trained")
    assert ("brightness", "bicubic", "levels brighter than the reference") in found
    text = (tmp_path / "out" / "esrgan.md").read_text(encoding="utf-8")
    assert "## Experiments that the paper shows without a table" in text
    assert "- not measured here: `srbench figure active IMAGE`" in text
    again = command(
        "reproduce", "esrgan", "--scores", tmp_path / "out" / "scores", "--out", tmp_path / "again"
    )
    assert again.code == 0, again.err
    assert (tmp_path / "again" / "esrgan.md").read_text(encoding="utf-8") == text
    only = command("reproduce", "esrgan", "--datasets", "set14", *given, "--out", tmp_path / "only")
    assert only.code == 0, only.err
    assert not (tmp_path / "only" / "esrgan_experiments.csv").exists()

"""Folders that are finished fill cells of the papers' tables, and only with all of what a table measured."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.helpers import command, references, rows
from tests.working import run


def _write(path: Path, columns: str, *lines: tuple[object, ...]) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([columns.split(","), *lines])


def _recognition(folder: Path, *, images: int, protocol: str = "tsrn") -> Path:
    _write(
        folder / "recognition.csv", "classifier,method,scale,measure,value,low,high,n,expected,reported",
        ("densenet169", "bicubic", 4, "top1_accuracy", 0.594, "", "", images, images, ""),
        ("densenet169", "hr", 4, "top1_accuracy", 0.72, "", "", images, images, ""),
        ("densenet169", "srresnet-mse", 4, "top1_accuracy", 0.641, "", "", images, images, ""),
    )  # fmt: skip
    said = {"scale": 4, "protocol": {"name": protocol}}
    (folder / "run.json").write_text(json.dumps(said))
    return folder


def _bapps(folder: Path, *, subsets: int) -> Path:
    columns = "metric,group,value,low,high,n,expected,subsets,of_subsets,reported"
    _write(folder / "2afc.csv", columns, ("gram-alex", "superres", 71.52, "", "", 10, 10, subsets, 1, ""))
    (folder / "run.json").write_text(json.dumps({"split": "val"}))
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
    assert (gram["measured"], gram["status"], gram["n"]) == ("71.5", "reproduced", "10")
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

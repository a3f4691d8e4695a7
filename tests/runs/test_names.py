"""Names of any bytes: they are scored, and nothing of them acts on a terminal, a page or a spreadsheet."""

from __future__ import annotations

import json
import math
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from srbench.metrics.catalogue import METRICS
from tests.helpers import command, picture, process, rows, save
from tests.working import Work

STEMS = [b"caf\xe9", b"\x1b[2Jevil", b"=cmd|' -C calc'!A0", b"@x", "名".encode(), b"new\nline"]
EXPECTED = ["caf\\udce9", "\\x1b[2Jevil", "'=cmd|' -C calc'!A0", "'@x", "名", "new\\nline"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")


def folder(parent: Path, name: bytes) -> Path:
    made = parent / os.fsdecode(name)
    for index, stem in enumerate(STEMS):
        save(made / f"{os.fsdecode(stem)}.png", picture(32, 40, seed=index))
    return made


def test_a_run_over_such_names(tmp_path: Path) -> None:
    images, outputs = folder(tmp_path, b"set\x1b[31m"), folder(tmp_path, b"out\xff")
    out = tmp_path / os.fsdecode(b"run\xfe")
    ended = process(
        "run", "--methods", f"bicubic,outputs:{outputs}", "--datasets", f"folder:{images}",
        "--metrics", "psnr_y", "--out", out,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert {row["image"] for row in rows(out / "scores.csv")} == set(EXPECTED)
    assert {row["status"] for row in rows(out / "scores.csv")} == {"ok"}
    assert {row["value"] for row in rows(out / "scores.csv") if row["method"] != "bicubic"} == {"inf"}
    json.loads((out / "run.json").read_text(encoding="utf-8"))
    for arguments in (["table", out], ["compare", out], ["report", out], ["table", out, "--format", "latex"]):
        said = process(*arguments)
        assert said.code == 0, said.err
        assert "\x1b" not in said.out + said.err
    texts = [path for path in out.rglob("*") if path.suffix in (".csv", ".md", ".html", ".json", ".js")]
    assert not [path for path in texts if b"\x1b" in path.read_bytes()]


def test_scores_of_such_files(tmp_path: Path) -> None:
    images = folder(tmp_path, b"set\x9b")
    ended = process(
        "score", images, "--reference", images, "--metrics", "psnr_y", "--csv", tmp_path / "s.csv"
    )
    assert ended.code == 0, ended.err
    assert sorted(row["image"] for row in rows(tmp_path / "s.csv")) == sorted(EXPECTED)
    assert "\x1b" not in ended.out


def test_a_metric_of_both_infinities_has_a_marked_cell_everywhere(tmp_path: Path, work: Work) -> None:
    signs = iter([math.inf, -math.inf, -math.inf, math.inf, 1.0, 2.0])
    odd = replace(METRICS.get("rmse_y"), aggregate="mean", compute=lambda *_: next(signs))
    work.add_metric(odd)
    for name in "abc":
        save(tmp_path / "mine" / f"{name}.png", picture(32, 40, seed=ord(name)))
    out = tmp_path / "out"
    ended = command(
        "run", "--methods", "nearest,bicubic", "--datasets", f"folder:{tmp_path / 'mine'}",
        "--metrics", "rmse_y,psnr_y", "--out", out, "--workers", "1", "--device", "cpu",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert [row["rmse_y"] for row in rows(out / "leaderboard.csv")] == ["", ""]
    assert "the mean of ∞ and -∞ is not defined" in (out / "leaderboard.md").read_text()
    for arguments in (
        ["compare"],
        ["report"],
        *(["table", "--format", kind] for kind in ("json", "html", "latex")),
    ):
        assert command(arguments[0], out, *arguments[1:]).code == 0

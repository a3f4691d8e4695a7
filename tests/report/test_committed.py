"""What is committed in leaderboards/ and reports/ is what `make leaderboards` makes of committed scores."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from srbench.runs.reader import read_run
from tests.conftest import REPOSITORY
from tests.helpers import command, rows

pytestmark = pytest.mark.skipif(
    not (REPOSITORY / "leaderboards" / "scores").is_dir(), reason="not a checkout: no leaderboards/"
)

# What people wrote, and the scores and trainings that everything else is made of.
_GIVEN = {"README.md", "report.png"}
_KEPT = {"scores", "experiments"}


def _recipe() -> list[list[str]]:
    """The commands of the make target, without the program."""
    text = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    target = re.search(r"^leaderboards:.*\n((?:\t.*\n)+)", text, re.MULTILINE)
    assert target
    return [line.split()[1:] for line in target[1].splitlines()]


def _files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not _KEPT & set(path.relative_to(folder).parts[:-1])
    }


def test_committed_tables_are_what_the_code_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("leaderboards", "reports"):
        (tmp_path / name).mkdir()
        shutil.copytree(REPOSITORY / name / "scores", tmp_path / name / "scores")
    monkeypatch.chdir(tmp_path)
    commands = _recipe()
    assert len(commands) == 4
    for arguments in commands:
        result = command(*arguments)
        assert result.code == 0, result.err
    for name in ("leaderboards", "reports"):
        committed, made = REPOSITORY / name, tmp_path / name
        assert _files(committed) - _GIVEN == _files(made)
        for path in _files(made):
            assert (committed / path).read_bytes() == (made / path).read_bytes(), (
                f"{name}/{path}: make leaderboards"
            )


def test_committed_scores_are_the_whole_data_sets():
    run = read_run(REPOSITORY / "leaderboards" / "scores" / "x4")
    for board in run.boards():
        assert board.images == {"set5": 5, "set14": 14, "bsd100": 100, "urban100": 100}[board.dataset]
        assert all(cell.n == cell.expected for cell in board.cells.values())


def test_committed_reports_agree_with_the_papers():
    """Cells that the design promises, as printed: EnhanceNet's poster and SRGAN's Table 2."""
    cells = {
        (row["table"], row["dataset"], row["method"], row["metric"]): row
        for name in ("enhancenet", "srgan")
        for row in rows(REPOSITORY / "reports" / f"{name}.csv")
    }
    for table, dataset, method in (
        ("losses", "set5", "enet-pat"), ("losses", "set5", "bicubic"), ("losses", "bsd100", "enet-pat"),
        ("psnr", "bsd100", "bicubic"), ("2", "set5", "nearest"), ("2", "set5", "bicubic"),
        ("2", "bsd100", "nearest"), ("2", "bsd100", "bicubic"),
    ):  # fmt: skip
        row = cells[table, dataset, method, "psnr_y"]
        assert row["reported"] == row["measured"]
        assert row["status"] == "reproduced"
    for dataset in ("set5", "bsd100"):
        for method in ("nearest", "bicubic"):
            # The daala tools dither, which moves the fourth digit.
            assert cells["2", dataset, method, "ssim_y"]["status"] in ("reproduced", "within 0.001")


def test_no_machine_is_named_in_what_is_committed():
    for name in ("leaderboards", "reports"):
        for path in (REPOSITORY / name).rglob("*"):
            if path.suffix in (".csv", ".md", ".tex", ".json"):
                text = path.read_text(encoding="utf-8")
                assert not re.search(r"(?<![\w.])/(home|work|tmp|root|mnt|Users)/", text), path

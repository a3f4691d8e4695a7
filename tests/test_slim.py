"""srbench without pyiqa: nothing but the `pyiqa:` metrics needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import python

_WITHOUT = """
import os
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("pyiqa", "timm", "facexlib", "transformers"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
folder, *arguments = sys.argv[1:]
os.chdir(folder)
sys.argv = ["srbench", *arguments]
from srbench.cli import main
main()
"""


def srbench_without_pyiqa(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code and both streams of a command where importing pyiqa fails."""
    child = python(_WITHOUT, folder, *arguments)
    out, err = child.communicate(timeout=300)
    return child.returncode, out, err


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--methods", "bicubic,espcn", "--datasets", "demo", "--metrics", "all", "--out", "run"],
        ["doctor"],
        ["metrics", "list"],
        ["methods", "list"],
    ],
)
def test_commands_work_without_pyiqa(arguments: list[str], tmp_path: Path) -> None:
    code, out, err = srbench_without_pyiqa(tmp_path, *arguments)
    assert code == 0, err
    assert "Traceback" not in out + err


def test_a_pyiqa_metric_says_what_lacks(tmp_path: Path) -> None:
    arguments = [
        "run",
        "--methods",
        "bicubic",
        "--datasets",
        "demo",
        "--metrics",
        "pyiqa:musiq",
        "--out",
        "run",
    ]
    code, _, err = srbench_without_pyiqa(tmp_path, *arguments)
    assert code in (1, 2)
    assert "pip install" in err
    assert len(err.strip().splitlines()) == 1


def test_the_documented_packages_are_those_that_the_project_needs_but_for_pyiqas() -> None:
    import re
    import tomllib

    root = Path(__file__).parent.parent
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[<>=]", each)[0] for each in project["dependencies"]}
    page = (root / "docs" / "metrics.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^pip install (torch .*)$", page, re.MULTILINE)
    # timm's Muon serves trainings only, setuptools CLIP of pyiqa.
    assert set(line.split()) == needed - {"pyiqa", "timm", "setuptools"}

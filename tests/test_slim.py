"""srbench without pyiqa: nothing but the `pyiqa:` metrics needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import python

_WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("pyiqa", "timm", "facexlib", "transformers"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
from srbench.cli import main
main()
"""


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
    child = python(
        f"import os\nos.chdir({str(tmp_path)!r})\nimport sys\nsys.argv = ['srbench', *{arguments!r}]{_WITHOUT}"
    )
    out, err = child.communicate(timeout=300)
    assert child.returncode == 0, err
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
    child = python(
        f"import os\nos.chdir({str(tmp_path)!r})\nimport sys\nsys.argv = ['srbench', *{arguments!r}]{_WITHOUT}"
    )
    _, err = child.communicate(timeout=300)
    assert child.returncode in (1, 2)
    assert "pip install" in err
    assert len(err.strip().splitlines()) == 1

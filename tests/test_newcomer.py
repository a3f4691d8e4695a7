"""What CONTRIBUTING.md promises: a new family, data set, protocol or metric is a small diff, and works.

Each diff in `tests/newcomer` was written by following CONTRIBUTING.md only, and is applied to a copy of the
package.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers import PACKAGE_ROOT, python, references

DIFFS = Path(__file__).resolve().parent / "newcomer"


def with_diff(name: str, folder: Path) -> Path:
    """A copy of the package with `NAME.diff` applied."""
    skipped = shutil.ignore_patterns("__pycache__", "*.safetensors", "assets")
    shutil.copytree(PACKAGE_ROOT / "srbench", folder / "srbench", ignore=skipped)
    subprocess.run(["git", "apply", str(DIFFS / f"{name}.diff")], cwd=folder, check=True)
    return folder


def run(code: str, package: Path, *arguments: str | Path) -> str:
    """What a program prints that imports the changed package."""
    # A program without a file looks for modules in its folder first.
    child = python(f"import os\nos.chdir({str(package)!r})\n{code}", *arguments, path=package)
    out, err = child.communicate(timeout=300)
    assert (child.returncode, err) == (0, "")
    return out.strip()


@pytest.mark.parametrize(
    ("name", "new_files", "lines"),
    [("family", 2, 1), ("metric", 1, 1), ("dataset", 0, 10), ("protocol", 0, 10)],
)
def test_a_diff_is_as_small_as_promised(name: str, new_files: int, lines: int) -> None:
    """A family: two files and one line; a metric: a file and a line; a data set, a protocol: one record."""
    parts = re.split(r"^diff --git ", (DIFFS / f"{name}.diff").read_text(), flags=re.MULTILINE)[1:]
    added = [part for part in parts if "new file mode" in part]
    changed = [part for part in parts if "new file mode" not in part]
    assert (len(added), len(changed)) == (new_files, 1)
    assert len(re.findall(r"^\+(?!\+\+)", changed[0], flags=re.MULTILINE)) <= lines
    assert not re.findall(r"^-(?!--)", changed[0], flags=re.MULTILINE)


def test_a_new_family_reads_its_files(tmp_path: Path) -> None:
    package = with_diff("family", tmp_path)
    code = (
        "import sys\nfrom pathlib import Path\nimport numpy as np\nfrom safetensors.numpy import save_file\n"
        "import srbench\n"
        "path = Path(sys.argv[1])\n"
        "weights = np.zeros((12, 3, 3, 3), np.float32)\n"
        "for c in range(3): weights[4 * c : 4 * c + 4, c, 1, 1] = 1\n"
        "save_file({'only.weight': weights, 'only.bias': np.zeros(12, np.float32)}, path)\n"
        "image = np.arange(5 * 6 * 3, dtype=np.uint8).reshape(5, 6, 3)\n"
        "output = srbench.upscale(image, path, scale=2, device='cpu')\n"
        "print(np.array_equal(output, image.repeat(2, axis=0).repeat(2, axis=1)))"
    )
    assert run(code, package, tmp_path / "weights.safetensors") == "True"


def test_a_new_metric_is_measured(tmp_path: Path) -> None:
    package = with_diff("metric", tmp_path)
    code = (
        "import numpy as np, srbench\n"
        "image = np.full((16, 16), 100, np.uint8)\n"
        "print(srbench.score(image + np.uint8(3), image, metrics=['mae_y'], scale=4)['mae_y'])"
    )
    assert float(run(code, package)) == 3.0


def test_a_new_data_set_is_found(tmp_path: Path) -> None:
    package = with_diff("dataset", tmp_path)
    references(tmp_path / "data" / "Mine", 2)
    code = (
        "import sys, srbench\n"
        "run = srbench.run(['nearest'], ['mine'], out=sys.argv[1], data_roots=[sys.argv[2]])\n"
        "print(len(run.scores.image.unique()))"
    )
    assert run(code, package, tmp_path / "run", tmp_path / "data") == "2"


def test_a_new_protocol_is_scored_by(tmp_path: Path) -> None:
    package = with_diff("protocol", tmp_path)
    code = (
        "import numpy as np, srbench\n"
        "image = np.full((64, 64), 100, np.uint8)\n"
        "edged = image.copy()\n"
        "edged[:16] = 0\n"
        "for name in ('srbench', 'wide-border'): print(srbench.metrics.psnr(edged, image, protocol=name))"
    )
    usual, wide = map(float, run(code, package).split())
    assert usual < wide == float("inf")

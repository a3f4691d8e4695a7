"""The example plugin package, installed into a folder of its own and found by its entry point."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parent.parent / "plugin_example"
ROOT = EXAMPLE.parent.parent

USE = """
import numpy as np
from srbench.methods.catalogue import METHODS, resolve
from srbench.methods.contract import Runtime
from tests.methods.models import sample, picture
assert "example-box" in METHODS.names(), METHODS.names()
image = picture(4, 5)
result = resolve("example-box").open(Runtime())(sample(image, 3))
assert np.array_equal(result, image.repeat(3, 0).repeat(3, 1))
ensemble = resolve("example-box+x8").open(Runtime())(sample(image, 3))
assert np.array_equal(result, ensemble)
print("plugin works")
"""


def test_installed_plugin_is_a_method(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    target = ["--no-build-isolation", "--target", str(tmp_path), str(EXAMPLE)]
    done = subprocess.run([*install, *target], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "srbench_example" / "__init__.py").is_file()
    assert _use(tmp_path) == "plugin works\n"


def test_plugin_metadata_without_pip(tmp_path: Path) -> None:
    """The same by hand: what an installation leaves behind is a module and an entry point."""
    (tmp_path / "srbench_example").symlink_to(EXAMPLE / "src" / "srbench_example")
    metadata = tmp_path / "srbench_example-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: srbench-example\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[srbench.methods]\nexample-box = srbench_example:BOX\n")
    assert _use(tmp_path) == "plugin works\n"


def test_broken_plugin_is_one_line(tmp_path: Path) -> None:
    metadata = tmp_path / "broken-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[srbench.methods]\nbroken = not_there:METHOD\n")
    with pytest.raises(AssertionError, match=r"the plugin 'broken' .* does not load"):
        _use(tmp_path)


def _use(folder: Path) -> str:
    paths = os.pathsep.join([str(folder), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", USE],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

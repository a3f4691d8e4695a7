"""Python functions as methods."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from srbench.core.records import Unscorable, UsageError, UserError
from srbench.methods.catalogue import resolve
from tests.methods.models import CPU, picture, sample


def run(name: str, image: np.ndarray, scale: int) -> np.ndarray:
    return np.asarray(resolve(name).open(CPU)(sample(image, scale)))


FUNCTIONS = """
import numpy as np

def twice(image, scale):
    return image.repeat(scale, 0).repeat(scale, 1)

def wrong(image, scale):
    return image

def fails(image, scale):
    raise RuntimeError("no idea")

constant = 3
"""


@pytest.fixture
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "users_functions.py").write_text(FUNCTIONS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "users_functions", raising=False)
    monkeypatch.setattr(sys, "path", ["", *sys.path])


@pytest.mark.usefixtures("functions")
def test_python_functions() -> None:
    image = picture(4, 5, gray=True)
    expected = np.stack([image] * 3, axis=-1).repeat(3, 0).repeat(3, 1)
    np.testing.assert_array_equal(run("users_functions:twice", image, 3), expected)
    method = resolve("users_functions:twice")
    assert method.fingerprint is not None
    assert len(method.fingerprint(sample(image, 3).pair)) == 64
    with pytest.raises(Unscorable, match=r"returned uint8 \(4, 5, 3\) where uint8 \(12, 15, 3\) is expected"):
        run("users_functions:wrong", image, 3)
    with pytest.raises(Unscorable, match="users_functions:fails failed: RuntimeError: no idea"):
        run("users_functions:fails", image, 3)
    with pytest.raises(UserError, match="constant is not a function"):
        run("users_functions:constant", image, 3)
    with pytest.raises(UserError, match="cannot be imported"):
        run("users_functions:absent", image, 3)


@pytest.mark.parametrize("text", ["import sys; sys.exit(0)", "raise OSError('no disk')"])
def test_modules_that_fail_or_leave_when_they_are_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "leaves").mkdir()
    (tmp_path / "leaves" / "__init__.py").write_text(text)
    (tmp_path / "leaves" / "inner.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match="leaves:f cannot be imported"):
        run("leaves:f", picture(3, 3), 2)
    with pytest.raises(UserError, match=r"leaves.inner cannot be imported"):
        resolve("leaves.inner:f")


def test_a_module_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="there is no Python module nowhere_to_be_found"):
        resolve("nowhere_to_be_found:function")


def test_a_function_says_which_files_it_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "reading.py").write_text("def upscale(image, scale):\n    return image\n")
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"first")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    method = resolve("reading:upscale:weights=weights.bin")
    assert method.name == "reading.upscale"
    assert method.fingerprint is not None
    pair = sample(picture(4, 4), 2).pair
    before = method.fingerprint(pair)
    weights.write_bytes(b"second")
    assert method.fingerprint(pair) != before
    with pytest.raises(UserError, match="no such file"):
        resolve("reading:upscale:weights=other.bin")


def test_a_module_whose_file_is_gone_is_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("earlier", "later"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "moved.py").write_text("def upscale(image, scale):\n    return image\n")
        monkeypatch.syspath_prepend(tmp_path / folder)
    # Imported from the folder that comes first on the path.
    assert Path(str(importlib.import_module("moved").__file__)).parent.name == "later"
    (tmp_path / "later" / "moved.py").unlink()
    assert resolve("moved:upscale").source == str(tmp_path / "earlier" / "moved.py")
    importlib.import_module("moved")
    (tmp_path / "earlier" / "moved.py").unlink()
    with pytest.raises(UsageError, match="no Python module moved"):
        resolve("moved:upscale")
    with pytest.raises(UsageError, match="no Python module sys"):
        resolve("sys:exit")

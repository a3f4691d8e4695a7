"""What a Python function reads: declared files are followed, undeclared ones never make a score stale."""

from __future__ import annotations

import json
import os
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from srbench.core.records import UserError
from srbench.methods.catalogue import resolve
from srbench.runs.work import Tools
from tests.helpers import Result, command, python, references, values
from tests.methods.models import CPU, picture, sample

# Gray of the level that a file says; where a file `wait` is there, the second call does not come to its end.
READING = """
from pathlib import Path
import time
import numpy as np

FOLDER = Path(__file__).parent

def upscale(image, scale):
    with (FOLDER / "calls").open("a") as calls:
        calls.write("x")
    while (FOLDER / "wait").exists() and (FOLDER / "calls").stat().st_size > 1:
        time.sleep(0.02)
    level = int((FOLDER / "level.txt").read_text())
    return np.full((image.shape[0] * scale, image.shape[1] * scale, 3), level, np.uint8)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "reading.py").write_text(READING)
    (tmp_path / "level.txt").write_text("100")
    references(tmp_path / "mine", count=3)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def arguments(folder: Path, method: str) -> list[str]:
    return [
        "run", "--methods", method, "--datasets", f"folder:{folder / 'mine'}", "--metrics", "psnr_y",
        "--out", f"{folder / 'out'}", "--workers", "1", "--device", "cpu",
    ]  # fmt: skip


def run(folder: Path, method: str = "reading:upscale") -> Result:
    result = command(*arguments(folder, method))
    assert result.code == 0, result.err
    return result


def scores(folder: Path) -> list[str]:
    return list(values(folder / "out" / "scores.csv").values())


def calls(folder: Path) -> int:
    return (folder / "calls").stat().st_size


@pytest.mark.parametrize(("method", "per_image"), [("reading:upscale", 1), ("reading:upscale+x8", 8)])
def test_a_function_that_declares_nothing_is_called_again_in_every_run(
    folder: Path, method: str, per_image: int
) -> None:
    assert "does not say which files it reads: made again; declare them" in run(folder, method).err
    before = scores(folder)
    (folder / "level.txt").write_text("200")
    run(folder, method)
    assert calls(folder) == 6 * per_image
    assert not set(before) & set(scores(folder))


def test_a_run_that_was_cut_off_goes_on_with_its_own_outputs(folder: Path) -> None:
    (folder / "wait").touch()
    child = python("from srbench.cli import main; main()", *arguments(folder, "reading:upscale"), path=folder)
    while not (folder / "calls").is_file() or calls(folder) < 2:
        time.sleep(0.05)
        assert child.poll() is None
    child.kill()
    child.communicate()
    (folder / "wait").unlink()
    assert "goes on with the outputs of the run that was cut off" in run(folder).err
    assert calls(folder) == 4  # the second image once more, and the third
    run(folder)
    assert calls(folder) == 7


@pytest.mark.parametrize("declared", ["option", "attribute"])
def test_declared_files_are_followed(folder: Path, declared: str) -> None:
    method = "reading:upscale:weights=level.txt"
    if declared == "attribute":
        (folder / "reading.py").write_text(READING + '\nupscale.weights = ["level.txt"]\n')
        method = "reading:upscale"
    assert "does not say" not in run(folder, method).err
    before = scores(folder)
    run(folder, method)
    assert calls(folder) == 3
    (folder / "level.txt").write_text("200")
    run(folder, method)
    assert calls(folder) == 6
    assert not set(before) & set(scores(folder))
    fact = json.loads((folder / "out" / "run.json").read_text())["methods"]["reading.upscale"]
    files = {Path(name).name: found for name, found in fact["files"].items()}
    assert files == {
        name: sha256((folder / name).read_bytes()).hexdigest() for name in ("reading.py", "level.txt")
    }


def test_an_empty_declaration_says_that_nothing_is_read(folder: Path) -> None:
    (folder / "reading.py").write_text(READING + "\nupscale.weights = []\n")
    run(folder)
    run(folder)
    assert calls(folder) == 3


def test_declarations_that_cannot_be_followed(folder: Path) -> None:
    (folder / "reading.py").write_text(READING + "\nupscale.weights = [FOLDER / 'level.txt']\n")
    with pytest.raises(UserError, match=r"upscale\.weights must be a list of file names"):
        resolve("reading:upscale")
    (folder / "reading.py").write_text(READING + "\nupscale.weights = ['absent.bin']\n")
    with pytest.raises(UserError, match=r"absent\.bin: no such file"):
        resolve("reading:upscale")


def test_one_process_follows_a_function_and_its_files(folder: Path) -> None:
    method = "reading:upscale:weights=level.txt"
    low = sample(picture(4, 4), 2)
    assert np.unique(Tools().upscaler(method, CPU)(low)) == 100
    (folder / "reading.py").write_text(READING.replace("level, np.uint8", "level + 1, np.uint8"))
    os.utime(folder / "reading.py")
    assert np.unique(Tools().upscaler(method, CPU)(low)) == 101
    (folder / "reading.py").write_text(READING.replace("level, np.uint8", "level + 2, np.uint8"))
    assert np.unique(Tools().upscaler(method, CPU)(low)) == 102


# Writes its own weights anew at the third call, before which the first image is recorded: other ones, or with
# `again` the same.
CHANGING = """
from pathlib import Path
import numpy as np

FOLDER = Path(__file__).parent

def upscale(image, scale):
    level = FOLDER / "level.txt"
    made = np.full((image.shape[0] * scale, image.shape[1] * scale, 3), int(level.read_text()), np.uint8)
    with (FOLDER / "calls").open("a") as calls:
        calls.write("x")
    if (FOLDER / "calls").stat().st_size == 3:
        level.write_text("100" if (FOLDER / "again").exists() else "30")
    return made

upscale.weights = ["level.txt"]
"""


@pytest.mark.parametrize("again", [False, True])
def test_what_was_made_from_weights_that_changed_in_the_middle_is_no_score(folder: Path, again: bool) -> None:
    (folder / "changing.py").write_text(CHANGING)
    (folder / "again").touch() if again else None
    disturbed = command(*arguments(folder, "nearest,changing:upscale"))
    assert disturbed.code == 0, disturbed.err
    found = values(folder / "out" / "scores.csv")
    assert all(value for place, value in found.items() if place[0] == "nearest")
    kept = [value for place, value in found.items() if place[0] != "nearest" and value]
    assert len(kept) < 3
    assert "level.txt changed while the run was using it" in (folder / "out" / "scores.csv").read_text()

    (folder / "level.txt").write_text("100")
    run(folder, "nearest,changing:upscale")
    whole = values(folder / "out" / "scores.csv")
    assert set(kept) <= {value for place, value in whole.items() if place[0] != "nearest"}
    (folder / "out").rename(folder / "before")
    run(folder, "nearest,changing:upscale")
    assert values(folder / "out" / "scores.csv") == whole


# Turns an output of another method upside down at its first call.
MEDDLING = """
from pathlib import Path
import numpy as np
from PIL import Image

FOLDER = Path(__file__).parent

def upscale(image, scale):
    if not (FOLDER / "calls").exists():
        path = sorted((FOLDER / "out" / "images" / "nearest").rglob("*.png"))[-1]
        Image.open(path).transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(path)
    (FOLDER / "calls").touch()
    return np.zeros((image.shape[0] * scale, image.shape[1] * scale, 3), np.uint8)
"""


def test_an_output_that_is_rewritten_before_it_is_measured_costs_no_score(folder: Path) -> None:
    (folder / "meddling.py").write_text(MEDDLING)
    run(folder, "nearest")
    before = values(folder / "out" / "scores.csv")
    more = [part.replace("psnr_y", "psnr_y,ssim_y") for part in arguments(folder, "meddling:upscale,nearest")]
    assert command(*more).code == 0
    disturbed = values(folder / "out" / "scores.csv")
    assert {place: disturbed[place] for place in before} == before
    text = (folder / "out" / "scores.csv").read_text()
    assert text.count(".png changed while the run was using it") == 1

    assert command(*more).code == 0
    whole = values(folder / "out" / "scores.csv")
    (folder / "out").rename(folder / "before")
    assert command(*more).code == 0
    assert values(folder / "out" / "scores.csv") == whole
    assert all(value for place, value in whole.items() if place[0] == "nearest")

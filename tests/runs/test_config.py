"""Options as a file: what a run folder says of its runs repeats them."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

import numpy as np
import pytest

from srbench.core.records import UsageError
from srbench.methods.places import moved
from srbench.runs.config import config_text, read_config, scales_of
from tests.helpers import command, picture, save


def _references(folder: Path) -> Path:
    for index, name in enumerate("ab"):
        save(folder / f"{name}.png", picture(24, 48, index))
    return folder


def _scores(folder: Path) -> list[tuple[str, ...]]:
    with (folder / "scores.csv").open(newline="") as stream:
        return [tuple(row.values()) for row in csv.DictReader(stream)]


def test_run_toml_repeats_a_run_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _references(tmp_path / "sets" / "mine")
    save(tmp_path / "results" / "a.png", np.roll(picture(24, 48, 0), 1, axis=1))
    save(tmp_path / "results" / "b.png", np.roll(picture(24, 48, 1), 1, axis=1))
    monkeypatch.chdir(tmp_path)
    first = command(
        "run", "--methods", "bicubic,outputs:results:ours", "--datasets", "folder:sets/mine",
        "--scale", "2,3", "--out", "runs/one", "--workers", "1",
    )  # fmt: skip
    assert first.code == 0
    config = Path("runs/one/run.toml").read_text(encoding="utf-8")
    assert str(tmp_path) not in config
    assert tomllib.loads(config)["methods"] == ["bicubic", "outputs:../../results:ours"]
    monkeypatch.chdir(tmp_path / "sets")
    again = command("run", "../runs/one/run.toml", "--out", tmp_path / "two", "--workers", "1")
    assert again.code == 0
    assert _scores(tmp_path / "two") == _scores(tmp_path / "runs" / "one")
    assert {row[2] for row in _scores(tmp_path / "two")} == {"2", "3"}
    done = command("run", "../runs/one/run.toml", "--workers", "1")
    assert "nothing to compute" in done.out


def test_what_is_typed_wins_and_several_runs_are_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _references(tmp_path / "mine")
    (tmp_path / "c.toml").write_text(
        '[[run]]\nmethods = "nearest"\ndatasets = ["folder:mine"]\nscale = 2\nout = "out"\n'
        'metrics = ["psnr"]\n'
        '[[run]]\nmethods = ["bicubic"]\ndatasets = ["folder:mine"]\nscale = [3]\nout = "out"\n'
    )
    ended = command("run", tmp_path / "c.toml", "--metrics", "ssim_y", "--workers", "1")
    assert ended.code == 0
    found = _scores(tmp_path / "out")
    assert {row[0] for row in found} == {"nearest", "bicubic"}
    assert {row[5] for row in found} == {"ssim_y"}
    written = read_config(tmp_path / "out" / "run.toml")
    assert [(run["methods"], run["scale"]) for run in written] == [(("nearest",), (2,)), (("bicubic",), (3,))]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("method = ['a']", "unknown option 'method'; did you mean methods"),
        ("max_memory = 2", "unknown option 'max_memory'; did you mean max-memory"),
        ("scale = 'x'", "scale takes positive whole numbers"),
        ("scale = 0", "scale = 0 is not what --scale takes"),
        ("methods = []", "methods = .* is not what --methods takes"),
        ("inputs = 'mine'", "inputs = 'mine' is not what --inputs takes"),
        ("strict = 1", "strict = 1 is not what --strict takes"),
        ("scale = 2\n[[run]]\nscale = 3", "scale stands beside tables"),
        ("", "asks for no run"),
        ("scale = ", "is not a TOML file"),
    ],
)
def test_mistakes_are_wrong_usage(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(UsageError, match=said):
        read_config(tmp_path / "c.toml")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    ended = command("run", tmp_path / "no.toml")
    assert (ended.code, "cannot be read" in ended.message) == (2, True)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bicubic", "bicubic"),
        ("esrgan@0.8", "esrgan@0.8"),
        ("outputs:res:ours", "outputs:/up/res:ours"),
        ("outputs:res+bp", "outputs:/up/res+bp"),
        ("mix:outputs:a,b.pth:scale=4@0.5", "mix:outputs:/up/a,/up/b.pth:scale=4@0.5"),
        ("net.onnx:scale=4,range=255+x8", "/up/net.onnx:scale=4,range=255+x8"),
        ("package.module:function", "package.module:function"),
        ("a.b:f:weights=c.pth,weights=d.pth", "a.b:f:weights=/up/c.pth,weights=/up/d.pth"),
    ],
)  # fmt: skip
def test_paths_inside_names_are_moved(name: str, expected: str) -> None:
    assert moved(name, lambda text: f"/up/{text}") == expected


def test_records_of_before_options_were_kept_make_no_file() -> None:
    assert config_text([{"command": "srbench run"}]) == ""


@pytest.mark.parametrize("text", ["0", "-2", "2,x", "2.5", ""])
def test_scales_are_positive_whole_numbers(text: str) -> None:
    with pytest.raises(UsageError, match="--scale"):
        scales_of(text)

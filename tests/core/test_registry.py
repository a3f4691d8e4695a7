"""Registries: duplicates, suggestions, plugins."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from srbench.core.records import UsageError
from srbench.core.registry import Registry, split_names, split_parts


@dataclass(frozen=True)
class Thing:
    name: str


def registry(*names: str, group: str | None = None) -> Registry[Thing]:
    made: Registry[Thing] = Registry("thing", group=group, record=Thing)
    for name in names:
        made.add(name, Thing(name))
    return made


def plugin(folder: Path, module: str, code: str, group: str = "srbench.tests") -> None:
    """Installs a module and a distribution that registers `module:things` into a folder."""
    (folder / f"{module}.py").write_text(code)
    information = folder / f"{module}-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[{group}]\n{module} = {module}:things\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield tmp_path
    for path in tmp_path.glob("*.py"):
        sys.modules.pop(path.stem, None)


def test_order_is_that_of_registration() -> None:
    things = registry("b", "a", "c")
    assert things.names() == ["b", "a", "c"]
    assert [thing.name for thing in things] == ["b", "a", "c"]
    assert "a" in things
    assert "z" not in things


def test_duplicates_are_refused() -> None:
    with pytest.raises(ValueError, match="the thing 'a' is registered twice"):
        registry("a", "a")


def test_aliases_and_other_cases_find_the_record() -> None:
    things = registry("b")
    things.add("psnr_y", Thing("psnr_y"), aliases=("psnr",))
    assert things.get("PSNR") is things.get("psnr_y")
    assert "Psnr" in things
    assert things.names() == ["b", "psnr_y"]
    with pytest.raises(ValueError, match="'PSNR' is registered twice"):
        things.add("PSNR", Thing("other"))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("bicubik", r"unknown thing 'bicubik'; did you mean bicubic\?"),
        ("BICUBIK", r"did you mean bicubic\?"),
        ("qqq", "there are: bicubic, nearest"),
        ("", "there are"),
    ],
)
def test_unknown_names_suggest_the_nearest(asked: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        registry("bicubic", "nearest").get(asked)
    assert caught.value.exit_code == 2


def test_a_plugin_adds_one_record_or_several(site: Path) -> None:
    plugin(site, "one_thing", "from tests.core.test_registry import Thing\nthings = Thing('one')\n")
    plugin(
        site,
        "more_things",
        "from tests.core.test_registry import Thing\nthings = [Thing('two'), Thing('three')]\n",
    )
    things = registry("own", group="srbench.tests")
    assert sorted(things.names()) == ["one", "own", "three", "two"]
    assert things.names()[0] == "own"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise ImportError('needs a library that is not here')\n", "needs a library"),
        ("import no_such_module_at_all\n", "no_such_module_at_all"),
        ("def broken(:\n", "invalid syntax"),
        ("nothing = 1\n", "things"),
        ("things = 5\n", ""),
        ("things = [object()]\n", "TypeError: object is not Thing"),
        ("class things:\n    name = 'other'\n", "TypeError: type is not Thing"),
        ("from tests.core.test_registry import Thing\nthings = Thing('own')\n", "registered twice"),
        ("raise SystemExit(3)\n", ""),
    ],
)
def test_a_broken_plugin_is_said_once_and_left_out(
    site: Path, capsys: pytest.CaptureFixture[str], code: str, reason: str
) -> None:
    plugin(site, "a_broken", code)
    plugin(site, "good", "from tests.core.test_registry import Thing\nthings = Thing('good')\n")
    things = registry("own", group="srbench.tests")
    assert things.names() == ["own", "good"]
    assert things.get("own") == Thing("own")
    said = capsys.readouterr().err
    assert said.count("a_broken") >= 1
    assert len(said.strip().splitlines()) == 1
    assert reason in said


def test_plugins_are_not_looked_for_before_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(**_: object) -> None:
        raise AssertionError("entry points were read")

    monkeypatch.setattr(importlib.metadata, "entry_points", forbidden)
    things = registry("a", group="srbench.tests")
    with pytest.raises(AssertionError):
        things.names()
    assert registry("a", group=None).names() == ["a"]


def test_lists_keep_inner_commas() -> None:
    text = (
        "bicubic, mix:a,b@0.5,model.onnx:scale=4,range=255,outputs:dir=x,esrgan@0.8,bicubic,"
        "mix:m.pt:scale=4,range=1,b@0.5,m.pt:scale=4,range=1+x8,m.pt:range=[-1,1],scale=2"
    )
    assert split_names(text) == [
        "bicubic",
        "mix:a,b@0.5",
        "model.onnx:scale=4,range=255",
        "outputs:dir=x",
        "esrgan@0.8",
        "mix:m.pt:scale=4,range=1,b@0.5",
        "m.pt:scale=4,range=1+x8",
        "m.pt:range=[-1,1],scale=2",
    ]


def test_parts_of_a_blend_may_be_equal() -> None:
    assert split_parts("m.pt:scale=4,range=1,m.pt:scale=4,range=1") == ["m.pt:scale=4,range=1"] * 2


def test_an_empty_list_is_wrong_usage_where_the_option_needs_a_name() -> None:
    assert split_names(" , ") == []
    with pytest.raises(UsageError, match="--metrics is empty"):
        split_names(" , ", "--metrics")


def test_a_comma_in_double_quotes_separates_nothing() -> None:
    assert split_names('bicubic, "outputs:my, results" ,"folder:a,b,c":name') == [
        "bicubic",
        "outputs:my, results",
        "folder:a,b,c:name",
    ]
    assert split_names('"A,B"') == ["A,B"]
    assert split_names('a"b,c') == ['a"b', "c"]

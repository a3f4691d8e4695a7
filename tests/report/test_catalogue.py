"""The list of figures: every command in it exists, and the gallery shows each."""

from __future__ import annotations

import json
import runpy
import shlex

import pytest
from PIL import Image
from typer.main import get_command

from srbench.cli import app
from srbench.report.catalogue import CATALOGUE, Entry
from tests.conftest import REPOSITORY
from tests.helpers import command

GALLERY = REPOSITORY / "docs" / "gallery"
NAMES = [entry.name for entry in CATALOGUE]


def test_the_listing_has_every_figure_and_every_command_of_the_group() -> None:
    assert len(set(NAMES)) == len(NAMES)
    group = get_command(app).commands["figure"].commands
    assert set(group) - {"list"} <= set(NAMES)
    shown = json.loads(command("figure", "list", "--json").out)
    assert [entry["name"] for entry in shown] == NAMES
    assert set(shown[0]) == {"name", "shows", "repeats", "command", "needs"}
    text = command("figure", "list").out
    assert all(entry.command in text and entry.needs in text for entry in CATALOGUE)


@pytest.mark.parametrize("entry", CATALOGUE, ids=NAMES)
def test_commands_exist_with_their_options(entry: Entry) -> None:
    node, words = get_command(app), shlex.split(entry.command)[1:]
    while words and hasattr(node, "commands"):
        node = node.commands[words.pop(0)]
    options = {name for parameter in node.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options
    required = [one for one in node.params if one.required and one.param_type_name == "option"]
    assert {one.opts[0] for one in required} <= set(words)


def test_the_gallery_is_what_the_list_says() -> None:
    path = REPOSITORY / "examples" / "gallery.py"
    made = runpy.run_path(str(path))["page"]()
    assert (REPOSITORY / "docs" / "gallery.md").read_text(encoding="utf-8") == made, "make gallery"
    assert all(f"](gallery/{name}.png)" in made for name in NAMES)


def test_thumbnails_are_small() -> None:
    assert sum(path.stat().st_size for path in GALLERY.glob("*.png")) < 1_000_000
    assert {path.stem for path in GALLERY.glob("*.png")} == set(NAMES)
    for path in GALLERY.glob("*.png"):
        with Image.open(path) as picture:
            assert picture.width <= 460

"""Folders whose names have a comma, in double quotes: from the command line to the table and back."""

from __future__ import annotations

import json
from pathlib import Path

from tests.helpers import command, picture, references, save, values


def test_a_folder_with_a_comma_is_given_in_double_quotes(tmp_path: Path) -> None:
    data = references(tmp_path / "pairs, mine")
    for name in "abc":
        save(tmp_path / "ours, final" / f"{name}.png", picture(32, 40, seed=9))
    asked = ("--methods", f'bicubic,"outputs:{tmp_path / "ours, final"}"', "--datasets", f'"folder:{data}"')
    done = command("run", *asked, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    found = values(tmp_path / "run" / "scores.csv")
    assert {method for method, _, _ in found} == {"bicubic", "ours, final"}
    again = command("run", tmp_path / "run" / "run.toml", "--out", tmp_path / "again")
    assert again.code == 0, again.err
    assert values(tmp_path / "again" / "scores.csv") == found
    table = command("table", tmp_path / "run", "--format", "json")
    assert "ours, final" in json.dumps(json.loads(table.out))
    without = command(
        "run", "--methods", f"outputs:{tmp_path / 'ours, final'},bicubic", "--out", tmp_path / "b"
    )
    assert without.code == 1
    assert "double quotes" in without.message

"""The plan of the package: few rooms, short modules, no circle of imports, a test folder for every room."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import srbench
from tests.helpers import PACKAGE_ROOT

PACKAGE = Path(srbench.__file__).parent
TESTS = Path(__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}


def imported(path: Path) -> Iterator[str]:
    """The package's modules that a file imports, also inside functions, but not for types only."""
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        waiting.extend(ast.iter_child_nodes(node))


def test_no_imports_form_a_circle_not_even_those_inside_functions() -> None:
    arrows = {name: set(imported(path)) - {name} for name, path in MODULES.items()}
    assert arrows["srbench.runs.evaluate"] >= {"srbench.runs.store"}  # they are found at all
    TopologicalSorter(arrows).prepare()  # raises CycleError, with the circle


def test_no_module_has_more_than_300_lines() -> None:
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: count for name, count in lines.items() if count > 300} == {}


def test_there_are_at_most_20_rooms() -> None:
    rooms = [*PACKAGE.glob("*/__init__.py"), *(PACKAGE.glob("*.py"))]
    assert len(set(rooms) - {PACKAGE / "__init__.py"}) <= 20


def test_every_room_has_its_tests() -> None:
    rooms = {path.parent.relative_to(PACKAGE) for path in PACKAGE.glob("*/__init__.py")}
    assert {room for room in rooms if not any((TESTS / room).glob("test_*.py"))} == {Path("commands")}


@pytest.mark.slow
def test_the_ways_that_are_counted_do_not_grow() -> None:
    """As `CONTRIBUTING.md` says: a reference image to its cell, and a model file to its pixels."""
    script = PACKAGE_ROOT / "benchmarks" / "flow.py"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    printed = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, check=True
    ).stdout
    images = re.findall(r"to its cell .*: (\d+) files", printed)
    models = re.findall(r"to its pixels .*: (\d+) files", printed)
    assert [int(count) for count in images] == [15]
    assert max(map(int, models)) <= 25

"""Documentation: every command in README and docs/ exists with the options shown there; small ones run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from srbench.cli import app
from tests.helpers import command

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# Commands of the pages that need no data, no weights and a few seconds.
SMALL = {
    "srbench run --methods bicubic --datasets demo", "srbench methods list", "srbench protocols list",
    "srbench train list", "srbench metrics list", "srbench datasets list", "srbench methods show bicubic",
    "srbench protocols show basicsr", "srbench doctor",
}  # fmt: skip


def _commands() -> list[tuple[str, str]]:
    """Every line of a code block that begins with `srbench`, with the page that it stands on."""
    found = []
    for page in PAGES:
        for block in re.findall(
            r"^```\w*\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
        ):
            lines = re.sub(r"\\\n\s*", " ", block).splitlines()
            found += [
                (page.name, line.partition(" #")[0].strip()) for line in lines if line.startswith("srbench ")
            ]
    return found


def test_there_are_commands_on_the_pages() -> None:
    assert {page for page, _ in _commands()} >= {
        "README.md",
        "score.md",
        "compare.md",
        "reproduce.md",
        "pages.md",
    }


@pytest.mark.parametrize(("page", "line"), sorted(set(_commands())))
def test_commands_and_options_exist(page: str, line: str) -> None:
    node = get_command(app)
    words = shlex.split(line)[1:]
    while words and hasattr(node, "commands"):
        assert words[0] in node.commands, f"{page}: no command {words[0]}: {line}"
        node = node.commands[words.pop(0)]
    known = {name for parameter in node.params for name in (*parameter.opts, *parameter.secondary_opts)}
    for word in words:
        if word.startswith("--"):
            assert word.partition("=")[0] in known | {"--help"}, f"{page}: no option {word}: {line}"


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_page_is_in_the_navigation() -> None:
    listed = set(
        re.findall(r"([\w-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert listed == {page.name for page in PAGES[1:]}


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="no site: pip install 'srbench[docs]'")
    pytest.importorskip("mkdocstrings", reason="no site: pip install 'srbench[docs]'")
    ended = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path / "site")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    text = (tmp_path / "site" / "api" / "index.html").read_text(encoding="utf-8")
    assert "srbench.api.score" in text


@pytest.mark.parametrize("line", sorted(SMALL))
def test_small_commands_run(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = command(*shlex.split(line)[1:])
    assert (ended.code, ended.err) == (0, "")

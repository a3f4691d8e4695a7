"""The workflows for users' own repositories: read as YAML, their commands run in order, as on GitHub."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import PACKAGE_ROOT, command, picture, references, save

yaml = pytest.importorskip("yaml", reason="no YAML reader here")
ROOT = Path(__file__).parent.parent
_SHELLS = {"": ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"]}


def _workflow(page: str) -> dict[str, Any]:
    text = (ROOT / page).read_text(encoding="utf-8")
    found = text if page.endswith(".yml") else re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S)[0]
    made: dict[str, Any] = yaml.safe_load(found)
    return made


def _commands(job: dict[str, Any]) -> Iterator[tuple[list[str], str]]:
    """Shell and text of each step that runs something, without the installations."""
    for step in job["steps"]:
        assert ("run" in step) != ("uses" in step)
        if "run" in step and not step["run"].startswith("pip install"):
            text = step["run"].replace("${{ github.base_ref }}", "main")
            assert "${{" not in text
            yield _SHELLS[step.get("shell", "")], text


@pytest.fixture
def runner(tmp_path: Path) -> dict[str, str]:
    """The environment of a runner on which srbench is installed."""
    for name, arguments in (("srbench", "-m srbench"), ("python", "")):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        program.chmod(0o755)
    return os.environ | {
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(PACKAGE_ROOT),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }


def _run(job: dict[str, Any], place: Path, runner: dict[str, str]) -> tuple[int, str]:
    """Runs the steps of a job until one fails; its exit code and everything that was printed."""
    said = ""
    for shell, text in _commands(job):
        ended = subprocess.run(
            [*shell, "-c", text], cwd=place, env=runner, capture_output=True, text=True, check=False
        )
        said += ended.stdout + ended.stderr
        if ended.returncode:
            return ended.returncode, said
    return 0, said


def _git(place: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *arguments], cwd=place, check=True, capture_output=True)


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    """A repository of submissions at a pull request that brings `mynet`; references in `data`."""
    place = tmp_path / "repository"
    references(place / "data" / "pairs")
    _git(place, "init", "-q", "-b", "main")
    _git(place, "add", ".")
    _git(place, "commit", "-qm", "references")
    _git(place, "update-ref", "refs/remotes/origin/main", "HEAD")
    for name, image in zip("abc", (picture(32, 40, seed=seed) for seed in (5, 6, 7)), strict=True):
        save(tmp_path / "mynet" / f"{name}.png", image)
    asked = ("--methods", f"outputs:{tmp_path / 'mynet'}", "--datasets", f"folder:{place / 'data' / 'pairs'}")
    done = command("run", *asked, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    for part in ("run.json", "scores.csv", "images"):
        source, target = tmp_path / "run" / part, place / "submissions" / "mynet" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)
    _git(place, "add", ".")
    _git(place, "commit", "-qm", "mynet")
    return place


def test_a_good_submission_passes_and_is_on_the_site(submissions: Path, runner: dict[str, str]) -> None:
    jobs = _workflow("docs/site.md")["jobs"]
    code, said = _run(jobs["check"], submissions, runner)
    assert code == 0, said
    assert "6 of 6 scores agree" in said
    code, said = _run(jobs["site"], submissions, runner)
    assert code == 0, said
    assert "mynet" in (submissions / "site" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("fault", ["number", "picture"])
def test_a_bad_submission_fails_and_says_why(submissions: Path, runner: dict[str, str], fault: str) -> None:
    folder = submissions / "submissions" / "mynet"
    if fault == "number":
        lines = (folder / "scores.csv").read_text().splitlines()
        cells = lines[1].split(",")
        place = next(i for i, cell in enumerate(cells) if re.fullmatch(r"\d+\.\d{6,}", cell))
        cells[place] = str(float(cells[place]) + 1)
        (folder / "scores.csv").write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n")
    else:
        save(next(folder.rglob("a.png")), picture(32, 40, seed=8))
    _git(submissions, "commit", "-qam", "better")
    code, said = _run(_workflow("docs/site.md")["jobs"]["check"], submissions, runner)
    assert code == 1
    assert "mynet" in said
    assert "does not hold" in said or "edited" in said or "differs" in said


def test_a_check_without_the_base_branch_fails(submissions: Path, runner: dict[str, str]) -> None:
    _git(submissions, "update-ref", "-d", "refs/remotes/origin/main")
    assert _run(_workflow("docs/site.md")["jobs"]["check"], submissions, runner)[0] != 0


def test_the_outputs_of_a_pull_request_are_scored(tmp_path: Path, runner: dict[str, str]) -> None:
    references(tmp_path / "references")
    for name in "abc":
        save(tmp_path / "results" / f"{name}.png", picture(32, 40, seed=9))
    (job,) = _workflow("examples/score_pull_request.yml")["jobs"].values()
    code, said = _run(job, tmp_path, runner)
    assert code == 0, said
    assert "<th>psnr_y</th>" in (tmp_path / "summary.md").read_text()


@pytest.mark.parametrize(
    "page", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.name
)
def test_our_own_workflows_are_read(page: Path) -> None:
    made = yaml.safe_load(page.read_text(encoding="utf-8"))
    assert all(job["steps"] for job in made["jobs"].values())

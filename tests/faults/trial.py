"""One run that something is done to, and what must hold afterwards."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.helpers import PACKAGE_ROOT, references

TABLES = ("scores.csv", "leaderboard.csv", "leaderboard.md", "significance.csv")
_MARK = "SRBENCH_FAULTS_TRIAL"
_LISTEN = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
_MAIN = f"{_LISTEN}from srbench.cli import main\nmain()"
# Slow enough for something to happen in the middle of it.
_METHOD = """
import time
from pathlib import Path
def slow(image, scale):
    from srbench.images.resize import imresize
    time.sleep(0.15)
    return imresize(image, scale) + Path("weights.txt").read_text().count("1")
"""
WEIGHTS = "weights.txt"


@dataclass
class Trial:
    """A folder with images, a method and a run; `problems` are what must not happen."""

    folder: Path
    random: random.Random
    problems: list[str] = field(default_factory=list)

    @property
    def out(self) -> Path:
        """The run folder."""
        return self.folder / "out"

    def start(self, out: Path | None = None) -> subprocess.Popen[str]:
        """Starts the run in a session of its own."""
        return self.command(
            "run", "--methods", "nearest,slow_method:slow:weights=weights.txt",
            "--datasets", "folder:mine", "--metrics", "psnr_y,ssim_y",
            "--out", out or self.out, "--workers", "2", "--device", "cpu",
        )  # fmt: skip

    def command(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Starts `srbench` in the folder."""
        paths = os.pathsep.join([str(self.folder), str(PACKAGE_ROOT)])
        environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", _MARK: str(self.folder)}
        return subprocess.Popen(
            [sys.executable, "-c", _MAIN, *map(str, arguments)],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def finish(self, child: subprocess.Popen[str], *codes: int) -> str:
        """Waits for the end; notes a traceback, another exit code, and processes that are left."""
        try:
            out, err = child.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            self.problems.append("did not end")
            return ""
        if "Traceback" in out + err:
            self.problems.append(f"traceback: {err[-300:]}")
        if child.returncode not in codes:
            self.problems.append(f"exit code {child.returncode}: {err[-200:]}")
        deadline = time.monotonic() + 5
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        if self.processes():
            self.problems.append(f"{len(self.processes())} processes left")
            for process in self.processes():
                process.kill()
        return err

    def processes(self) -> list[psutil.Process]:
        """All processes of this trial, however they were started."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(_MARK) == str(self.folder) and process.status() != "zombie":
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def outputs(self) -> int:
        """How many output images there are."""
        return len(list(self.out.glob("images/**/[!.]*.png")))

    def wait_for_outputs(self, child: subprocess.Popen[str], count: int) -> None:
        """Until so many outputs are there, or the run has ended, and a random moment more."""
        while self.outputs() < count and child.poll() is None:
            time.sleep(0.02)
        time.sleep(self.random.random() * 0.3)

    def compare(self, undisturbed: Path) -> None:
        """Runs the command once more, and notes tables that are not those of the undisturbed run."""
        self.finish(self.start(), 0)
        for name in TABLES:
            there = self.out / name
            if not there.is_file() or there.read_bytes() != (undisturbed / name).read_bytes():
                self.problems.append(f"{name} is another")
        if left := [path.name for path in self.out.rglob("*.part")]:
            self.problems.append(f"left behind: {', '.join(left[:3])}")


def prepared(folder: Path) -> Path:
    """A folder with eight images, the method and the file that it reads."""
    references(folder / "mine", count=8, size=(64, 80))
    (folder / "slow_method.py").write_text(_METHOD)
    (folder / WEIGHTS).write_text("0" * 64)
    return folder


def copied(original: Path, folder: Path) -> Path:
    """The same in another folder, times included."""
    shutil.copytree(original, folder)
    return folder

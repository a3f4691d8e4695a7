"""The kinds of fault: each does something to a run and says what has to hold before it is run once more."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.faults.trial import TABLES, WEIGHTS, Trial
from tests.helpers import values

Kind = Callable[[Trial], None]


def kill_of_the_main_process(trial: Trial) -> None:
    """SIGKILL after some outputs."""
    child = trial.start()
    trial.wait_for_outputs(child, trial.random.randrange(12))
    child.kill()
    trial.finish(child, -signal.SIGKILL, 0)


def kill_of_a_worker(trial: Trial) -> None:
    """SIGKILL of one of its processes that has work; the run goes on by itself."""
    child = trial.start()
    trial.wait_for_outputs(child, trial.random.randrange(1, 10))
    workers = [process for process in trial.processes() if process.pid != child.pid and _works(process)]
    if workers:
        trial.random.choice(workers).kill()
    trial.finish(child, 0)


def _works(process: psutil.Process) -> bool:
    try:  # the server that forks workers, and the tracker of resources, have no children and no work
        return process.ppid() != 1 and "forkserver" in " ".join(process.parent().cmdline())
    except (psutil.Error, AttributeError):
        return False


def _signalled(trial: Trial, how: signal.Signals) -> None:
    child = trial.start()
    trial.wait_for_outputs(child, trial.random.randrange(1, 12))
    child.send_signal(how)
    trial.finish(child, 130, 0)
    missing = [name for name in TABLES if not (trial.out / name).is_file()]
    if missing:
        trial.problems.append(f"not written: {', '.join(missing)}")


def interrupt(trial: Trial) -> None:
    """Ctrl-C."""
    _signalled(trial, signal.SIGINT)


def termination(trial: Trial) -> None:
    """SIGTERM."""
    _signalled(trial, signal.SIGTERM)


def vanishing_data(trial: Trial) -> None:
    """References go away in the middle and come back."""
    child = trial.start()
    trial.wait_for_outputs(child, trial.random.randrange(1, 8))
    hidden = trial.folder / "hidden"
    hidden.mkdir()
    gone = trial.random.sample(sorted((trial.folder / "mine").glob("*.png")), 3)
    for path in gone:
        path.rename(hidden / path.name)
    trial.finish(child, 0, 1)
    for path in gone:
        (hidden / path.name).rename(path)


def _whole(trial: Trial) -> None:
    trial.finish(trial.start(), 0)


def _damage(trial: Trial, path: Path) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(trial.random.randint(1, 8)):
        data[trial.random.randrange(len(data))] = trial.random.randrange(256)
    if trial.random.random() < 0.3:
        del data[trial.random.randrange(len(data)) :]
    path.write_bytes(data)


def damaged_store(trial: Trial) -> None:
    """Bytes of a finished run's store change: what is still printed is right, or there is one line."""
    _whole(trial)
    before = (trial.out / "leaderboard.csv").read_bytes()
    _damage(trial, trial.out / "store.sqlite")
    child = trial.command("table", trial.out)
    err = trial.finish(child, 0, 1)
    if child.returncode == 0 and (trial.out / "leaderboard.csv").read_bytes() != before:
        trial.problems.append("a damaged store gave another table")
    if child.returncode == 1:
        if len(err.strip().splitlines()) != 1:
            trial.problems.append(f"not one line: {err[-300:]}")
        doctor = trial.command("doctor", "--run", trial.out)
        trial.finish(doctor, 0, 1)
        if doctor.returncode == 1:  # it says to move the file away
            (trial.out / "store.sqlite").unlink()


def damaged_output(trial: Trial) -> None:
    """Bytes of finished output images change."""
    _whole(trial)
    for path in trial.random.sample(sorted(trial.out.glob("images/**/*.png")), 3):
        _damage(trial, path)


def damaged_reference(trial: Trial) -> None:
    """A reference is damaged while the run reads it, and is whole again afterwards."""
    path = trial.random.choice(sorted((trial.folder / "mine").glob("*.png")))
    good, status = path.read_bytes(), path.stat()
    _damage(trial, path)
    trial.finish(trial.start(), 0, 1)
    path.write_bytes(good)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def damaged_weights(trial: Trial) -> None:
    """A method's weights are damaged or exchanged in the middle, in half of the tries for a moment only.

    What the run says then is either the right value or none, and the other method is not touched.
    """
    path = trial.folder / WEIGHTS
    good = path.read_bytes()
    child = trial.start()
    trial.wait_for_outputs(child, trial.random.randrange(1, 12))
    if trial.random.random() < 0.5:
        _damage(trial, path)
    else:
        path.write_text("1" * len(good))
    if trial.random.random() < 0.5:
        time.sleep(trial.random.random())
        path.write_bytes(good)
    trial.finish(child, 0, 1)
    path.write_bytes(good)
    right = values(trial.folder / "undisturbed" / "scores.csv")
    for place, value in values(trial.out / "scores.csv").items():
        if value not in ("", right[place]):
            trial.problems.append(f"a wrong value: {place}: {value}")
        if place[0] == "nearest" and not value:
            trial.problems.append(f"a value of the other method is missing: {place}")


def full_disk(trial: Trial) -> None:
    """The run folder is a file system of 64 KB that fills up, then one with room."""
    trial.out.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={trial.random.randint(24, 96)}k", "tmpfs", str(trial.out)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        raise PermissionError("file systems cannot be mounted here")
    try:
        trial.finish(trial.start(), 0, 1)
        subprocess.run(["mount", "-o", "remount,size=64m", str(trial.out)], check=True)
        trial.finish(trial.start(), 0)
        kept = trial.folder / "kept"
        subprocess.run(["cp", "-a", str(trial.out), str(kept)], check=True)
    finally:
        subprocess.run(["umount", str(trial.out)], check=True)
    trial.out.rmdir()
    kept.rename(trial.out)


# With the number of tries of the table in docs/reliability.md.
KINDS: dict[Kind, int] = {
    kill_of_the_main_process: 30,
    kill_of_a_worker: 30,
    interrupt: 10,
    termination: 10,
    full_disk: 10,
    vanishing_data: 10,
    damaged_store: 10,
    damaged_output: 10,
    damaged_reference: 10,
    damaged_weights: 10,
}

"""`python -m tests.faults [--share 1.0] [--only KIND]`: does the faults and prints the table."""

from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
from pathlib import Path

from tests.faults.kinds import KINDS, Kind
from tests.faults.trial import Trial, copied, prepared


def attempt(kind: Kind, original: Path, folder: Path, seed: int) -> list[str]:
    """What went wrong in one try; nothing where it was survived."""
    trial = Trial(copied(original, folder), random.Random(f"{kind.__name__} {seed}"))
    kind(trial)
    trial.compare(original / "undisturbed")
    return trial.problems


def undisturbed(folder: Path) -> Path:
    """The folder that every try begins with; it holds the tables that every try must end with."""
    original = prepared(folder)
    trial = Trial(original, random.Random(0))
    trial.finish(trial.start(original / "undisturbed"), 0)
    if trial.problems:
        raise SystemExit(f"an undisturbed run fails: {trial.problems}")
    return original


def main() -> int:
    """Prints a row as soon as a kind is done; 1 where anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--share", type=float, default=1.0, help="of the tries of each kind; at least one")
    parser.add_argument("--only", default="", help="a part of the names of kinds")
    asked = parser.parse_args()
    lost = 0
    with tempfile.TemporaryDirectory(prefix="faults") as name:
        original = undisturbed(Path(name) / "original")
        print("| fault | tries | survived | lost |\n|---|---|---|---|", flush=True)
        for kind, tries in KINDS.items():
            if asked.only not in kind.__name__:
                continue
            count, problems = math.ceil(tries * asked.share), []
            try:
                for seed in range(count):
                    found = attempt(kind, original, Path(name) / f"{kind.__name__}{seed}", seed)
                    problems += [(seed, found)] if found else []
            except PermissionError as error:
                print(f"| {kind.__name__.replace('_', ' ')} | 0 ({error}) | | |", flush=True)
                continue
            survived = count - len(problems)
            print(
                f"| {kind.__name__.replace('_', ' ')} | {count} | {survived} | {len(problems)} |", flush=True
            )
            for seed, found in problems:
                print(f"{kind.__name__} {seed}: {'; '.join(found)}", file=sys.stderr, flush=True)
            lost += len(problems)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())

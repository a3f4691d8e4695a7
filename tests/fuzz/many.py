"""Very many edited files of every kind, without hypothesis, which takes longer than the readers.

    python -m tests.fuzz.many --executions 1000000 [--seed N] [--processes N] [--kinds NAME,...]

Executions are shared evenly among the kinds. An input that fails, crashes its process or takes more than 20
seconds is kept in `tests/fuzz/found`, where the tests try it again. Prints a table; exit code 1 where
anything failed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from srbench.core.text import first_line
from tests.fuzz.edits import EDITS, Edit, edited, refusal_of
from tests.fuzz.files import KINDS, Kind

FOUND = Path(__file__).parent / "found"
_PIECE = 5000  # executions in one process
_SECONDS = 20
_KEPT = 5  # of the same error


def edits_of(draw: random.Random) -> list[Edit]:
    """One to six edits."""
    return [
        (draw.choice(EDITS), draw.randrange(2**16), draw.randbytes(draw.randint(1, 8)))
        for _ in range(draw.randint(1, 6))
    ]


def fuzz(kind: Kind, executions: int, seed: str, folder: Path, found: Path) -> Counter[str]:
    """Has edited files of a kind read in `folder`, and keeps those that fail in `found`.

    Counts what was `read` and `refused`, and each error; `seconds` are of the processor, `peak` of memory in
    MB.
    """
    draw = random.Random(f"{seed} {kind.name}")
    content = kind.content()
    tally: Counter[str] = Counter()
    start = time.process_time()
    signal.signal(signal.SIGALRM, _too_long)
    for _ in range(executions):
        data = edited(content, edits_of(draw))
        (folder / kind.name).write_bytes(data)
        signal.alarm(_SECONDS)
        try:
            tally["refused" if refusal_of(kind, folder / kind.name) else "read"] += 1
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__}: {first_line(error)} ({Path(where.filename).name}:{where.lineno})"
            tally[what] += 1
            if tally[what] <= _KEPT:
                keep(kind, data, found)
        signal.alarm(0)
    tally["seconds"] = round(time.process_time() - start)
    tally["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return tally


def _too_long(*_: object) -> None:
    raise TimeoutError(f"took more than {_SECONDS} s")


def keep(kind: Kind, data: bytes, found: Path) -> None:
    """Puts an input where the tests find it."""
    (found / kind.name).mkdir(parents=True, exist_ok=True)
    (found / kind.name / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def _piece(name: str, executions: int, seed: str, folder: str) -> Counter[str]:
    kind = next(kind for kind in KINDS if kind.name == name)
    return fuzz(kind, executions, seed, Path(folder), FOUND)


def _all_of(kind: Kind, executions: int, seed: int) -> Counter[str]:
    """All executions of a kind, some in each of several processes: one that dies costs no more than that."""
    total: Counter[str] = Counter()
    for first in range(0, executions, _PIECE):
        count = min(_PIECE, executions - first)
        with (
            tempfile.TemporaryDirectory() as folder,
            ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process,
        ):
            try:
                done = process.submit(_piece, kind.name, count, f"{seed} {first}", folder).result()
            except BrokenProcessPool:
                keep(kind, (Path(folder) / kind.name).read_bytes(), FOUND)
                done = Counter({"its process ended": 1})
        peak = max(total["peak"], done["peak"])
        total += done
        total["peak"] = peak
    return total


def main() -> int:
    """Prints a row for each kind, as it is done, and the sum; 1 where anything failed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--executions", type=int, default=1_000_000, help="of all kinds together")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--kinds", default=",".join(kind.name for kind in KINDS))
    asked = parser.parse_args()
    kinds = [kind for kind in KINDS if kind.name in asked.kinds.split(",")]
    each = -(-asked.executions // len(kinds))
    print(f"seed {asked.seed}\n\n| kind | executions | read | refused | failed | seconds | peak |")
    print("|---|---|---|---|---|---|---|", flush=True)
    whole: Counter[str] = Counter()
    with ThreadPoolExecutor(asked.processes) as threads:
        for kind, tally in zip(
            kinds, threads.map(lambda kind: _all_of(kind, each, asked.seed), kinds), strict=True
        ):
            seconds, peak = tally.pop("seconds", 0), tally.pop("peak", 0)
            failed = {what: count for what, count in tally.items() if what not in ("read", "refused")}
            print(
                f"| {kind.name} | {tally.total()} | {tally['read']} | {tally['refused']} "
                f"| {sum(failed.values())} | {seconds} | {peak} MB |",
                *(f"\n  {count} x {what}" for what, count in failed.items()),
                flush=True,
            )
            whole += tally
    failures = whole.total() - whole["read"] - whole["refused"]
    print(f"| all | {whole.total()} | {whole['read']} | {whole['refused']} | {failures} | | |")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())

"""How many files of the package a thing passes through: those of which a function is entered.

    python benchmarks/flow.py [MODEL_FILE]

A file is counted once, when one of its functions is first entered (`sys.setprofile`, in the main thread);
importing it, and reading the fields of its records, does not count. Everything is done once before, so that
compiled code is there and plug-ins are registered. Four ways are counted, each printed with its files:

- the set-up of a run, before its first image: names become records, data sets become pairs of files, facts
  are stored, hashes taken, what is the same for all images is looked up, and who does the work is settled;
- a reference image to its cell: everything that `evaluate` does for a pair, from its key in the store to its
  scores there, by way of the input, the method, the output's file and the metric; and on from the store to
  the line of `leaderboard.md`. It is counted for the demo data set, bicubic and PSNR in one process; the
  files beside the table (`scores.csv`, significance, PIRM) and the bar of a command are not on the way;
- the writing of its output, which goes on in a thread of its own while metrics measure: of it only the hash
  of the file comes back;
- a user's model file to its pixels: `srbench.upscale(image, FILE)`, from the name to the pixels. Without
  MODEL_FILE it is each of the shipped networks, saved by torch as a .pth.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

import srbench

PACKAGE = Path(srbench.__file__).parent
SHIPPED = PACKAGE.parent / "reference_models"
GOALS = {"a reference image to its cell": 15, "a model file to its pixels": 25}


class Visits:
    """The files that were entered inside `with` blocks, in the order of the first visit."""

    def __init__(self) -> None:
        self.files: dict[str, None] = {}

    def look(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_name != "<module>" and code.co_filename.startswith(str(PACKAGE)):
            self.files.setdefault(str(Path(code.co_filename).relative_to(PACKAGE)))

    def __enter__(self) -> Visits:
        sys.setprofile(self.look)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)


class Unshown:
    """Is told how far a run is, in place of a bar."""

    def begin(self, total: int) -> None:
        pass

    def advance(self) -> None:
        pass


def scored(out: Path) -> tuple[Visits, Visits]:
    """What the set-up of a run visits, and what its images visit on their way to the leaderboard."""
    from srbench.methods.contract import Runtime
    from srbench.protocol_files import resolve
    from srbench.runs.choose import choose
    from srbench.runs.crew import crew_of
    from srbench.runs.data import stored_run
    from srbench.runs.evaluate import evaluate
    from srbench.runs.facts import put_facts
    from srbench.runs.images import images_of
    from srbench.runs.job import Job
    from srbench.runs.plan import plan_of
    from srbench.runs.store import Store
    from srbench.tables.text import leaderboard_markdown

    setup, way = Visits(), Visits()
    with contextlib.ExitStack() as opened:
        with setup:
            protocol = resolve("srbench")
            selection = choose("bicubic", "psnr_y", 4, protocol)
            job = Job(
                methods=selection.methods.usable, metrics=tuple(selection.metrics.usable.values()),
                datasets=("demo",), scale=4, protocol=protocol, roots=(), out=out,
                runtime=Runtime(edges=protocol.edges), workers=1,
            )  # fmt: skip
            store = opened.enter_context(Store(out))
            put_facts(store, job)
            pairs = images_of(job, store)
            plan = plan_of(job, pairs)
            crew = opened.enter_context(crew_of(job, pairs))
        with way:
            evaluate(plan, store, crew, progress=Unshown())
            text = leaderboard_markdown(stored_run(store).boards())
    assert "bicubic" in text
    return setup, way


def upscaled(model: Path) -> Visits:
    """What a model file visits on its way to pixels."""
    image = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
    way = Visits()
    with contextlib.redirect_stderr(io.StringIO()), way:
        srbench.upscale(image, model, scale=4)
    return way


@contextmanager
def models(given: Path | None) -> Iterator[list[tuple[Path, Path]]]:
    """Model files to count, each with another to begin with: nothing of the one counted may be remembered."""
    import torch
    from safetensors.torch import load_file

    with tempfile.TemporaryDirectory() as folder:
        files = []
        for weights in sorted(SHIPPED.glob("*/weights.safetensors")):
            tensors, name = load_file(weights), f"{weights.parent.name}.pth"
            other = {key: tensor * 0.999 for key, tensor in tensors.items()}
            for place, saved in (("first", other), ("mine", tensors)):
                (Path(folder) / place).mkdir(exist_ok=True)
                torch.save(saved, Path(folder) / place / name)
            files.append((Path(folder) / "first" / name, Path(folder) / "mine" / name))
        yield [(files[0][0], given)] if given else files


def show(title: str, visits: Visits) -> None:
    """Prints a way."""
    goal = f" (goal {GOALS[title]})" if title in GOALS else ""
    print(f"{title}{goal}: {len(visits.files)} files\n  " + "\n  ".join(visits.files))


def main() -> None:
    """Counts the ways and prints them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", nargs="?", type=Path, help="a user's model file of scale 4")
    arguments = parser.parse_args()
    writing = Visits()
    threading.setprofile(writing.look)  # the thread begins in the first run, and goes on in the second
    with tempfile.TemporaryDirectory() as folder:
        scored(Path(folder) / "first")
        writing.files.clear()
        setup, way = scored(Path(folder) / "second")
    threading.setprofile(None)
    show("the set-up of a run", setup)
    show("a reference image to its cell", way)
    show("the writing of its output", writing)
    with models(arguments.model) as files:
        for first, file in files:
            upscaled(first)
            print(file.name, end=": ")
            show("a model file to its pixels", upscaled(file))


if __name__ == "__main__":
    main()

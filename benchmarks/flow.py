"""How many files of the package data pass through: those whose functions are entered, imports excluded.

    python benchmarks/flow.py MODEL_FILE

prints them for a reference image on its way to a cell of the leaderboard (first a run that only warms up, so
that nothing is imported or registered on the way), and for a user's model file on its way to pixels.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import srbench

PACKAGE = Path(srbench.__file__).parent


def entered(work: Callable[[], Any]) -> list[str]:
    """The package's files of which functions were entered, in the order of the first visit."""
    seen: dict[str, None] = {}

    def look(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_name != "<module>" and code.co_filename.startswith(str(PACKAGE)):
            seen.setdefault(str(Path(code.co_filename).relative_to(PACKAGE)))

    sys.setprofile(look)
    try:
        work()
    finally:
        sys.setprofile(None)
    return list(seen)


def main() -> None:
    """Counts both ways and prints them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", nargs="?", help="a user's model file of scale 4")
    arguments = parser.parse_args()
    from srbench.runs.run import Options, run

    def score(out: Path) -> None:
        options = Options(
            methods="bicubic", datasets="demo", scale=4, metrics="psnr_y", protocol="srbench", roots=(),
            out=out, device="cpu", workers=1, executor="local",
        )  # fmt: skip
        run(options)

    with tempfile.TemporaryDirectory() as folder:
        score(Path(folder) / "warm")
        show("a reference image to its cell (goal 15)", entered(lambda: score(Path(folder) / "counted")))
    if arguments.model:
        import numpy as np

        image = np.zeros((24, 24, 3), np.uint8)
        with contextlib.redirect_stderr(io.StringIO()):
            files = entered(lambda: srbench.upscale(image, arguments.model, scale=4))
        show("a model file to its pixels (goal 25)", files)


def show(title: str, files: list[str]) -> None:
    """Prints a way."""
    print(f"{title}: {len(files)} files\n  " + "\n  ".join(files))


if __name__ == "__main__":
    main()

"""What several tests share: small images, data-set folders, and the command run in this process."""

from __future__ import annotations

import contextlib
import csv
import functools
import io
import os
import struct
import subprocess
import sys
import traceback
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import typer.main
from PIL import Image

import srbench
from srbench.cli import main

# Building the command tree takes as long as a small run, and it is the same every time.
typer.main.get_command = functools.cache(typer.main.get_command)

PACKAGE_ROOT = Path(srbench.__file__).resolve().parent.parent
# A child of a shell's background job would inherit an ignored Ctrl-C.
_LISTEN = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def message(self) -> str:
        """The one line that a failed command says; fails where it says more or a traceback."""
        lines = self.err.strip().splitlines()
        assert len(lines) == 1, f"not one line: {self.err!r}"
        assert "Traceback" not in self.err + self.out
        return lines[0]


def command(*arguments: str | Path) -> Result:
    """Runs `srbench` with these arguments in this process."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = ["srbench", *map(str, arguments)]
    code = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(end.code is not None)
            except BaseException:
                traceback.print_exc()
                code = 99
    finally:
        sys.argv = before
    return Result(code, out.getvalue(), err.getvalue())


def python(code: str, *arguments: str | Path, path: Path | None = None) -> subprocess.Popen[str]:
    """Starts a Python process that sees the package (and `path`), with the tests' cache."""
    places = [str(part) for part in (path, PACKAGE_ROOT) if part]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", _LISTEN + code, *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def process(*arguments: str | Path, path: Path | None = None) -> Result:
    """Runs `srbench` as a process of its own."""
    child = python("from srbench.cli import main; main()", *arguments, path=path)
    out, err = child.communicate(timeout=120)
    return Result(child.returncode, out, err)


def picture(height: int, width: int, seed: int = 0, channels: int = 3) -> np.ndarray:
    """A smooth random image with some noise, uint8."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (max(2, height // 6), max(2, width // 6), channels), dtype=np.uint8)
    smooth = [
        np.asarray(Image.fromarray(coarse[..., c]).resize((width, height), Image.Resampling.BICUBIC))
        for c in range(channels)
    ]
    noisy = np.stack(smooth, axis=-1).astype(np.int64) + generator.integers(-8, 9, (height, width, channels))
    image = np.clip(noisy, 0, 255).astype(np.uint8)
    return image[..., 0] if channels == 1 else image


def save(path: Path, image: np.ndarray) -> Path:
    """Writes an image, making folders as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)
    return path


def write_sixteen(path: Path, image: np.ndarray) -> Path:
    """A 16-bit PNG written by hand, so that no library that reads it has written it."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    colour = {2: 0, 3: {2: 4, 3: 2, 4: 6}.get(image.shape[-1])}[image.ndim]
    head = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], 16, colour, 0, 0, 0)
    lines = b"".join(b"\0" + row.astype(">u2").tobytes() for row in image)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


def references(folder: Path, count: int = 3, size: tuple[int, int] = (32, 40)) -> Path:
    """A folder of `count` references `a.png`, `b.png`, ... of one size."""
    for index in range(count):
        save(folder / f"{chr(ord('a') + index)}.png", picture(*size, seed=index))
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def values(path: Path) -> dict[tuple[str, str, str], str]:
    """(method, image, metric) to the value of a scores.csv, empty where it is missing."""
    return {(row["method"], row["image"], row["metric"]): row["value"] for row in rows(path)}

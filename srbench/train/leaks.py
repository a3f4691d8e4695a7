"""Training images that a test set at hand shows too; they are left out.

Set5's `woman` is a reduction of BSDS500's 302003: whoever trains on the one and measures on the other
measures memory. `overlap` looks for such images; this module says between which, and remembers the answer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.files import atomic_file, cache_folder
from srbench.core.records import SILENT, Progress, UserError
from srbench.datasets.catalogue import DATASETS
from srbench.datasets.folders import find_pairs
from srbench.train.overlap import overlaps

if TYPE_CHECKING:
    from srbench.core.records import Pair

THRESHOLD = 0.9
_VERSION = 2
_SCALE = 4  # the layouts of test sets name one; the references are the same


@dataclass(frozen=True)
class Leak:
    """A training image (its file name) and the test image that it shows."""

    training: str
    dataset: str
    test: str
    correlation: float

    def __str__(self) -> str:
        return f"{Path(self.training).stem} ({self.dataset} {self.test}, correlation {self.correlation:.3f})"


@dataclass(frozen=True)
class LeakCheck:
    """What was compared: `sets` are data sets with their numbers of images; and what was found."""

    images: int
    sets: tuple[tuple[str, int], ...]
    leaks: tuple[Leak, ...]

    def __str__(self) -> str:
        if not self.sets:
            return "not made: no test set was at hand"
        compared = ", ".join(f"{name} ({count})" for name, count in self.sets)
        found = "; ".join(str(leak) for leak in self.leaks)
        outcome = f"left out {len(self.leaks)}: {found}" if found else "none shows a test image"
        return f"{self.images} images against {compared}: {outcome}"


def check(
    files: Sequence[Path],
    roots: Sequence[Path] | None,
    *,
    progress: Progress = SILENT,
) -> LeakCheck:
    """Compares training images with every image of every test set under the roots (None: with none)."""
    pairs = {} if roots is None else _test_images(list(roots))
    sets = tuple((name, len(found)) for name, found in pairs.items() if found)
    tests = [pair for found in pairs.values() for pair in found]
    if not tests:
        return LeakCheck(len(files), (), ())
    references = [pair.reference for pair in tests]
    remembered = cache_folder() / "training" / f"leaks-{_key(files, references)}.json"
    if remembered.is_file():
        leaks = tuple(Leak(**leak) for leak in json.loads(remembered.read_text(encoding="utf-8")))
        return LeakCheck(len(files), sets, leaks)
    leaks = tuple(
        Leak(
            files[match.first].name, tests[match.second].dataset, tests[match.second].image, match.correlation
        )
        for match in overlaps(files, references, THRESHOLD, progress)
    )
    remembered.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(remembered) as temporary:
        temporary.write_text(json.dumps([asdict(leak) for leak in leaks]), encoding="utf-8")
    return LeakCheck(len(files), sets, leaks)


def _test_images(roots: list[Path]) -> dict[str, list[Pair]]:
    """The references of every data set of the catalogue that lies here."""
    found: dict[str, list[Pair]] = {}
    for dataset in DATASETS:
        try:
            found[dataset.name] = find_pairs(dataset, _SCALE, roots, inputs="made")
        except UserError:
            continue
    return found


def _key(files: Sequence[Path], tests: Sequence[Path]) -> str:
    digest = sha256(f"{_VERSION} {THRESHOLD}".encode())
    for path in (*files, *tests):
        status = path.stat()
        digest.update(f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:24]

"""Compiled functions on disk, with processes that write at the same time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from numba.core.caching import IndexDataCacheFile

from srbench.core.compiled import CacheFiles


def test_what_is_listed_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks at any moment finds the whole variant or none; the older source's is never given."""
    old, new, looking = (CacheFiles(tmp_path, "f", stamp) for stamp in ("old", "new", "new"))
    old.save("uint8", "of the old source")
    seen = []
    for step in ("_save_data", "_save_index"):
        save = getattr(IndexDataCacheFile, step)

        def looked_at(self: CacheFiles, *given: object, save: object = save) -> None:
            seen.append(looking.load("uint8"))
            save(self, *given)  # type: ignore[operator]
            seen.append(looking.load("uint8"))

        monkeypatch.setattr(CacheFiles, step, looked_at)
    new.save("uint8", "of the new source")
    assert seen == [None, None, None, "of the new source"]


def test_two_that_write_at_once_keep_their_variants_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (CacheFiles(tmp_path, "f", "source") for _ in range(2))
    load = one._load_index

    def load_and_wait() -> dict[object, object]:
        known: dict[object, object] = load()
        if "float64" not in known:
            other.save("float64", "for float64")
        return known

    monkeypatch.setattr(one, "_load_index", load_and_wait)
    one.save("uint8", "for uint8")
    for key in ("uint8", "float64"):
        assert CacheFiles(tmp_path, "f", "source").load(key) in (None, f"for {key}")


def test_older_sources_files_go_after_a_day(tmp_path: Path) -> None:
    CacheFiles(tmp_path, "f", "old").save("a", "old")
    (stale,) = tmp_path.glob("*.nbc")
    CacheFiles(tmp_path, "f", "new").save("a", "new")
    assert stale.exists()  # somebody may still be at it
    os.utime(stale, (0, 0))
    CacheFiles(tmp_path, "f", "newer").save("a", "newer")
    assert not stale.exists()


def test_a_compiled_function_is_kept(tmp_path: Path) -> None:
    (tmp_path / "made.py").write_text(
        "import numpy as np\nfrom srbench.core.compiled import compiled\n"
        "@compiled\ndef total(values):\n    return values.sum()\n"
        "print(total(np.arange(4.0)), total.stats.cache_hits.total())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    said = [
        subprocess.run(
            [sys.executable, "made.py"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for _ in range(2)
    ]
    assert said == [["6.0", "0"], ["6.0", "1"]]


@pytest.mark.parametrize("changed", ["STEP = 3", "@compiled\ndef more(value):\n    return value + 10"])
def test_what_another_module_changed_is_compiled_again(changed: str, tmp_path: Path) -> None:
    """Numba's own cache gives the old values here."""
    imported = "from srbench.core.compiled import compiled\n"
    before = "STEP = 1\n@compiled\ndef more(value):\n    return value + 1\n"
    (tmp_path / "made.py").write_text(
        f"{imported}from other import STEP, more\n"
        "@compiled\ndef both(value):\n    return more(value) + STEP\nprint(both(1))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    said = []
    for source in (before, f"{before}{changed}\n"):
        (tmp_path / "other.py").write_text(imported + source)
        done = subprocess.run(
            [sys.executable, "-B", "made.py"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        said.append(int(done.stdout))
    assert said == [3, {"S": 5, "@": 12}[changed[0]]]

"""What a killed process leaves."""

from __future__ import annotations

import os
from pathlib import Path

from srbench.core.files import atomic_file, sweep


def test_abandoned_parts_are_swept_and_those_in_the_making_stay(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    old = tmp_path / "images" / ".abc.part"
    old.write_bytes(b"half")
    os.utime(old, (0, 0))
    kept = tmp_path / "whole.part"
    kept.write_bytes(b"the user's own")
    os.utime(kept, (0, 0))
    with atomic_file(tmp_path / "images" / "a.png") as temporary:
        temporary.write_bytes(b"whole")
        sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*.p*")) == ["a.png", "whole.part"]

"""Whatever bytes a file holds, its reader gives a value or one line; no error of another kind, no crash."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.edits import EDITS, Edit, edited, refusal_of
from tests.fuzz.files import KINDS, Kind
from tests.fuzz.many import FOUND, fuzz

_BITS = st.sampled_from([bytes([1 << bit]) for bit in range(8)])
_PLACES = st.integers(0, 2**16)
_CONTENTS = {"flip": _BITS, "cut": st.just(b""), "repeat": st.just(b"")}
_EDIT = st.one_of(
    st.tuples(st.just(kind), _PLACES, _CONTENTS.get(kind, st.binary(min_size=1, max_size=8)))
    for kind in EDITS
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_good_file_is_read(kind: Kind, tmp_path: Path) -> None:
    (tmp_path / kind.name).write_bytes(kind.content())
    assert refusal_of(kind, tmp_path / kind.name) == ""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@settings(settings.get_profile("fuzz"))
@given(edits=st.lists(_EDIT, min_size=1, max_size=6))
def test_an_edited_file_is_read_or_refused(kind: Kind, edits: list[Edit]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="fuzz"))
    try:
        (folder / kind.name).write_bytes(edited(kind.content(), edits))
        refusal_of(kind, folder / kind.name)
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_failed_once_is_read_or_refused(kind: Kind, tmp_path: Path) -> None:
    for found in sorted((FOUND / kind.name).glob("*")):
        shutil.copy(found, tmp_path / kind.name)
        refusal_of(kind, tmp_path / kind.name)


def test_many_inputs_are_counted_and_what_fails_is_kept(tmp_path: Path) -> None:
    def read(path: Path) -> object:
        return path.read_bytes().decode("ascii")  # bytes beyond ASCII are an error that is none of ours

    kind = Kind("a.txt", lambda: b"plain text", read)
    tally = fuzz(kind, executions=200, seed="0", folder=tmp_path, found=tmp_path / "found")
    kept = [path.read_bytes() for path in (tmp_path / "found" / "a.txt").iterdir()]
    assert kept
    assert not any(data.isascii() for data in kept)
    failed = sum(count for what, count in tally.items() if what.startswith("UnicodeDecodeError"))
    assert tally["read"] + failed == 200

"""Whatever bytes a file holds, its reader gives a value or one line; no error of another kind, no crash."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srbench.core.records import Unscorable, UserError
from srbench.core.text import plain
from tests.fuzz.files import KINDS, Kind

_BITS = st.sampled_from([bytes([1 << bit]) for bit in range(8)])
_EDIT = st.one_of(
    st.tuples(st.just("set"), st.integers(0, 2**16), st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("insert"), st.integers(0, 2**16), st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("flip"), st.integers(0, 2**16), _BITS),
    st.tuples(st.just("cut"), st.integers(0, 2**16), st.just(b"")),
    st.tuples(st.just("repeat"), st.integers(0, 2**16), st.just(b"")),
)


def edited(content: bytes, edits: list[tuple[str, int, bytes]]) -> bytes:
    """The content with edits, each at a place modulo its length."""
    data = bytearray(content)
    for kind, where, what in edits:
        place = where % (len(data) + 1)
        if kind == "set":
            data[place : place + len(what)] = what
        elif kind == "insert":
            data[place:place] = what
        elif kind == "flip" and place < len(data):
            data[place] ^= what[0]
        elif kind == "cut":
            del data[place:]
        elif kind == "repeat":
            data[place:place] = data[place : place + 64]
    return bytes(data)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_good_file_is_read(kind: Kind, tmp_path: Path) -> None:
    (tmp_path / kind.name).write_bytes(kind.content())
    kind.read(tmp_path / kind.name)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@settings(settings.get_profile("fuzz"))
@given(edits=st.lists(_EDIT, min_size=1, max_size=6))
def test_an_edited_file_is_read_or_refused(kind: Kind, edits: list[tuple[str, int, bytes]]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="fuzz"))
    refusal = ""
    try:
        (folder / kind.name).write_bytes(edited(kind.content(), edits))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kind.read(folder / kind.name)
    except (UserError, Unscorable) as error:
        refusal = str(error) or "nothing is said"
    finally:
        shutil.rmtree(folder)
    assert refusal != "nothing is said"
    assert refusal.isprintable() or refusal == plain(refusal)

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from srbench.core.matlab import read_matlab
from srbench.core.records import UserError
from tests.core.matlab_files import (
    COMPRESSED,
    DOUBLE,
    INT32,
    MATRIX,
    UINT8,
    cells,
    compressed,
    element,
    matlab_file,
    matrix,
    numbers,
    record,
    text,
)

ARRAY = np.arange(6, dtype=np.float64).reshape(2, 3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.mat"


@pytest.mark.parametrize("compress", [False, True])
def test_reads_what_scipy_writes(path: Path, compress: bool) -> None:
    cell = np.empty((2, 1), object)
    cell[0, 0], cell[1, 0] = np.array([[1.5]], np.float32), "two"
    values = {
        "real": ARRAY,
        "deep": np.arange(24, dtype=np.int16).reshape(2, 3, 4),
        "yes": np.array([[True, False]]),
        "empty": np.zeros((0, 3)),
        "name": "luma",
        "rows": ["ab", "cd"],
        "cell": cell,
        "record": {"a": 1.0, "inner": {"b": "text"}},
    }
    savemat(path, values, do_compression=compress)
    found = read_matlab(path)
    assert list(found) == list(values)
    for name in ("real", "deep", "empty"):
        np.testing.assert_array_equal(found[name], values[name])
        assert found[name].dtype == values[name].dtype  # type: ignore[attr-defined]
    assert found["yes"].tolist() == [[1, 0]]
    assert found["name"] == "luma"
    assert found["rows"] == ["ab", "cd"]
    assert found["cell"].shape == (2, 1)
    assert found["cell"][0, 0].dtype == np.float32
    assert found["cell"][1, 0] == "two"
    assert found["record"][0, 0]["a"].item() == 1.0
    assert found["record"][0, 0]["inner"][0, 0]["b"] == "text"


def test_reads_only_the_variables_asked_for(path: Path) -> None:
    """Values of other kinds beside them do no harm."""
    path.write_bytes(matlab_file(matrix(16, (1, 1), name="handle"), numbers(ARRAY, name="wanted")))
    np.testing.assert_array_equal(read_matlab(path, "wanted")["wanted"], ARRAY)
    with pytest.raises(UserError, match="handle holds a function handle"):
        read_matlab(path)


def test_reads_big_endian_files(path: Path) -> None:
    def big(kind: int, content: bytes) -> bytes:
        return struct.pack(">II", kind, len(content)) + content

    parts = (
        big(6, struct.pack(">II", 6, 0)),
        big(INT32, struct.pack(">2i", 1, 2)),
        big(1, b"big\0\0\0\0\0"),
        big(DOUBLE, np.array([1.0, -2.0], ">f8").tobytes()),
    )
    path.write_bytes(matlab_file(big(MATRIX, b"".join(parts)), mark=b"MI"))
    assert read_matlab(path)["big"].tolist() == [[1.0, -2.0]]


def _deep(depth: int) -> bytes:
    value = numbers(ARRAY)
    for _ in range(depth):
        value = cells(value)
    return value


def _bomb(size: int) -> bytes:
    return compressed(numbers(np.zeros((size, 1)), name="zeros"))


def _announces(size: int) -> bytes:
    """A compressed value whose tag announces more than there is."""
    content = zlib.compress(struct.pack("<II", MATRIX, size))
    return struct.pack("<II", COMPRESSED, len(content)) + content


DAMAGED = {
    "empty": b"",
    "text": b"not a MATLAB file" * 20,
    "version 4": struct.pack("<5i", 0, 2, 3, 0, 2) + bytes(200),
    "version 7.3": matlab_file(version=b"MATLAB 7.3 MAT-file"),
    "cut in a tag": matlab_file(numbers(ARRAY))[:130],
    "cut in an array": matlab_file(numbers(ARRAY))[:-9],
    "not a variable": matlab_file(element(DOUBLE, bytes(8))),
    "array too short": matlab_file(matrix(6, (100, 100), element(DOUBLE, bytes(8)))),
    "array too long": matlab_file(matrix(6, (1, 1), element(DOUBLE, bytes(80)))),
    "array of no kind": matlab_file(matrix(6, (1, 1), element(99, bytes(8)))),
    "negative size": matlab_file(matrix(6, (-1, -8), element(DOUBLE, bytes(64)))),
    "impossible size": matlab_file(matrix(6, (2**30, 2**30, 0), element(DOUBLE, b""))),
    "one side": matlab_file(matrix(6, (8,), element(DOUBLE, bytes(64)))),
    "no flags": matlab_file(element(MATRIX, element(6, b""))),
    "complex": matlab_file(matrix(6, (1, 1), element(DOUBLE, bytes(8)), flags=8)),
    "sparse": matlab_file(matrix(5, (1, 1), element(DOUBLE, bytes(8)))),
    "short value too long": matlab_file(struct.pack("<HHi", UINT8, 9, 0)),
    "damaged compression": matlab_file(compressed(numbers(ARRAY))[:-20] + bytes(20)),
    "announces more": matlab_file(_announces(10_000)),
    "announces gigabytes": matlab_file(_announces(2**32 - 1)),
    "compressed nothing": matlab_file(struct.pack("<II", COMPRESSED, 0)),
    "deflate bomb": matlab_file(_bomb(20_000_000)),
    "too many compressed": matlab_file(*[_bomb(5_000_000)] * 2),
    "cells without content": matlab_file(matrix(1, (40_000, 50_000))),
    "structs without fields": matlab_file(
        matrix(2, (40_000, 50_000), struct.pack("<HHi", INT32, 4, 32), element(1, b""))
    ),
    "many empty cells": matlab_file(matrix(1, (1, 200_000), element(MATRIX, b"") * 200_000)),
    "nested too deep": matlab_file(_deep(500)),
    "fields of one name": matlab_file(
        matrix(
            2,
            (1, 1),
            struct.pack("<HHi", INT32, 4, 2),
            element(1, b"a\0a\0"),
            *[numbers(ARRAY)] * 2,
        )
    ),
    "names without a width": matlab_file(
        matrix(2, (1, 1), struct.pack("<HHi", INT32, 4, 0), element(1, b"ab"))
    ),
    "half a letter": matlab_file(matrix(4, (1, 1), element(17, b"a"))),
    "text too short": matlab_file(matrix(4, (1, 9), element(16, b"short"))),
    "cell of numbers": matlab_file(matrix(1, (1, 1), element(DOUBLE, bytes(8)))),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_files_are_one_line(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_matlab(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_larger_than_expected_are_not_read(path: Path) -> None:
    path.write_bytes(matlab_file(numbers(np.zeros((1000, 1)), name="zeros")))
    assert read_matlab(path, limit=16_384)["zeros"].shape == (1000, 1)
    with pytest.raises(UserError, match="larger than"):
        read_matlab(path, limit=4096)
    with pytest.raises(UserError, match="no_such"):
        read_matlab(path.with_name("no_such.mat"))


@pytest.mark.parametrize("seed", range(4))
def test_random_damage_gives_values_or_one_line(path: Path, seed: int) -> None:
    """Damage of every kind in a file with every kind of value; only `UserError` comes out."""
    values = (
        numbers(ARRAY, name="array"),
        text("text", name="text"),
        cells(numbers(ARRAY.astype(np.float32)), text("inner"), name="cells"),
        record({"field": numbers(ARRAY), "other": cells(numbers(ARRAY))}, name="record"),
    )
    whole = [matlab_file(*values), matlab_file(*map(compressed, values))]
    draw = random.Random(seed)
    refused = 0
    for _ in range(300):
        content = bytearray(draw.choice(whole))
        for _ in range(draw.choice((1, 2, 8))):
            place = draw.randrange(128, len(content))
            damage = draw.choice(
                (bytes([draw.randrange(256)]), struct.pack("<I", draw.choice((0, 1, 14, 2**31, 2**32 - 1))))
            )
            content[place : place + len(damage)] = damage
        path.write_bytes(content)
        try:
            read_matlab(path)
        except UserError:
            refused += 1
    assert 100 < refused < 300

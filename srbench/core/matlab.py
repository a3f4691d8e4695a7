"""MATLAB's files (version 5 to 7), read without trusting them.

`scipy.io.loadmat` is a C reader that damaged files can crash; this one reads the few kinds of values that
published models hold, checks every length before it uses it, and allocates no more than its budget.
Source: "MAT-File Format" (MathWorks), chapter 1. Files of version 7.3 are HDF5 and are refused.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from srbench.core.records import UserError

LIMIT = 64 * 1024**2
_OBJECTS = 100_000  # values of one file; the development kit of ImageNet has 15,000
_DEPTH = 32
_HEADER = 128
_MATRIX, _COMPRESSED = 14, 15
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_TEXTS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_CELL, _STRUCT, _CHAR = 1, 2, 4
_CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
_REFUSED = {3: "an object", 5: "a sparse matrix", 16: "a function handle", 17: "an object", 18: "an object"}
_COMPLEX = 8


def read_matlab(path: Path, *names: str, limit: int = LIMIT) -> dict[str, Any]:
    """The variables of a MATLAB file by name, only those of `names` where names are given.

    Numbers and logicals are arrays of MATLAB's class and shape; text is a `str` (a list of them where it has
    several rows); a cell array is an object array of its values, and a struct array one of dicts.
    `limit` bounds the bytes that the file may take and expand to. `UserError`, one line, for a file that
    is missing, damaged, larger, of version 4 or 7.3, or that holds other kinds of values.
    """
    try:
        if path.stat().st_size > limit:
            raise UserError(f"{path}: larger than the {limit // 1024**2} MB that are expected of it")
        return _variables(path.read_bytes(), names, limit)
    except _Damage as damage:
        raise UserError(f"{path}: not a readable MATLAB file: {damage}") from None
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None


class _Damage(Exception):
    """What is wrong with the bytes."""


@dataclass
class _Budget:
    """What may still be expanded and made."""

    bytes: int
    objects: int = _OBJECTS

    def spend(self, size: int, objects: int = 0) -> None:
        self.bytes -= size
        self.objects -= objects
        if self.bytes < 0 or self.objects < 0:
            raise _Damage("it expands to more than is expected of it")


@dataclass
class _Stream:
    """Elements one after the other: `data[place:]` is still to be read."""

    data: memoryview
    order: str
    place: int = 0

    def __bool__(self) -> bool:
        return self.place < len(self.data)

    def take(self, size: int) -> memoryview:
        if size > len(self.data) - self.place:
            raise _Damage("it ends in the middle of a value")
        self.place += size
        return self.data[self.place - size : self.place]

    def word(self) -> int:
        (number,) = struct.unpack(self.order + "I", self.take(4))
        return int(number)

    def element(self) -> tuple[int, memoryview]:
        """Kind and content of the next element, padding skipped."""
        kind = self.word()
        if kind >> 16:  # up to four bytes of content lie in the tag itself
            content = self.take(4)
            if kind >> 16 > len(content):
                raise _Damage("a short value is too long")
            return kind & 0xFFFF, content[: kind >> 16]
        size = self.word()
        content = self.take(size)
        if kind != _COMPRESSED:
            self.place = min(self.place + -size % 8, len(self.data))
        return kind, content

    def inner(self, content: memoryview) -> _Stream:
        return _Stream(content, self.order)


def _variables(data: bytes, names: tuple[str, ...], limit: int) -> dict[str, Any]:
    stream = _Stream(memoryview(data), _order(data), _HEADER)
    budget = _Budget(limit)
    found: dict[str, Any] = {}
    while stream:
        kind, content = stream.element()
        if kind == _COMPRESSED:
            kind, content = stream.inner(_expanded(content, stream.order, budget)).element()
        if kind != _MATRIX:
            raise _Damage(f"a variable of kind {kind}")
        matrix = _Matrix.read(stream.inner(content))
        if not names or matrix.name in names:
            found[matrix.name] = matrix.value(budget, depth=0)
    return found


def _order(data: bytes) -> str:
    """The byte order that the header states, as numpy writes it."""
    if data[:10] == b"MATLAB 7.3":
        raise _Damage("it is of version 7.3; save it in MATLAB with -v7")
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if order is None:
        raise _Damage("it has no header of version 5")
    return order


def _expanded(content: memoryview, order: str, budget: _Budget) -> memoryview:
    """The element in a compressed one; no more is expanded than its tag announces."""
    machine = zlib.decompressobj()
    try:
        tag = machine.decompress(content, 8)
        if len(tag) < 8:
            raise _Damage("a compressed value without a beginning")
        size = int(struct.unpack(order + "2I", tag)[1])
        budget.spend(size)
        # zlib doubles its output as it grows, and never beyond what the compressed bytes can hold.
        rest = machine.decompress(machine.unconsumed_tail, max(size, 1))
    except zlib.error as error:
        raise _Damage(f"a compressed value is damaged ({error})") from None
    if len(rest) < size:
        raise _Damage("a compressed value ends early")
    return memoryview(tag + rest)


@dataclass
class _Matrix:
    """A value whose flags, size and name are read and whose content is not."""

    kind: int
    complex: bool
    shape: tuple[int, ...]
    name: str
    content: _Stream

    @classmethod
    def read(cls, stream: _Stream) -> _Matrix:
        """The flags, size and name that a value begins with; its content follows in the stream."""
        _, flags = stream.element()
        if len(flags) != 8:
            raise _Damage("a value without flags")
        word = stream.inner(flags).word()
        shape = _integers(stream)
        if not 2 <= len(shape) <= _DEPTH or min(shape) < 0:
            raise _Damage("a value without a size")
        if math.prod(side for side in shape if side) >= 2**31:
            raise _Damage("a value with an impossible size")
        _, name = stream.element()
        return cls(word & 0xFF, bool(word >> 8 & _COMPLEX), tuple(shape), _name(name), stream)

    @property
    def count(self) -> int:
        return math.prod(self.shape)

    def value(self, budget: _Budget, depth: int) -> Any:
        """The value itself, within the budget; `_Damage` where it is not what its head says."""
        if depth > _DEPTH:
            raise _Damage("values nested too deep")
        budget.spend(0, objects=1)
        if self.kind == _CELL:
            return self._objects(list(self._values(self.count, budget, depth)))
        if self.kind == _STRUCT:
            return self._objects(list(self._structs(budget, depth)))
        if self.kind == _CHAR:
            return self._text(budget)
        if self.kind not in _CLASSES or self.complex:
            what = "complex numbers" if self.kind in _CLASSES else _REFUSED.get(self.kind, "an unknown kind")
            raise _Damage(f"{self.name or 'a value'} holds {what}")
        return self._numbers(budget)

    def _numbers(self, budget: _Budget) -> np.ndarray:
        kind, content = self.content.element()
        stored = np.dtype(self.content.order + _NUMBERS[kind]) if kind in _NUMBERS else None
        if stored is None or self.count * stored.itemsize != len(content):
            raise _Damage("an array is shorter or longer than its size")
        budget.spend(self.count * np.dtype(_CLASSES[self.kind]).itemsize)
        array = np.frombuffer(content, stored).astype(_CLASSES[self.kind])
        return array.reshape(self.shape, order="F")

    def _text(self, budget: _Budget) -> str | list[str]:
        kind, content = self.content.element()
        budget.spend(4 * len(content), objects=self.shape[0])
        order = "-le" if self.content.order == "<" else "-be"
        encoding = _TEXTS.get(kind, "")
        try:
            text = bytes(content).decode(encoding + order * encoding.startswith(("utf-16", "utf-32")))
        except (UnicodeDecodeError, LookupError):
            raise _Damage("a text is damaged") from None
        if len(text) != self.count:
            raise _Damage("a text is shorter or longer than its size")
        rows = [text[row :: self.shape[0]] for row in range(self.shape[0])]
        return rows[0] if len(rows) == 1 else rows if text else ""

    def _structs(self, budget: _Budget, depth: int) -> Iterator[dict[str, Any]]:
        widths = _integers(self.content)
        _, packed = self.content.element()
        if len(widths) != 1 or widths[0] < 1 or len(packed) % widths[0]:
            raise _Damage("the fields of a struct have no names")
        (width,) = widths
        fields = [_name(packed[start : start + width]) for start in range(0, len(packed), width)]
        if len(set(fields)) < len(fields):
            raise _Damage("two fields of a struct have one name")
        budget.spend(0, objects=self.count)
        values = self._values(self.count * len(fields), budget, depth)
        for _ in range(self.count):
            yield {field: next(values) for field in fields}

    def _values(self, count: int, budget: _Budget, depth: int) -> Iterator[Any]:
        for _ in range(count):
            kind, content = self.content.element()
            if kind != _MATRIX:
                raise _Damage("a cell or field is no value")
            if not content:  # MATLAB writes an empty value so
                budget.spend(0, objects=1)
                yield np.empty((0, 0))
            else:
                yield _Matrix.read(self.content.inner(content)).value(budget, depth + 1)

    def _objects(self, values: list[Any]) -> np.ndarray:
        array = np.empty(self.count, object)
        array[:] = values
        return array.reshape(self.shape, order="F")


def _integers(stream: _Stream) -> list[int]:
    kind, content = stream.element()
    if kind != 5 or len(content) % 4:
        raise _Damage("a size is no list of integers")
    return list(struct.unpack(f"{stream.order}{len(content) // 4}i", content))


def _name(content: memoryview) -> str:
    """Text up to the first zero byte; names are ASCII in MATLAB."""
    return bytes(content).partition(b"\0")[0].decode("latin-1")

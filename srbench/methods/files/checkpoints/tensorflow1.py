"""A reader of TensorFlow V1 checkpoints in plain Python, without TensorFlow.

The file is a LevelDB-style table: data blocks of prefix-compressed keys, an index block, and a 48-byte
footer that ends in a magic number. Each value is a `SavedTensorSlices` protocol buffer: the one under
the empty key holds names, shapes and types of all tensors, each other one a slice of a tensor.
Source: tensorflow/core/util/saved_tensor_slice.proto, tensor_slice_writer.h; leveldb's table format.
Checksums are not verified: published files are known by their SHA-256.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from srbench.core.records import UserError

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48
_LONGEST_KEY = 4096
# DataType of tensorflow/core/framework/types.proto: numpy type, field of TensorProto with its values.
_TYPES = {1: ("<f4", 5), 2: ("<f8", 6), 3: ("<i4", 7), 9: ("<i8", 10)}
_CONTENT = 4  # TensorProto.tensor_content: raw bytes in place of the typed field

Fields = dict[int, list["int | bytes"]]


class _Malformed(Exception):
    """The bytes are not what the format says."""


@dataclass(frozen=True)
class _Declared:
    shape: tuple[int, ...]
    type: int


def read_checkpoint(path: Path) -> dict[str, np.ndarray]:
    """All tensors of a V1 checkpoint by name, in their stored types and TensorFlow's layout (HWIO).

    `UserError` in one line for a missing, truncated, compressed or foreign file.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error})") from None
    try:
        return _tensors(data)
    except (_Malformed, IndexError, ValueError, OverflowError) as error:
        raise UserError(f"{path} is not a whole TensorFlow V1 checkpoint: {error}") from None


def _tensors(data: bytes) -> dict[str, np.ndarray]:
    declared: dict[str, _Declared] = {}
    tensors: dict[str, np.ndarray] = {}
    filled: dict[str, int] = {}
    for key, value in _entries(data):
        message = _fields(value)
        if not key:
            declared = _declarations(_bytes(message, 1), len(data))
            tensors = {name: np.empty(one.shape, _TYPES[one.type][0]) for name, one in declared.items()}
            continue
        name, place, values = _slice(_bytes(message, 2), declared)
        if tensors[name][place].size != values.size:
            raise _Malformed(f"{name} has {values.size} values where its slice has room for others")
        tensors[name][place] = values.reshape(tensors[name][place].shape)
        filled[name] = filled.get(name, 0) + values.size
    for name, tensor in tensors.items():
        if filled.get(name, 0) != tensor.size:
            raise _Malformed(f"the values of {name} are incomplete")
    if not tensors:
        raise _Malformed("it holds no tensors")
    return tensors


def _entries(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of the table, in order."""
    if len(data) < _FOOTER:
        raise _Malformed("it is shorter than the footer of a table")
    if int.from_bytes(data[-8:], "little") != _MAGIC:
        raise _Malformed("the footer's magic number is missing (truncated, or another format)")
    footer = memoryview(data)[-_FOOTER:]
    position = 0
    for _ in range(2):  # the handle of the meta index, unused
        _, position = _varint(footer, position)
    offset, position = _varint(footer, position)
    size, _ = _varint(footer, position)
    read = 0
    for _, handle in _block(data, offset, size):
        block_offset, after = _varint(memoryview(handle), 0)
        block_size, _ = _varint(memoryview(handle), after)
        if block_offset < read:  # else a small file could have one block read again and again
            raise _Malformed("its blocks overlap")
        read = block_offset + block_size
        yield from _block(data, block_offset, block_size)


def _block(data: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    if offset + size + 5 > len(data):  # 1 byte of compression type and 4 of checksum follow
        raise _Malformed("a block lies outside the file")
    if data[offset + size] != 0:
        raise _Malformed("its blocks are compressed, which TensorFlow's own V1 files are not")
    block = memoryview(data)[offset : offset + size]
    restarts = int.from_bytes(block[-4:], "little")
    end = size - 4 * (restarts + 1)
    if end < 0:
        raise _Malformed("a block is damaged")
    position, key = 0, b""
    while position < end:
        shared, position = _varint(block, position)
        own, position = _varint(block, position)
        length, position = _varint(block, position)
        if shared > len(key) or position + own + length > end or shared + own > _LONGEST_KEY:
            raise _Malformed("an entry of a block is damaged")
        key = key[:shared] + bytes(block[position : position + own])
        position += own
        yield key, bytes(block[position : position + length])
        position += length


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        if position >= len(data) or shift > 63:
            raise _Malformed("a number is cut off")
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7


def _fields(data: bytes) -> Fields:
    """The fields of a protocol buffer by number: integers, or bytes for everything else."""
    view = memoryview(data)
    fields: Fields = {}
    position = 0
    while position < len(view):
        tag, position = _varint(view, position)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, position = _varint(view, position)
            fields.setdefault(number, []).append(value)
            continue
        if wire == 2:
            length, position = _varint(view, position)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise _Malformed(f"a protocol buffer has the unknown wire type {wire}")
        if position + length > len(view):
            raise _Malformed("a protocol buffer is cut off")
        fields.setdefault(number, []).append(data[position : position + length])
        position += length
    return fields


def _bytes(fields: Fields, number: int) -> bytes:
    values = fields.get(number, [b""])
    if not isinstance(values[-1], bytes):
        raise _Malformed(f"field {number} of a protocol buffer is not a message")
    return values[-1]


def _messages(fields: Fields, number: int) -> list[Fields]:
    return [_fields(value) for value in fields.get(number, []) if isinstance(value, bytes)]


def _integer(fields: Fields, number: int, default: int = 0) -> int:
    value = fields.get(number, [default])[-1]
    if not isinstance(value, int):
        raise _Malformed(f"field {number} of a protocol buffer is not an integer")
    return value


def _declarations(meta: bytes, available: int) -> dict[str, _Declared]:
    """`SavedTensorSliceMeta.tensor`: name, shape and type of every tensor."""
    declared: dict[str, _Declared] = {}
    for message in _messages(_fields(meta), 1):
        name = _bytes(message, 1).decode()
        shape = tuple(_integer(dim, 1) for dim in _messages(_fields(_bytes(message, 2)), 2))
        kind = _integer(message, 3)
        if kind not in _TYPES:
            raise _Malformed(f"{name} has the unsupported type number {kind}")
        available -= math.prod(shape)
        if available < 0 or min(shape, default=0) < 0:  # every value takes a byte at least
            raise _Malformed(f"{name[:80]} claims the size {shape}"[:200])
        declared[name] = _Declared(shape, kind)
    return declared


def _slice(data: bytes, declared: dict[str, _Declared]) -> tuple[str, tuple[slice, ...], np.ndarray]:
    """`SavedSlice`: the tensor's name, the place of the slice, and its values as a flat array."""
    message = _fields(data)
    name = _bytes(message, 1).decode()
    if name not in declared:
        raise _Malformed(f"it has values of the undeclared tensor {name!r}")
    extents = _messages(_fields(_bytes(message, 2)), 1)
    if len(extents) != len(declared[name].shape):
        raise _Malformed(f"the slice of {name} has another number of dimensions")
    place = tuple(_extent(extent) for extent in extents)
    return name, place, _values(_fields(_bytes(message, 3)), declared[name].type)


def _extent(extent: Fields) -> slice:
    if 2 not in extent:  # no length: the whole dimension
        return slice(None)
    start = _integer(extent, 1)
    return slice(start, start + _integer(extent, 2))


def _values(tensor: Fields, kind: int) -> np.ndarray:
    dtype, field = _TYPES[kind]
    if _CONTENT in tensor:
        return np.frombuffer(_bytes(tensor, _CONTENT), dtype)
    values = tensor.get(field, [])
    if kind in (1, 2):
        return np.frombuffer(b"".join(value for value in values if isinstance(value, bytes)), dtype)
    return np.array(list(_integers(values)), dtype)


def _integers(values: list[int | bytes]) -> Iterator[int]:
    for value in values:
        if isinstance(value, int):
            yield _signed(value)
            continue
        view, position = memoryview(value), 0
        while position < len(view):
            number, position = _varint(view, position)
            yield _signed(number)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value

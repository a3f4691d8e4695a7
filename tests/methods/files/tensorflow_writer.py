"""Writes TensorFlow V1 checkpoints as TensorFlow does, for the tests of the reader."""

from __future__ import annotations

import struct

import numpy as np

TYPES = {"float32": (1, 5), "float64": (2, 6), "int32": (3, 7), "int64": (9, 10)}


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    result = b""
    while value >= 0x80:
        result += bytes([value & 0x7F | 0x80])
        value >>= 7
    return result + bytes([value])


def field(number: int, payload: bytes | int) -> bytes:
    if isinstance(payload, int):
        return varint(number << 3) + varint(payload)
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def shape_message(shape: tuple[int, ...]) -> bytes:
    return b"".join(field(2, field(1, length)) for length in shape)


def tensor_message(array: np.ndarray) -> bytes:
    kind, number = TYPES[str(array.dtype)]
    if array.dtype.kind == "f":
        values = array.tobytes()
    else:
        values = b"".join(varint(int(value)) for value in array.ravel())
    return field(1, kind) + field(number, values)


def whole_slice(array: np.ndarray) -> bytes:
    return b"".join(field(1, b"") for _ in array.shape)


def rows_slice(array: np.ndarray, start: int, length: int) -> bytes:
    return field(1, field(1, start) + field(2, length)) + b"".join(field(1, b"") for _ in array.shape[1:])


def block(entries: list[tuple[bytes, bytes]]) -> bytes:
    """Prefix-compressed entries with one restart point."""
    body, previous = b"", b""
    for key, value in entries:
        shared = 0
        while shared < min(len(key), len(previous)) and key[shared] == previous[shared]:
            shared += 1
        body += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        previous = key
    return body + struct.pack("<II", 0, 1)


def checkpoint(tensors: dict[str, np.ndarray], *, split: str | None = None) -> bytes:
    """The file of these tensors; the tensor `split` is stored as two slices of rows."""
    meta = b"".join(
        field(
            1,
            field(1, name.encode())
            + field(2, shape_message(array.shape))
            + field(3, TYPES[str(array.dtype)][0])
            + field(4, whole_slice(array)),
        )
        for name, array in tensors.items()
    )
    entries = [(b"", field(1, meta))]
    for name, array in sorted(tensors.items()):
        parts = [(whole_slice(array), array)]
        if name == split:
            half = len(array) // 2
            rest = len(array) - half
            parts = [
                (rows_slice(array, 0, half), array[:half]),
                (rows_slice(array, half, rest), array[half:]),
            ]
        for place, (extent, part) in enumerate(parts):
            data = field(1, name.encode()) + field(2, extent) + field(3, tensor_message(part))
            entries.append((b"\x00" + name.encode() + bytes([place]), field(2, data)))
    return table(entries)


def table(entries: list[tuple[bytes, bytes]]) -> bytes:
    middle = len(entries) // 2
    data, index = b"", []
    for part in (entries[:middle], entries[middle:]):
        if not part:
            continue
        body = block(part)
        index.append((part[-1][0], varint(len(data)) + varint(len(body))))
        data += body + b"\0" * 5
    index_block = block(index)
    handle = varint(len(data)) + varint(len(index_block))
    data += index_block + b"\0" * 5
    footer = (varint(0) + varint(0) + handle).ljust(40, b"\0")
    return data + footer + struct.pack("<Q", 0xDB4775248B80FB57)

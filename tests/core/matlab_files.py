"""Makes MATLAB files byte by byte, so that tests can damage them where they want."""

from __future__ import annotations

import struct
import zlib

import numpy as np

DOUBLE, INT32, UINT8, UINT32, MATRIX, COMPRESSED = 9, 5, 2, 6, 14, 15
_CLASSES = {"f8": 6, "f4": 7, "u1": 9}
_STORED = {"f8": 9, "f4": 7, "u1": 2}


def element(kind: int, content: bytes) -> bytes:
    """Tag, content and padding to eight bytes."""
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def matrix(kind: int, shape: tuple[int, ...], *parts: bytes, name: str = "", flags: int = 0) -> bytes:
    """A value: its flags, size and name, then `parts`."""
    head = element(UINT32, struct.pack("<II", kind | flags << 8, 0))
    size = element(INT32, struct.pack(f"<{len(shape)}i", *shape))
    return element(MATRIX, head + size + element(1, name.encode()) + b"".join(parts))


def numbers(array: np.ndarray, *, name: str = "") -> bytes:
    """An array of doubles, singles or bytes."""
    kind = array.dtype.str[1:]
    content = element(_STORED[kind], array.tobytes(order="F"))
    return matrix(_CLASSES[kind], array.shape, content, name=name)


def text(value: str, *, name: str = "") -> bytes:
    """One row of text in UTF-16."""
    return matrix(4, (1, len(value)), element(17, value.encode("utf-16-le")), name=name)


def cells(*values: bytes, name: str = "") -> bytes:
    """A row of cells."""
    return matrix(1, (1, len(values)), *values, name=name)


def record(fields: dict[str, bytes], *, name: str = "") -> bytes:
    """A struct of one by one."""
    width = struct.pack("<HHi", INT32, 4, 32)  # a short value: size and content in one tag
    names = b"".join(field.encode().ljust(32, b"\0") for field in fields)
    return matrix(2, (1, 1), width, element(1, names), *fields.values(), name=name)


def compressed(value: bytes) -> bytes:
    """The value as MATLAB writes it by default."""
    content = zlib.compress(value)
    return struct.pack("<II", COMPRESSED, len(content)) + content


def matlab_file(*values: bytes, version: bytes = b"MATLAB 5.0 MAT-file", mark: bytes = b"IM") -> bytes:
    """The whole file."""
    return version.ljust(124) + struct.pack("<H", 0x0100) + mark + b"".join(values)

"""What decides the pixels of a user's model beside its name: the content of its files."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from srbench.core.files import remembered_hash

# An entry of `TensorProto.external_data` in ONNX's protocol buffers: the key, then the tag of the value.
_LOCATION = re.compile(rb"\n\x08location\x12([\x01-\x7f]|[\x80-\xff][\x01-\x7f])")


def model_files(path: Path) -> tuple[Path, ...]:
    """The files of a model: itself, and for ONNX those in which its tensors lie."""
    status = path.stat()
    return _model_files(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _model_files(path: Path, _modified: int, _size: int) -> tuple[Path, ...]:
    if path.suffix.lower() != ".onnx":
        return (path,)
    data = path.read_bytes()
    found = {path: None}
    for match in _LOCATION.finditer(data):
        low, *high = match[1]
        length = (low & 0x7F) + (high[0] << 7 if high else 0)
        name = data[match.end() : match.end() + length].decode("utf-8", "replace")
        if "\0" not in name and (path.parent / name).is_file():
            found[path.parent / name] = None
    return tuple(found)


def content_hashes(files: tuple[Path, ...]) -> tuple[str, ...]:
    """SHA-256 of each file; "missing" where there is none."""
    return tuple(remembered_hash(file) if file.is_file() else "missing" for file in files)

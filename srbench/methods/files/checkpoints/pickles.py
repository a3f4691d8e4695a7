"""PyTorch's pickled checkpoints, read without running anything that they bring along.

Both containers are read: the zip archive of torch 1.6 and later, and the older stream of pickles. The
unpickler knows tensors, plain containers and numbers. Objects of other classes (whole pickled modules,
optimisers) become passive placeholders whose tensors can be taken out; a function call, or a class of
Python's own library, is refused with its name.

A few hundred bytes can ask for gigabytes: by compressed zeros, by indices of a pickle's memo, by tensors
that repeat one value, by containers that hold each other. What a file may ask for is bounded before anything
is allocated; honest files stay far below.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from srbench.core.records import UserError
from srbench.methods.files.checkpoints.unpickling import (
    LEGACY_MAGIC,
    TYPES,
    Placeholder,
    Reader,
    Refused,
    Storage,
    Tensor,
    require_modest_pickle,
)

_SPARE_BYTES = 64 * 1024**2  # that any file may take beyond twice its own size


def read_pickled(path: Path) -> Any:
    """The object of a `.pth` or `.pt` file: containers, numbers, `Placeholder`s, and tensors as arrays.

    `UserError` in one line where the file wants to run code, is damaged or is of another kind.
    """
    try:
        if zipfile.is_zipfile(path):
            return _read_zip(path)
        return _read_legacy(path.read_bytes())
    except Refused as error:
        raise UserError(f"{path} is refused: {error}; nothing of it was run") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error})") from None
    except UserError:
        raise
    except Exception as error:  # damaged pickles raise nearly every kind of error
        detail = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise UserError(f"{path} is damaged or not a PyTorch checkpoint ({detail})") from None


def _read_zip(path: Path) -> Any:
    size = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        _require_modest_archive(archive, size)
        names = archive.namelist()
        index = next((name for name in names if name.endswith("data.pkl")), None)
        if index is None:
            raise Refused("it is a zip archive without a PyTorch checkpoint in it")
        folder = index.removesuffix("data.pkl")
        if f"{folder}constants.pkl" in names:
            raise Refused("it is a TorchScript program, not a checkpoint; give it as a model file instead")
        content = _loaded(io.BytesIO(_read_member(archive, index)))[0]

        def fetch(storage: Storage) -> np.ndarray:
            name = f"{folder}data/{storage.key}"
            if archive.getinfo(name).file_size < storage.size * np.dtype(TYPES[storage.kind]).itemsize:
                raise Refused(f"the values {name} are cut off")
            return np.frombuffer(_read_member(archive, name), TYPES[storage.kind])

        return _resolved(content, fetch, _Budget(size))


def _read_legacy(data: bytes) -> Any:
    stream = io.BytesIO(data)
    if _loaded(stream)[0] != LEGACY_MAGIC:
        raise Refused("it is a pickle, but not a PyTorch checkpoint")
    _loaded(stream)  # version of the protocol
    _loaded(stream)  # byte order and sizes of the machine
    content, storages = _loaded(stream)
    values: dict[str, np.ndarray] = {}
    for key in _loaded(stream)[0]:
        storage = storages[key]
        count = int.from_bytes(stream.read(8), "little")
        dtype = np.dtype(TYPES[storage.kind])
        raw = stream.read(count * dtype.itemsize)
        if len(raw) != count * dtype.itemsize:
            raise Refused("its last values are cut off")
        values[key] = np.frombuffer(raw, dtype)
    return _resolved(content, lambda storage: values[storage.key], _Budget(len(data)))


def _loaded(stream: io.BytesIO) -> tuple[Any, dict[str, Storage]]:
    """The object of one pickle of the stream, and the storages that it refers to by key."""
    require_modest_pickle(stream)
    reader = Reader(stream)
    return reader.load(), reader.storages


def _resolved(content: Any, fetch: Callable[[Storage], np.ndarray], budget: _Budget) -> Any:
    """The object with arrays in place of tensors; what is shared or refers to itself stays so."""
    arrays: dict[Storage, np.ndarray] = {}
    seen: dict[int, Any] = {}

    def visit(item: Any) -> Any:
        """One part; containers are noted before their content, which may hold them."""
        if id(item) in seen:
            return seen[id(item)]
        if isinstance(item, Tensor):
            if item.storage not in arrays:
                arrays[item.storage] = fetch(item.storage)
            result: Any = _array(item, arrays[item.storage], budget)
        elif isinstance(item, dict):
            result = seen[id(item)] = {}
            result.update((key, visit(value)) for key, value in item.items())
        elif isinstance(item, list):
            result = seen[id(item)] = []
            result.extend(visit(value) for value in item)
        elif isinstance(item, tuple):
            result = tuple(visit(value) for value in item)
        elif isinstance(item, Placeholder):
            result = seen[id(item)] = item
            item.state = visit(item.state)
        else:
            return item
        seen[id(item)] = result
        return result

    return visit(content)


def _array(tensor: Tensor, values: np.ndarray, budget: _Budget) -> np.ndarray:
    count = math.prod(tensor.shape)
    if min(tensor.shape, default=1) < 0:
        raise Refused("a tensor has a negative size")
    budget.take(count * max(values.itemsize, 4), f"a tensor of the shape {tensor.shape}"[:80])
    last = tensor.offset + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride, strict=True))
    if count and (tensor.offset < 0 or min(tensor.stride, default=0) < 0 or last >= values.size):
        raise Refused("a tensor lies outside its values")
    if not count:
        return np.empty(tensor.shape, values.dtype)
    steps = tuple(step * values.itemsize for step in tensor.stride)
    view = np.lib.stride_tricks.as_strided(values[tensor.offset :], tensor.shape, steps)
    if tensor.storage.kind == "BFloat16Storage":
        return (view.astype(np.uint32) << 16).view(np.float32).reshape(tensor.shape)
    return np.array(view)


class _Budget:
    """Bytes that the tensors of one file may take in all."""

    def __init__(self, file_size: int) -> None:
        self._left = 2 * file_size + _SPARE_BYTES

    def take(self, size: int, what: str) -> None:
        """Counts `size` bytes; `Refused` where the file asks for more than it can honestly hold."""
        self._left -= size
        if self._left < 0:
            raise Refused(f"{what} would take far more memory than a file of this size can hold")


def _read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member of an archive whose sizes have been checked, no byte more than it declares."""
    size = archive.getinfo(name).file_size
    with archive.open(name) as stream:
        data = stream.read(size + 1)
    if len(data) != size:
        raise Refused(f"{name} does not have the size that it declares")
    return data


def _require_modest_archive(archive: zipfile.ZipFile, file_size: int) -> None:
    """`Refused` where the members unpack to far more than the file."""
    declared = sum(member.file_size for member in archive.infolist())
    if declared > 2 * file_size + _SPARE_BYTES:
        raise Refused(
            f"it unpacks to {declared / 1e6:.0f} MB, {declared // max(file_size, 1)} times its size"
        )

"""PyTorch's pickled checkpoints, read without running anything that they bring along.

Both containers are read: the zip archive of torch 1.6 and later, and the older stream of pickles. The
unpickler knows tensors, plain containers and numbers. Objects of other classes (whole pickled modules,
optimisers) become passive placeholders whose tensors can be taken out; a function call, or a class of
Python's own library, is refused with its name.
"""

from __future__ import annotations

import io
import math
import pickle
import sys
import zipfile
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from srbench.core.records import UserError
from srbench.methods.files.checkpoints.budgets import (
    LEGACY_MAGIC,
    Budget,
    Refused,
    read_member,
    require_modest_archive,
    require_modest_pickle,
)

_TYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "BFloat16Storage": "<u2",  # widened to float32 when it is read
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}


@dataclass(frozen=True)
class _Storage:
    kind: str
    key: str
    size: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class _PassiveType(type):
    """Classes that can be instantiated by the unpickler (`NEWOBJ`) but not called (`REDUCE`)."""

    def __call__(cls, *_: Any) -> Any:
        raise Refused(f"it wants to call {cls.__module__}.{cls.__name__}")


class Placeholder(metaclass=_PassiveType):
    """An object of a class that is not imported: its state and nothing else."""

    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


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
        require_modest_archive(archive, size)
        names = archive.namelist()
        index = next((name for name in names if name.endswith("data.pkl")), None)
        if index is None:
            raise Refused("it is a zip archive without a PyTorch checkpoint in it")
        folder = index.removesuffix("data.pkl")
        if f"{folder}constants.pkl" in names:
            raise Refused("it is a TorchScript program, not a checkpoint; give it as a model file instead")
        content = _loaded(io.BytesIO(read_member(archive, index)))[0]

        def fetch(storage: _Storage) -> np.ndarray:
            name = f"{folder}data/{storage.key}"
            if archive.getinfo(name).file_size < storage.size * np.dtype(_TYPES[storage.kind]).itemsize:
                raise Refused(f"the values {name} are cut off")
            return np.frombuffer(read_member(archive, name), _TYPES[storage.kind])

        return _resolved(content, fetch, Budget(size))


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
        dtype = np.dtype(_TYPES[storage.kind])
        raw = stream.read(count * dtype.itemsize)
        if len(raw) != count * dtype.itemsize:
            raise Refused("its last values are cut off")
        values[key] = np.frombuffer(raw, dtype)
    return _resolved(content, lambda storage: values[storage.key], Budget(len(data)))


def _loaded(stream: io.BytesIO) -> tuple[Any, dict[str, _Storage]]:
    """The object of one pickle of the stream, and the storages that it refers to by key."""
    require_modest_pickle(stream)
    reader = _Reader(stream)
    return reader.load(), reader.storages


class _Reader(pickle.Unpickler):
    """An unpickler that imports nothing."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream, encoding="utf-8")
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        """A harmless stand-in for what a pickle names; `Refused` for everything else."""
        known = _KNOWN.get(f"{module}.{name}")
        if known is not None:
            return known
        if module in ("torch", "torch.cuda", "torch.storage") and name in _TYPES:
            return _storage_kind(name)
        if module.partition(".")[0] in sys.stdlib_module_names and (module, name) not in _HARMLESS:
            raise Refused(f"it wants to use {module}.{name}")
        return _PassiveType(name, (Placeholder,), {"__module__": module})

    def persistent_load(self, identifier: Any) -> Any:
        """The storage that a pickle refers to, not read yet."""
        if identifier[0] == "module":  # a class with its source text, which stays text
            return identifier[1]
        if identifier[0] != "storage":
            raise Refused(f"it refers to an unknown {identifier[0]!r}")
        storage = _Storage(identifier[1].kind, str(identifier[2]), int(identifier[4]))
        self.storages[identifier[2]] = storage
        if len(identifier) > 5 and identifier[5] is not None:
            raise Refused("it holds views of storages, which no current version of PyTorch writes")
        return storage


_HARMLESS = {("argparse", "Namespace")}


def _storage_kind(name: str) -> Any:
    return _PassiveType(name, (Placeholder,), {"kind": name})


def _rebuild_tensor(storage: _Storage, offset: int, shape: Any, stride: Any, *_: Any) -> _Tensor:
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, stride)))


def _rebuild_parameter(data: Any, *_: Any) -> Any:
    return data


def _plain_size(values: Any = ()) -> tuple[int, ...]:
    return tuple(values)


def _scalar(_: Any, raw: bytes | str) -> bytes | str:
    return raw  # a number of numpy beside the weights (an epoch, a score): kept as its bytes


def _passive(*_: Any) -> Placeholder:
    return Placeholder.__new__(Placeholder)


def _bytes(text: str, encoding: str) -> bytes:
    if encoding not in ("latin1", "latin-1", "ascii", "utf-8"):
        raise Refused(f"it wants to encode text as {encoding[:20]!r}")
    return text.encode(encoding)


_KNOWN: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": OrderedDict,
    "collections.defaultdict": defaultdict,
    "builtins.dict": dict,
    "builtins.list": list,
    "builtins.set": set,
    "builtins.int": int,
    "builtins.float": float,
    "__builtin__.set": set,
    "__builtin__.dict": dict,
    "torch._utils._rebuild_tensor": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor,
    "torch._utils._rebuild_parameter": _rebuild_parameter,
    "torch.nn.parameter.Parameter": _rebuild_parameter,  # as torch before 1.0 pickled it
    "torch.nn.backends.thnn._get_thnn_function_backend": _passive,  # modules from before torch 1.2
    "torch.Size": _plain_size,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy.dtype": _passive,
    "torch.device": _passive,
    "_codecs.encode": _bytes,
}


def _resolved(content: Any, fetch: Callable[[_Storage], np.ndarray], budget: Budget) -> Any:
    """The object with arrays in place of tensors; what is shared or refers to itself stays so."""
    arrays: dict[_Storage, np.ndarray] = {}
    seen: dict[int, Any] = {}

    def visit(item: Any) -> Any:
        if id(item) in seen:
            return seen[id(item)]
        if isinstance(item, _Tensor):
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


def _array(tensor: _Tensor, values: np.ndarray, budget: Budget) -> np.ndarray:
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

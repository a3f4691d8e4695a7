"""Unpickles checkpoints: tensors as descriptions, containers, and stand-ins for everything else."""

from __future__ import annotations

import io
import pickle
import pickletools
import sys
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Any, ClassVar

TYPES = {
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
_SAFE_KEYS = (str, bytes, int, float, type(None))
_DO: dict[int, Callable[[Any], None]] = pickle._Unpickler.dispatch
_MOST_KEYS = 2000  # of other kinds
_MOST_STEPS = 500_000  # of a pickle; optimisers of networks with a thousand layers take a tenth
_LARGEST_INTEGER = 64  # bits: longer ones are made to collide as keys of a dictionary
_PUTS = ("PUT", "BINPUT", "LONG_BINPUT")
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C


class Refused(Exception):
    """The file wants something that is not allowed, or is damaged."""


@dataclass(frozen=True)
class Storage:
    """Values that tensors share: their kind, key and number."""

    kind: str
    key: str
    size: int


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies in its storage, in elements."""

    storage: Storage
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


class Reader(pickle._Unpickler):
    """An unpickler that imports nothing, in Python, because C's cannot be told what to refuse.

    Hashes of tuples can be foreseen, and are computed anew each time: a file of some kilobytes may hold
    keys that take hours. Checkpoints name things by text and numbers.
    """

    stack: list[Any]
    dispatch: ClassVar[dict[int, Any]] = dict(_DO)

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream, encoding="utf-8")
        self.storages: dict[str, Storage] = {}
        self._foreseeable = 0

    def _take_keys(self, keys: Iterable[Any]) -> None:
        others = [key for key in keys if not isinstance(key, _SAFE_KEYS)]
        inner = [part for key in others if isinstance(key, tuple) for part in key]
        if any(isinstance(part, tuple | frozenset) for part in inner):
            raise Refused("it has tuples of tuples for keys")
        self._foreseeable += len(others)
        if self._foreseeable > _MOST_KEYS:
            raise Refused(f"it has more than {_MOST_KEYS} keys that are neither text nor numbers")

    def load_setitem(self) -> None:
        """One entry of a dictionary."""
        self._take_keys(self.stack[-2:-1])
        _DO[pickle.SETITEM[0]](self)

    def load_setitems(self) -> None:
        """Entries of a dictionary."""
        self._take_keys(self.stack[::2])
        _DO[pickle.SETITEMS[0]](self)

    def load_dict(self) -> None:
        """A dictionary with its entries."""
        self._take_keys(self.stack[::2])
        _DO[pickle.DICT[0]](self)

    def load_additems(self) -> None:
        """Members of a set."""
        self._take_keys(self.stack)
        _DO[pickle.ADDITEMS[0]](self)

    def load_frozenset(self) -> None:
        """A set with its members."""
        self._take_keys(self.stack)
        _DO[pickle.FROZENSET[0]](self)

    def load_reduce(self) -> None:
        """A call: of what `find_class` lets through only."""
        function, arguments = self.stack[-2:]
        if function in (set, dict, OrderedDict, defaultdict):
            members = [member for argument in arguments if isinstance(argument, list) for member in argument]
            self._take_keys(members if function is set else (pair[0] for pair in members))
        _DO[pickle.REDUCE[0]](self)

    def load_build(self) -> None:
        """The state of an object, which must be one that this file has made."""
        if not isinstance(self.stack[-2], Placeholder | OrderedDict):
            raise Refused(f"it wants to change {type(self.stack[-2]).__name__} objects")
        _DO[pickle.BUILD[0]](self)

    for _code, _load in (
        (pickle.SETITEM, load_setitem),
        (pickle.SETITEMS, load_setitems),
        (pickle.DICT, load_dict),
        (pickle.ADDITEMS, load_additems),
        (pickle.FROZENSET, load_frozenset),
        (pickle.REDUCE, load_reduce),
        (pickle.BUILD, load_build),
    ):
        dispatch[_code[0]] = _load

    def find_class(self, module: str, name: str) -> Any:
        """A harmless stand-in for what a pickle names; `Refused` for everything else."""
        known = _KNOWN.get(f"{module}.{name}")
        if known is not None:
            return known
        if module in ("torch", "torch.cuda", "torch.storage") and name in TYPES:
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
        storage = Storage(identifier[1].kind, str(identifier[2]), int(identifier[4]))
        self.storages[identifier[2]] = storage
        if len(identifier) > 5 and identifier[5] is not None:
            raise Refused("it holds views of storages, which no current version of PyTorch writes")
        return storage


_HARMLESS = {("argparse", "Namespace")}


def _storage_kind(name: str) -> Any:
    return _PassiveType(name, (Placeholder,), {"kind": name})


def _rebuild_tensor(storage: Storage, offset: int, shape: Any, stride: Any, *_: Any) -> Tensor:
    return Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, stride)))


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


def require_modest_pickle(stream: IO[bytes]) -> None:
    """Looks through the pickle at the stream's place, without running it, and goes back there."""
    start = stream.tell()
    for step, (code, argument, _) in enumerate(pickletools.genops(stream)):
        if step > _MOST_STEPS:
            raise Refused(f"its pickle has more than {_MOST_STEPS} steps")
        if code.name in _PUTS and isinstance(argument, int) and argument > step + 16:
            raise Refused("its pickle numbers objects that it does not have")
        if (
            isinstance(argument, int)
            and argument.bit_length() > _LARGEST_INTEGER
            and argument != LEGACY_MAGIC
        ):
            raise Refused("it holds integers of more than 64 bits")
    stream.seek(start)

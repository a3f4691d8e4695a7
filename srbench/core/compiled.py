"""Numba's compiled functions, kept on disk so that processes that compile at the same time never mix them up.

Numba numbers the files of a function's compiled variants and lists them in an index, which it writes first.
A process that looks between the two, or two that choose the same number, then load another variant, or one
of an older source. Here files have names of their own, and are there before the index tells of them. Nor does
numba see when something changed that the source takes from another module: here that is a part of its stamp.
"""

from __future__ import annotations

import inspect
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numba.core.caching import IndexDataCacheFile

Function = TypeVar("Function", bound=Callable[..., Any])

# With Python's rule that a division by zero is an error, no loop that divides would be vectorised.
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}

_ABANDONED = 24 * 3600.0  # seconds after which nobody can still be about to list a file


class CacheFiles(IndexDataCacheFile):
    """The index and the files of one function's variants."""

    def __init__(self, folder: Path, base: str, source_stamp: Any) -> None:
        super().__init__(str(folder), base, source_stamp)
        self.stamp = source_stamp
        self._folder = folder
        self._base = base

    def save(self, key: Any, data: Any) -> None:
        """Adds a variant; of two processes that do so at once, one's may be forgotten and compiled again."""
        name = f"{self._base}.{uuid.uuid4().hex[:16]}.nbc"
        self._save_data(name, data)
        known = self._load_index()
        if not known:
            self._sweep()
        self._save_index({**known, key: name})

    def _sweep(self) -> None:
        """Removes what was compiled of older sources."""
        for path in self._folder.glob(f"{self._base}.*.nbc"):
            if time.time() - path.stat().st_mtime > _ABANDONED:
                path.unlink(missing_ok=True)


def compiled(function: Function) -> Function:
    """The function, compiled at its first call with arguments of each kind; runs without Python's lock.

    A division by zero in it gives what it gives in NumPy: an infinity or no number, without a warning.
    """
    made: Any = njit(**_OPTIONS)(function)
    if not hasattr(made, "_cache"):  # NUMBA_DISABLE_JIT
        return function
    cache = made._cache
    stamp = (cache._impl.locator.get_source_stamp(), _taken(function), _OPTIONS)
    cache._cache_file = CacheFiles(Path(cache.cache_path), cache._impl.filename_base, stamp)
    return cast("Function", made)


def _taken(function: Callable[..., Any]) -> dict[str, Any]:
    """What is compiled into a function from its module's names: stamps of compiled functions, constants."""
    taken = {}
    for name in function.__code__.co_names:
        value: Any = function.__globals__.get(name)
        if hasattr(value, "_cache"):
            taken[name] = value._cache._cache_file.stamp
        elif hasattr(value, "_defn"):  # what makes instructions (core.vectors)
            taken[name] = inspect.getsource(value._defn)
        elif isinstance(value, np.ndarray):
            taken[name] = (value.dtype.str, value.shape, value.tobytes())
        elif isinstance(value, (bool, int, float, complex, str, tuple)):
            taken[name] = repr(value)
    return taken

"""What compiled functions ask of the processor's vector units, and Python has no words for.

None of it makes a value depend on the processor: a fused multiplication and addition rounds once
everywhere (without an instruction for it, the C library does it), and how many values are worked on at a
time does not matter where each is computed by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

_CACHE_LINE = 8  # in float64
_NO_COMPILER = bool(cast("Any", numba.config).DISABLE_JIT)


def _fused(_typing: Any, _first: Any, _second: Any, _third: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), generate


def _wide(_typing: Any) -> Any:
    def generate(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        # LLVM knows this attribute of functions, llvmlite's list of attributes does not.
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.none(), generate


def _plain(first: float, second: float, third: float) -> float:
    return first * second + third


def _nothing() -> None:
    pass


# first * second + third, rounded once; for compiled functions only. Without a compiler it rounds twice.
multiply_add = _plain if _NO_COMPILER else cast("Callable[[float, float, float], float]", intrinsic(_fused))

# Called in a compiled function, it makes the loops of this function use vectors of 512 bits where there are
# any; LLVM takes half of that, because such vectors slowed down the clock of the first processors with them.
widest_vectors = _nothing if _NO_COMPILER else cast("Callable[[], None]", intrinsic(_wide))


def aligned_zeros(count: int) -> NDArray[np.float64]:
    """`count` zeros (float64) from the beginning of a cache line on, so that no vector lies in two."""
    memory = np.zeros(count + _CACHE_LINE)
    first = -(memory.ctypes.data // memory.itemsize) % _CACHE_LINE
    return memory[first : first + count]

"""Which device networks run on, and batches that shrink where its memory runs out."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from srbench.core.records import UsageError, UserError

T = TypeVar("T")
R = TypeVar("R")
_GPU_FILES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def choose_device(wanted: str) -> str:
    """The torch device of `--device`; "auto" is a CUDA or Apple GPU where there is one, else the processor.

    torch takes seconds to import, so "auto" asks it only on machines that can have a GPU at all.
    """
    if wanted == "cpu" or (wanted == "auto" and not _may_have_gpu()):
        return "cpu"
    import torch

    has_cuda, has_mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if wanted == "auto":
        return "cuda" if has_cuda else "mps" if has_mps else "cpu"
    try:
        device = torch.device(wanted)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda", "mps"):
        raise UsageError(f"unknown device '{wanted}'; there are: auto, cpu, cuda, cuda:N, mps")
    if device.type == "cuda":
        here = (device.index or 0) < torch.cuda.device_count()
    else:
        here = device.type == "cpu" or has_mps
    if not here:
        raise UsageError(f"the device '{wanted}' is not available here; use --device auto")
    return wanted


def _may_have_gpu() -> bool:
    return sys.platform != "linux" or any(Path(path).exists() for path in _GPU_FILES)


@contextlib.contextmanager
def measuring() -> Iterator[None]:
    """Networks of metrics run without gradients and with every digit of their type."""
    import torch

    # cuDNN's own shortcut for float32 has as few digits as half precision.
    with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        yield


class Batches:
    """Runs a function over batches; after an out-of-memory error it goes on with half the size.

    `say` is told once per reduction. The smaller size is kept for what follows.
    """

    def __init__(self, size: int, say: Callable[[str], None]) -> None:
        self.size = size
        self._say = say

    def run(self, work: Callable[[Sequence[T]], Sequence[R]], items: Sequence[T]) -> list[R]:
        """The results of `work` on consecutive parts of `items`, in order; one result per item."""
        import torch

        results: list[R] = []
        while len(results) < len(items):
            part = items[len(results) : len(results) + self.size]
            try:
                results += work(part)
            except torch.OutOfMemoryError:
                self._halve(len(part))
                if torch.cuda.is_available():
                    torch.cuda.empty_cache()
        return results

    def _halve(self, tried: int) -> None:
        if tried == 1:
            raise UserError(
                "the GPU's memory does not hold a single item; free some of it or use --device cpu"
            ) from None
        self.size = tried // 2
        self._say(f"the GPU's memory is too small for batches of {tried}; going on with {self.size}")

"""Work in batches that shrink where a GPU's memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from srbench.core.records import UserError

T = TypeVar("T")
R = TypeVar("R")


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

"""What studies on networks share: batches that are loaded ahead, and the record of what ran."""

from __future__ import annotations

import itertools
import platform
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from srbench.core.versions import versions
from srbench.core.weights import WeightFile

_AHEAD = 3  # batches that are loaded before they are needed
_READERS = 2

Item = TypeVar("Item")
Loaded = TypeVar("Loaded")


def loaded_ahead(items: Sequence[Item], size: int, load: Callable[[Item], Loaded]) -> Iterator[list[Loaded]]:
    """Batches of `size` loaded items in order, a few of them in the making in threads."""

    def load_all(batch: Sequence[Item]) -> list[Loaded]:
        return [load(item) for item in batch]

    starts = iter(range(0, len(items), size))
    with ThreadPoolExecutor(_READERS) as pool:

        def submit(start: int) -> Future[list[Loaded]]:
            return pool.submit(load_all, items[start : start + size])

        waiting = deque(submit(start) for start in itertools.islice(starts, _AHEAD))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(submit(start) for start in itertools.islice(starts, 1))


def provenance(
    facts: Mapping[str, Any], *, skipped: Mapping[str, str], packages: Iterable[str], seconds: float
) -> dict[str, Any]:
    """`run.json` of a study: its own `facts`, what was left out, versions, machine, duration."""
    return {
        **facts,
        "left_out": dict(skipped),
        "versions": versions(packages),
        "machine": platform.platform(),
        "seconds": round(seconds, 3),
    }


def versions_of(entries: Iterable[tuple[str, int | str, tuple[WeightFile, ...]]]) -> dict[str, Any]:
    """Version and weights of methods or metrics by name."""
    return {
        name: {"version": version, "weights": {file.name: file.sha256 for file in weights}}
        for name, version, weights in entries
    }

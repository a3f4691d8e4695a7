"""Inputs of one size through a method together, where its device gains by that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from srbench.core.records import Unscorable, UserError

if TYPE_CHECKING:
    import numpy as np

    from srbench.core.records import Sample
    from srbench.methods.contract import Upscaler

Key = TypeVar("Key")


@runtime_checkable
class BatchUpscaler(Protocol):
    """An upscaler that can take several samples; `takes_batches` says whether that pays where it runs."""

    takes_batches: bool

    def __call__(self, sample: Sample) -> np.ndarray:
        """The output of one sample."""
        ...

    def batch(self, samples: Sequence[Sample]) -> list[np.ndarray]:
        """The outputs of samples of one scale, size and kind, in order."""
        ...


def upscale_together(upscaler: Upscaler, samples: Mapping[Key, Sample]) -> dict[Key, np.ndarray]:
    """The outputs of those samples that share their size with others; the rest is to be done one by one.

    What fails is left out too: alone, each image fails or not, and has its own reason.
    """
    if not isinstance(upscaler, BatchUpscaler) or not upscaler.takes_batches:
        return {}
    equal = defaultdict(list)
    for key, sample in samples.items():
        equal[sample.pair.scale, sample.low_resolution.shape].append(key)
    made: dict[Key, np.ndarray] = {}
    for keys in equal.values():
        if len(keys) == 1:
            continue
        try:
            made.update(zip(keys, upscaler.batch([samples[key] for key in keys]), strict=True))
        except (Unscorable, UserError, RuntimeError):
            continue
    return made

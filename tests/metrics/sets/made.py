"""The published file of Inception with seeded values, in its real names and shapes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from srbench.core.files import file_hash
from srbench.core.weights import pull
from srbench.metrics.sets import catalogue, inception


def made_state() -> dict[str, Any]:
    """Values that let signals through all layers; the same at every call. With the classifier of 1008."""
    import torch

    generator = torch.Generator().manual_seed(7)
    state = {}
    for name, tensor in inception.bare_network().state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue  # the published file is older than these
        if name.endswith("conv.weight"):
            fan = tensor.shape[1] * tensor.shape[2] * tensor.shape[3]
            state[name] = torch.randn(tensor.shape, generator=generator) * (2 / fan) ** 0.5
        elif name.endswith(("running_var", "bn.weight")):
            state[name] = 0.5 + torch.rand(tensor.shape, generator=generator)
        else:
            state[name] = torch.randn(tensor.shape, generator=generator) * 0.1
    state |= {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}
    return state


@contextmanager
def made_weights(folder: Path) -> Iterator[dict[str, Any]]:
    """Metrics of sets that take a made file in place of the published one, pulled into the cache."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    state = made_state()
    path = folder / "pt_inception-made.pth"
    torch.save(state, path)
    file = replace(inception.FILE, name="inception-made", sha256=(file_hash(path),), url=None)
    pull(file, path)
    metrics = {metric.name: replace(metric, weights=(file,)) for metric in catalogue.SETS}
    with mock.patch.object(inception, "FILE", file), catalogue.SETS.holding(*metrics.values()):
        yield state

"""Random weights in the files and formats of the real ones, and images to compare."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np

from srbench.core.files import file_hash
from srbench.core.torch_files import TorchHubFile
from srbench.core.weights import pull
from srbench.metrics.deep.features import Backbone

if TYPE_CHECKING:
    import torch


def random_classifier(backbone: Backbone) -> torch.nn.Module:
    """torchvision's network with weights that let signals through all layers; the same at every call."""
    import torch
    import torchvision

    with torch.device("meta"):
        network = getattr(torchvision.models, backbone.builder)(weights=None)
    # The classifier's hundred millions of weights play no part here.
    network.classifier = torch.nn.Identity()
    network.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(20)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, generator=generator)
            torch.nn.init.normal_(module.bias, std=0.2, generator=generator)
    return network.eval().requires_grad_(False)


@cache
def with_random_weights(backbone: Backbone, folder: Path) -> tuple[Backbone, torch.nn.Module]:
    """A backbone whose published file is a random one, saved as torchvision's are, not pulled yet."""
    import torch

    network = random_classifier(backbone)
    path = folder / f"{backbone.builder}-random.pth"
    torch.save(network.state_dict(), path)
    file = TorchHubFile(
        name=f"random-{backbone.name}",
        sha256=(file_hash(path)[:8],),
        homepage="tests",
        license="none",
        citation="none",
        url=path.as_uri(),
    )
    return replace(backbone, file=file), network


def pulled(backbone: Backbone, folder: Path) -> tuple[Backbone, torch.nn.Module]:
    """The same, with the file pulled into the cache of the running test."""
    made, network = with_random_weights(backbone, folder)
    pull(made.file, folder / f"{backbone.builder}-random.pth")
    return made, network


@contextmanager
def no_initialisation() -> Iterator[None]:
    """Networks of other packages are built without drawing their hundred millions of first values."""
    import torch

    names = [name for name in dir(torch.nn.init) if name.endswith("_") and not name.startswith("_")]
    with mock.patch.multiple(torch.nn.init, **{name: lambda tensor, *_, **__: tensor for name in names}):
        yield


def distorted(shape: tuple[int, int], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A smooth colour image and a noisy copy of it, uint8 H x W x 3."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    waves = [128 + 90 * np.sin(x / (7 + 3 * c) + y / (11 - 2 * c)) for c in range(3)]
    reference = np.stack(waves, axis=2) + rng.normal(0, 12, (*shape, 3))
    output = reference + rng.normal(0, 20, reference.shape)
    return np.clip(output, 0, 255).astype(np.uint8), np.clip(reference, 0, 255).astype(np.uint8)

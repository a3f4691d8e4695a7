"""Half precision for networks that judge many patches, where it keeps the distances.

Leaderboards are always in float32; only the patch benchmarks can be asked for half precision.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from srbench.metrics.features import Network

TOLERANCE = 1e-3  # relative, of distances
_SIDE = 64
_NOISE = (4.0, 16.0, 48.0)  # standard deviations in grey levels


def half_where_faithful(network: Network, say: Callable[[str], None]) -> Network:
    """`network` in half precision if test distances stay within `TOLERANCE`; else itself, and `say` is told.

    The distances (Net-F) are of a fixed picture to itself under noise, so that the choice is the same in
    every run on a device.
    """
    halved = copy.copy(network)
    halved.half = True
    exact, found = _distances(network), _distances(halved)
    worst = float(np.max(np.abs(found - exact) / exact))
    if worst <= TOLERANCE:
        return halved
    # Overflow makes it infinite or undefined, which is not within the tolerance either.
    say(f"{network.backbone.title} stays in float32: half precision is off by a factor of {worst:.2g}")
    return network


def _distances(network: Network) -> np.ndarray:
    import torch

    from srbench.metrics.lpips import sum_layers

    y, x = np.mgrid[:_SIDE, :_SIDE]
    picture = np.stack([2 * x + 2 * y, 4 * np.abs(x - y), 255 - 3 * x], axis=-1).clip(0, 255)
    noise = np.random.default_rng(0).standard_normal(picture.shape)
    noisy = [(picture + deviation * noise).clip(0, 255) for deviation in _NOISE]
    weights = [
        torch.ones(count, device=network.device, dtype=network.dtype) for count in network.backbone.channels
    ]
    with torch.inference_mode():
        first = network.features(network.images([picture.astype(np.uint8)] * len(noisy)))
        second = network.features(network.images([image.astype(np.uint8) for image in noisy]))
        return sum_layers(second, first, weights).cpu().numpy()

"""Half precision for networks that judge many patches, where it keeps the distances.

Leaderboards are always in float32; only the patch benchmarks can be asked for half precision.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from srbench.datasets.bapps import PATCH
from srbench.studies.bapps.distances import NetworkMetrics, Patches, batch_distances

TOLERANCE = 1e-3  # relative, of distances
_NOISE = (2.0, 8.0, 48.0)  # standard deviations in grey levels
_QUALITIES = (95, 75, 30)  # of JPEG
_FACTORS = (2, 4)  # of reduction and enlargement


def half_where_faithful(group: NetworkMetrics, say: Callable[[str], None]) -> NetworkMetrics:
    """`group` with its network in half precision if every metric's test distances stay within `TOLERANCE`.

    Else the group itself, and `say` is told. The test patches are always the same, so that the choice is
    the same in every run on a device; they reach from weak to strong distortions, because what half
    precision rounds away weighs most where two patches are much alike.
    """
    network = copy.copy(group.network)
    network.half = True
    halved = replace(group, network=network)
    patches = trial_patches()
    exact, found = batch_distances(group, patches), batch_distances(halved, patches)
    for name in group.scorers:
        error = _largest_error([item[name] for item in exact], [item[name] for item in found])
        # Overflow makes it infinite or undefined, which is not within the tolerance either.
        if not error <= TOLERANCE:
            say(
                f"{group.network.backbone.title} stays in float32: half precision changes test distances of "
                f"{name} by up to {error:.2g} of their value, and {TOLERANCE:g} is allowed"
            )
            return group
    return halved


def _largest_error(exact: list[tuple[float, ...]], found: list[tuple[float, ...]]) -> float:
    values = np.array(exact)
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.max(np.abs(np.array(found) - values) / values))


def trial_patches() -> list[Patches]:
    """Pairs of a reference and a distorted patch: a drawing and a texture under every distortion."""
    y, x = np.mgrid[:PATCH, :PATCH]
    drawing = np.stack([2 * x + 2 * y, 4 * np.abs(x - y), 255 - 3 * x], axis=-1)
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (PATCH // 4, PATCH // 4, 3)).astype(np.uint8)
    texture = _resized(coarse, PATCH).astype(int) + rng.integers(-10, 11, (PATCH, PATCH, 3))
    noise = rng.standard_normal((PATCH, PATCH, 3))
    pairs: list[Patches] = []
    for picture in (_bytes(drawing), _bytes(texture)):
        distorted = [_bytes(picture + deviation * noise) for deviation in _NOISE]
        distorted += [_jpeg(picture, quality) for quality in _QUALITIES]
        distorted += [_resized(_resized(picture, PATCH // factor), PATCH) for factor in _FACTORS]
        pairs += [(picture, patch) for patch in distorted]
    return pairs


def _bytes(values: np.ndarray) -> np.ndarray:
    return values.clip(0, 255).astype(np.uint8)


def _resized(picture: np.ndarray, side: int) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC))


def _jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))

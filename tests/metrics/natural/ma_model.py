"""Makes a model file like Ma's: three forests of 2000 trees, deterministic, in about a second.

The trees are random: their thresholds lie around typical features, so that different images end in
different leaves. The scores mean nothing; they show whether two programs read and walk the same forest.
And images with a spectrum like that of photographs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from scipy.io import savemat

TREES = 2000
NODES = 501
LINEAR = np.array([[-0.5], [0.2], [0.5], [0.35]])

# Names and order of the fields of regRF_train's model that prediction uses; the others are left empty.
FIELDS = ("lDau", "rDau", "nodestatus", "nrnodes", "upper", "avnode", "mbest", "ndtree", "ntree")


def typical_features() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The order of magnitude of the features of a photograph of 480x320 pixels."""
    dct = np.tile([0.6, 1.3, 2.2, 1.3, 0.12, 0.03], 3)
    bands = np.concatenate([np.full(18, 1.2), np.full(6, 0.8), np.full(6, 0.5), np.full(15, 0.9)])
    patches = np.concatenate([size / np.arange(1, 26) ** 1.3 for size in (200.0, 100.0, 50.0)])
    return dct, bands, patches


def make_forest(
    typical: np.ndarray, seed: int, trees: int = TREES, nodes: int = NODES
) -> dict[str, np.ndarray]:
    """The tables of one forest, nodes x trees; children are numbered from 1 in order of creation."""
    random = np.random.default_rng(seed)
    left, right = np.zeros((2, nodes, trees), np.int32)
    created = np.ones(trees, np.int64)
    for node in range(nodes):
        wanted = (node < 15) | (random.random(trees) < 0.55)
        split = (node < created) & (created + 2 <= nodes) & wanted
        left[node, split] = created[split] + 1
        right[node, split] = created[split] + 2
        created += 2 * split
    inner = left > 0
    feature = random.integers(0, typical.size, (nodes, trees))
    threshold = typical[feature] * np.exp(random.normal(0, 0.4, (nodes, trees)))
    return {
        "lDau": left,
        "rDau": right,
        "nodestatus": np.where(inner, -3, -1).astype(np.int32),
        "nrnodes": np.array([[nodes]], np.int32),
        "upper": np.where(inner, threshold, 0.0),
        "avnode": random.uniform(0, 10, (nodes, trees)),
        "mbest": np.where(inner, feature + 1, 0).astype(np.int32),
        "ndtree": created.astype(np.int32)[:, None],
        "ntree": np.array([[trees]], np.int32),
    }


def write_ma_model(
    path: Path, layout: Literal["ma", "pyiqa"] = "pyiqa", trees: int = TREES, nodes: int = NODES
) -> Path:
    """Write the model: "ma" keeps the forests in a column of cells (`rf = cell(3, 1)`), "pyiqa" in a row."""
    cells = np.empty((3, 1) if layout == "ma" else (1, 3), dtype=object)
    for group, typical in enumerate(typical_features()):
        cells.flat[group] = make_forest(typical, seed=group, trees=trees, nodes=nodes)
    savemat(path, {"model": {"rf": cells, "linear": LINEAR}}, do_compression=False)
    return path


def textured(height: int, width: int, seed: int = 1) -> np.ndarray:
    """Noise with a falling spectrum, as in photographs; uint8."""
    noise = np.fft.rfft2(np.random.default_rng(seed).normal(size=(height, width)))
    y, x = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    image = np.fft.irfft2(noise / (np.hypot(x, y) + 0.01), s=(height, width))
    return np.clip(128 + 40 * image / image.std(), 0, 255).astype(np.uint8)

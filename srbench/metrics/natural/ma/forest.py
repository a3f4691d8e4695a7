"""Random regression forests of MATLAB's randomforest port, as Ma's model file stores them.

Source: `regRF_predict` of randomforest-matlab (Jaiantilal), as `quality_predict.m` calls it: in an inner
node go left when the feature is at most the threshold; the forest's value is the mean over its trees.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srbench.core.compiled import compiled
from srbench.core.matlab import read_matlab
from srbench.core.records import UserError

FloatArray = NDArray[np.float64]

FEATURES = (18, 45, 75)
_FIELDS = ("lDau", "rDau", "upper", "avnode", "mbest")
_POSITIONS = (0, 1, 4, 5, 6)
_LIMIT = 1024**3  # bytes: three forests of 2000 trees of more than a thousand nodes, some hundred MB

# One node in one cache line: threshold (of a leaf: its value), the two children, the feature (a leaf: -1).
NODE = np.dtype([("threshold", "<f8"), ("left", "<i4"), ("right", "<i4"), ("feature", "<i4"), ("_", "<i4")])


@dataclass(frozen=True)
class Forest:
    """All nodes of all trees in one array (dtype `NODE`), and the index of each tree's root."""

    nodes: np.ndarray
    roots: NDArray[np.int64]


@dataclass(frozen=True)
class MaModel:
    """The four weights of the linear combination and the forests of the three feature groups."""

    linear: FloatArray
    forests: tuple[Forest, Forest, Forest]


def load_ma_model(path: Path) -> MaModel:
    """Read Ma's `model.mat` or pyiqa's copy of it, `NRQM_model.mat`.

    The forests may be a row or a column of cells, their fields named as in regRF_train or only in its
    order. UserError, naming the file and what is wrong, for a file that is missing, damaged or holds
    something else.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file (Ma's model)")
    content = read_matlab(path, "model", limit=_LIMIT)
    try:
        model = content["model"][0, 0]
        cells = model["rf"].ravel()
        linear = np.asarray(model["linear"], dtype=np.float64).ravel()
        tables = [_tables(cell) for cell in cells]
    except (AttributeError, KeyError, IndexError, ValueError, TypeError):
        raise UserError(f"{path}: not Ma's model: no struct `model` with `rf` and `linear`") from None
    if linear.shape != (4,) or not np.isfinite(linear).all() or len(tables) != 3:
        raise UserError(f"{path}: not Ma's model: {len(tables)} forests and {linear.size} linear weights")
    try:
        first, second, third = (
            packed_forest(*table, features=count) for table, count in zip(tables, FEATURES, strict=True)
        )
    except ValueError as error:
        raise UserError(f"{path}: a damaged forest: {error}") from None
    return MaModel(linear, (first, second, third))


def _tables(cell: Any) -> list[np.ndarray]:
    """Left and right child, threshold, value and feature, nodes x trees each."""
    record = cell[0, 0]
    if set(_FIELDS) <= set(record):
        return [np.asarray(record[field]) for field in _FIELDS]
    in_order = list(record.values())
    return [np.asarray(in_order[place]) for place in _POSITIONS]


def packed_forest(
    left: np.ndarray,
    right: np.ndarray,
    threshold: np.ndarray,
    value: np.ndarray,
    feature: np.ndarray,
    *,
    features: int,
) -> Forest:
    """Pack MATLAB's nodes x trees tables (indices from 1, 0 for none). ValueError if they are no forest."""
    shape = left.shape
    if (
        len(shape) != 2
        or 0 in shape
        or any(part.shape != shape for part in (right, threshold, value, feature))
    ):
        raise ValueError("its tables are of different shapes")
    count = shape[0]
    children = [part.T.astype(np.int64) for part in (left, right)]
    inner = children[0] > 0
    # MATLAB's trees are numbered so that a child comes after its parent: this is also why walks end.
    own = np.arange(1, count + 1)
    if any(((part <= own) | (part > count))[inner].any() for part in children):
        raise ValueError("a child before its parent, or after the last node")
    attribute = feature.T.astype(np.int64)
    if ((attribute < 1) | (attribute > features))[inner].any():
        raise ValueError(f"a feature that is not among the {features}")
    used = np.maximum(children[0], children[1]).max(axis=1, initial=1)
    roots = np.concatenate(([0], np.cumsum(used)[:-1]))
    kept = own <= used[:, None]
    nodes = np.zeros(int(used.sum()), NODE)
    nodes["threshold"] = np.where(inner, threshold.T, value.T)[kept]
    for side, part in zip(("left", "right"), children, strict=True):
        nodes[side] = np.where(inner, part - 1 + roots[:, None], 0)[kept]
    nodes["feature"] = np.where(inner, attribute - 1, -1)[kept]
    if not np.isfinite(nodes["threshold"]).all():
        raise ValueError("thresholds or values that are not finite")
    return Forest(nodes, roots)


def tree_values(forest: Forest, features: FloatArray) -> FloatArray:
    """The value of every tree for one vector of features, in the order of the file."""
    at = forest.roots.copy()
    _descend(forest.nodes, np.ascontiguousarray(features, dtype=np.float64), at)
    return forest.nodes["threshold"][at]


@compiled
def _descend(nodes: np.ndarray, features: FloatArray, at: NDArray[np.int64]) -> None:
    """Move `at` from the roots to the leaves, all trees one level at a time.

    Nodes of different trees do not depend on each other, so the processor waits for many of them from
    memory at once; down one tree after the other it would wait for each.
    """
    moved = True
    while moved:
        moved = False
        for tree in range(at.shape[0]):
            node = nodes[at[tree]]
            if node.feature >= 0:
                at[tree] = node.left if features[node.feature] <= node.threshold else node.right
                moved = True

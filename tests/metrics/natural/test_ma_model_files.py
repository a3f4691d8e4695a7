"""Ma's forests against a walk node by node; model files of both layouts and damaged ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from srbench.core.records import UserError
from srbench.metrics.natural.ma import MaModel, load_ma_model, tree_values
from tests.metrics.natural.ma_model import typical_features, write_ma_model


def walk(tables: dict[str, np.ndarray], tree: int, features: np.ndarray) -> float:
    """regRF_predict, one tree, one node at a time, straight from the file's tables."""
    node = 0
    while tables["lDau"][node, tree] > 0:
        feature = features[tables["mbest"][node, tree] - 1]
        side = "lDau" if feature <= tables["upper"][node, tree] else "rDau"
        node = tables[side][node, tree] - 1
    return float(tables["avnode"][node, tree])


def test_forests_equal_a_walk_node_by_node(model_file: Path, model: MaModel) -> None:
    cells = loadmat(model_file)["model"]["rf"][0, 0].ravel()
    random = np.random.default_rng(5)
    for forest, cell, typical in zip(model.forests, cells, typical_features(), strict=True):
        record = cell[0, 0]
        tables = {name: record[name] for name in ("lDau", "rDau", "upper", "avnode", "mbest")}
        for _ in range(2):
            features = typical * np.exp(random.normal(0, 0.4, typical.size))
            expected = [walk(tables, tree, features) for tree in range(2000)]
            assert tree_values(forest, features).tolist() == expected


def test_equal_thresholds_go_left() -> None:
    from srbench.metrics.natural.ma.forest import packed_forest

    table = {
        "lDau": [2, 0, 0],
        "rDau": [3, 0, 0],
        "upper": [0.5, 0, 0],
        "avnode": [0, 1, 9],
        "mbest": [1, 0, 0],
    }
    forest = packed_forest(*(np.array(column)[:, None] for column in table.values()), features=1)
    assert [tree_values(forest, np.array([x]))[0] for x in (0.4, 0.5, 0.5000001)] == [1, 1, 9]


def test_both_layouts(tmp_path: Path) -> None:
    row = load_ma_model(write_ma_model(tmp_path / "row.mat", "pyiqa", trees=20, nodes=63))
    column = load_ma_model(write_ma_model(tmp_path / "column.mat", "ma", trees=20, nodes=63))
    np.testing.assert_array_equal(row.linear, column.linear)
    for a, b in zip(row.forests, column.forests, strict=True):
        np.testing.assert_array_equal(a.nodes, b.nodes)
        np.testing.assert_array_equal(a.roots, b.roots)


def damaged(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.mat"
    if kind == "truncated":
        whole = write_ma_model(path, trees=5, nodes=31).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        return path
    if kind == "niqe":
        savemat(path, {"mu_prisparam": np.zeros((1, 36))})
        return path
    if kind == "absent":
        return path
    content: dict[str, Any] = loadmat(write_ma_model(path, trees=5, nodes=31))
    record = content["model"]["rf"][0, 0][0, 0][0, 0]
    field, value = {"cycle": ("lDau", 1), "feature": ("mbest", 99), "infinite": ("upper", np.inf)}[kind]
    record[field][0, 0] = value
    savemat(path, {"model": content["model"]})
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("truncated", "not a readable MATLAB file"),
        ("niqe", "not Ma's model"),
        ("absent", "no such file"),
        ("cycle", "child before its parent"),
        ("feature", "not among the 18"),
        ("infinite", "not finite"),
    ],
)
def test_bad_model_files(kind: str, message: str, tmp_path: Path) -> None:
    path = damaged(tmp_path, kind)
    with pytest.raises(UserError, match=message) as caught:
        load_ma_model(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)

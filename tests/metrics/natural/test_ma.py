"""Ma's score: the combination of features and forests, sizes and threads, images without a score."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np
import pytest

from srbench.core.records import Unscorable
from srbench.metrics.natural.ma import MaModel, ma, ma_features, tree_values
from tests.metrics.natural.ma_model import LINEAR, textured


def test_same_value_alone_among_threads_and_again(small_model: MaModel) -> None:
    images = [textured(80, 90, seed) for seed in range(4)]
    alone = [ma(image, small_model) for image in images]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda image: ma(image, small_model), images))
    np.testing.assert_allclose(together, alone, rtol=1e-9)
    assert [ma(image, small_model) for image in images] == alone


def test_numbers_of_features_and_the_combination(model: MaModel) -> None:
    image = textured(80, 90)
    groups = ma_features(image)
    assert [group.size for group in groups] == [18, 45, 75]
    means = [tree_values(forest, group).mean() for forest, group in zip(model.forests, groups, strict=True)]
    assert ma(image, model) == pytest.approx(float(np.array([1, *means]) @ LINEAR[:, 0]), rel=1e-12)


@pytest.mark.parametrize("shape", [(45, 45), (45, 300), (47, 46), (61, 59)])
@pytest.mark.parametrize("compatibility", ["ma", "pyiqa"])
def test_small_and_odd_sizes(
    shape: tuple[int, int], compatibility: Literal["ma", "pyiqa"], small_model: MaModel
) -> None:
    assert np.isfinite(ma(textured(*shape), small_model, compatibility=compatibility))


def test_partly_flat_image(small_model: MaModel) -> None:
    image = textured(90, 100)
    image[:50, :60] = 200
    assert np.isfinite(ma(image, small_model))


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (textured(44, 200), "at least 45 pixels"),
        (np.full((100, 100), 3, np.uint8), "constant"),
        (np.where(np.arange(100)[:, None] == 3, np.inf, np.ones((100, 100))), "not finite"),
    ],
)
def test_unscorable(image: np.ndarray, reason: str, small_model: MaModel) -> None:
    with pytest.raises(Unscorable, match=reason):
        ma(image, small_model)


def test_colour_is_the_callers_business(small_model: MaModel) -> None:
    with pytest.raises(ValueError, match="H x W"):
        ma(np.zeros((100, 100, 3)), small_model)

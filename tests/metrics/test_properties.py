"""What holds for every metric of the catalogue, whatever it measures; a new one is covered by being in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from srbench.core.files import cache_folder
from srbench.core.weights import pull
from srbench.metrics import Accumulated
from srbench.metrics.catalogue import METRICS
from srbench.metrics.contract import Metric, View
from srbench.metrics.deep.features import BACKBONES
from srbench.protocols import PROTOCOLS
from srbench.statistics.intervals import aggregate
from tests.metrics.deep_fixtures import distorted, with_random_weights
from tests.metrics.natural.ma_model import write_ma_model

SRBENCH = PROTOCOLS.get("srbench")
SMALL, LARGE = (48, 56), (200, 208)  # two blocks of NIQE a side


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights that are made, in the formats of the published ones."""
    folder = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(3)
    spread = rng.normal(size=(36, 36))
    savemat(
        folder / "niqe.mat",
        {
            "mu_prisparam": np.linspace(0.1, 1.0, 36)[None],
            "cov_prisparam": np.eye(36) + spread @ spread.T / 36,
        },
    )
    write_ma_model(folder / "ma.mat", trees=20, nodes=63)
    return folder


@pytest.fixture
def metrics(folder: Path) -> dict[str, Metric]:
    """Every metric of the catalogue, able to run in this test."""
    weights = cache_folder() / "weights"
    weights.mkdir(parents=True)
    for name in ("niqe.mat", "ma.mat"):
        (weights / name).write_bytes((folder / name).read_bytes())
    made = {}
    for backbone in BACKBONES:
        if backbone.name != "vgg19":
            made[backbone.name] = with_random_weights(backbone, folder)[0]
            pull(made[backbone.name].file, folder / f"{backbone.builder}-random.pth")

    def able(metric: Metric) -> Metric:
        compute: Any = metric.compute
        own = getattr(compute, "backbone", None)
        if own is None:
            return metric
        stand_in = replace(made[own.name], standardised=own.standardised)
        return replace(metric, compute=replace(compute, backbone=stand_in), weights=(stand_in.file,))

    return {metric.name: able(metric) for metric in METRICS}


def shape(metric: Metric) -> tuple[int, int]:
    """Large enough for a metric."""
    return SMALL if metric.needs_reference else LARGE


def views(seed: int, size: tuple[int, int]) -> tuple[View, View]:
    output, reference = distorted(size, seed)
    return View(output, SRBENCH, 4), View(reference, SRBENCH, 4)


every = pytest.mark.parametrize("name", METRICS.names())


@every
def test_the_reference_itself_has_the_best_value_and_values_keep_to_their_bounds(
    metrics: dict[str, Metric], name: str
) -> None:
    metric = metrics[name]
    output, reference = views(1, shape(metric))
    value = metric.score(output, reference)
    low, high = metric.bounds
    assert low is None or value >= low
    assert high is None or value <= high
    if metric.needs_reference:
        best = metric.score(View(reference.image, SRBENCH, 4), reference)
        assert best in (high, np.inf) if metric.higher_is_better else best == low
        assert value < best if metric.higher_is_better else value > best


def test_other_metrics_and_images_before_change_nothing(metrics: dict[str, Metric]) -> None:
    """What a view keeps for one metric must not serve another wrongly, nor one image another."""
    for size in (SMALL, LARGE):
        chosen = {name: metric for name, metric in metrics.items() if shape(metric) == size}
        alone = {name: metric.score(*views(2, size)) for name, metric in chosen.items()}
        output, reference = views(2, size)
        for name in reversed(chosen):
            chosen[name].score(*views(3, size))
            assert chosen[name].score(output, reference) == alone[name]
        assert {name: metric.score(output, reference) for name, metric in chosen.items()} == alone


@every
def test_the_order_of_the_two_images_of_a_distance_does_not_matter(
    metrics: dict[str, Metric], name: str
) -> None:
    metric = metrics[name]
    if not metric.needs_reference:
        pytest.skip("sees one image only")
    output, reference = views(4, shape(metric))
    again = metric.score(View(reference.image, SRBENCH, 4), View(output.image, SRBENCH, 4))
    assert metric.score(output, reference) == pytest.approx(again, rel=1e-6)


@every
def test_images_in_any_order_and_any_units_have_the_same_value(metrics: dict[str, Metric], name: str) -> None:
    """As uint8 from 0 to 255, or as floats from 0 to 1; one by one, or all at once, first to last or back."""
    metric = metrics[name]
    pairs = [distorted(shape(metric), seed) for seed in (5, 6, 7)]
    singly = [metric.score(*(View(image, SRBENCH, 4) for image in pair)) for pair in pairs]
    loop = Accumulated(metric, device="cpu")
    for pair in reversed(pairs):
        output, reference = ((image / 255).transpose(2, 0, 1) for image in pair)
        loop.update(output, reference if metric.needs_reference else None)
    assert loop.values == pytest.approx(singly[::-1], rel=1e-6)
    assert loop.compute() == pytest.approx(aggregate(singly, metric.aggregate), rel=1e-6)


@every
def test_a_gray_image_is_three_equal_channels_where_the_protocol_says_so(
    metrics: dict[str, Metric], name: str
) -> None:
    protocol = PROTOCOLS.get("basicsr")
    gray = [image[..., 1] for image in distorted(shape(metrics[name]), 8)]
    colour = [np.repeat(image[..., None], 3, axis=2) for image in gray]
    found = [
        metrics[name].score(*(View(image, protocol, 4) for image in images)) for images in (gray, colour)
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-12)

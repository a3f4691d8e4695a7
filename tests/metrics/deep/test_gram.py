"""The Gram distance against a direct evaluation of TSRN's equation 5 in float64."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from srbench.metrics.contract import View
from srbench.metrics.deep import lpips as lpips_module
from srbench.metrics.deep.features import ALEX, SQUEEZE, VGG, Backbone, open_network
from srbench.metrics.deep.gram import LAYERS, GramDistance, gram_sum, variants
from srbench.protocols import PROTOCOLS
from tests.metrics.deep_fixtures import distorted, pulled

PROTOCOL = PROTOCOLS.get("srbench")


@pytest.fixture(scope="module")
def published_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the made weights lie."""
    return tmp_path_factory.mktemp("published")


@pytest.fixture(params=[ALEX, SQUEEZE, VGG], ids=lambda backbone: backbone.name)
def backbone(request: pytest.FixtureRequest, published_folder: Path) -> Backbone:
    """Each network, with random weights."""
    return pulled(request.param, published_folder)[0]


def _value(metric: GramDistance, output: np.ndarray, reference: np.ndarray) -> float:
    return metric(View(output, PROTOCOL, 4), View(reference, PROTOCOL, 4))


def _equation_5(metric: GramDistance, output: np.ndarray, reference: np.ndarray) -> float:
    """The sums of the equation, written out, over the same features."""
    network = open_network(metric.backbone)
    images = [network.images([image]) for image in (output, reference)]
    if metric.features == "unit":
        features = [[layer[0].permute(2, 0, 1) for layer in network.features(image)] for image in images]
    else:
        features = [[layer[0] for layer in network.raw_features(image)] for image in images]
    total = 0.0
    for layer in metric.used:
        flat = [side[layer].flatten(1).double().numpy() for side in features]
        scale = flat[0].shape[1] if metric.normalisation == "positions" else 1
        first, second = (side @ side.T / scale for side in flat)
        total += float(np.sum((first - second) ** 2)) / first.shape[0] ** 2
    return total


def test_equals_equation_5(backbone: Backbone) -> None:
    output, reference = distorted((40, 52), 1)
    views = View(output, PROTOCOL, 4), View(reference, PROTOCOL, 4)
    for metric in variants(backbone):
        expected = _equation_5(metric, output, reference)
        assert expected > 0
        assert metric(*views) == pytest.approx(expected, rel=1e-6)


def test_similar_images_keep_their_digits(backbone: Backbone) -> None:
    _, reference = distorted((64, 64), 2)
    output = reference.copy()
    output[30:34, 30:34] ^= 3
    metric = GramDistance(backbone)
    assert _value(metric, output, reference) == pytest.approx(
        _equation_5(metric, output, reference), rel=1e-6
    )


def test_zero_and_symmetric(backbone: Backbone) -> None:
    output, reference = distorted((64, 80), 3)
    metric = GramDistance(backbone)
    assert _value(metric, reference, reference) == 0
    assert _value(metric, output, reference) == _value(metric, reference, output)


def test_streamed_equals_whole(backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    output, reference = distorted((113, 70), 4)
    for metric in (GramDistance(backbone), GramDistance(backbone, "all", "raw", "none")):
        whole = _value(metric, output, reference)
        with monkeypatch.context() as patch:
            patch.setattr(lpips_module, "KEEP_BYTES", 0)
            patch.setattr("srbench.metrics.deep.streaming._STRIP_BYTES", 300_000)
            assert _value(metric, output, reference) == pytest.approx(whole, rel=1e-5)


def test_batch_equals_single(backbone: Backbone) -> None:
    images = [distorted((64, 64), seed)[0] for seed in range(4)]
    network = open_network(backbone)
    metric = GramDistance(backbone, layers="all")
    together = metric.of_layers(network.features(network.images(images)))
    for index, image in enumerate(images):
        alone = metric.of_layers(network.features(network.images([image])))
        for a, b in zip(together, alone, strict=True):
            torch.testing.assert_close(a[index], b[0], rtol=1e-5, atol=1e-6)


def test_float32_against_float64(backbone: Backbone) -> None:
    output, reference = distorted((64, 64), 5)
    metric = GramDistance(backbone)
    network = open_network(backbone, dtype=torch.float64)
    grams = [metric.of_layers(network.features(network.images([image]))) for image in (output, reference)]
    expected = sum(float(((a - b) ** 2).mean()) for a, b in zip(*grams, strict=True))
    assert _value(metric, output, reference) == pytest.approx(expected, rel=1e-4)


def test_layers_lie_between_the_poolings(backbone: Backbone) -> None:
    """Section 7: nothing before the first pooling, nothing after the penultimate (or last) one."""
    kinds = [type(layer).__name__ for layer in open_network(backbone).layers]
    poolings = [index for index, kind in enumerate(kinds) if kind == "MaxPool2d"]
    # torchvision's AlexNet and VGG end with one more pooling, behind the last layer that is read.
    poolings += [len(kinds)] * (backbone.name in ("alex", "vgg"))
    for reading, last in (("penultimate", poolings[-2]), ("last", poolings[-1])):
        between = [n for n, index in enumerate(backbone.layers) if poolings[0] < index < last]
        assert list(LAYERS[backbone.name, reading]) == between  # type: ignore[index]


def test_gram_sum_of_a_batch() -> None:
    features = torch.randn(3, 5, 7, 6, generator=torch.Generator().manual_seed(1))
    expected = torch.einsum("nhwc,nhwd->ncd", features.double(), features.double())
    torch.testing.assert_close(gram_sum(features), expected)

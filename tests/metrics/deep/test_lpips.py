"""LPIPS and Net-F against the lpips package and pyiqa with the same weights; patches, streaming, errors."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import lpips as package
import numpy as np
import pytest
import torch
import torchvision

from srbench.core.records import Unscorable, UserError
from srbench.core.weights import missing_weights, pull
from srbench.images.codec import read_image
from srbench.metrics.catalogue import METRICS
from srbench.metrics.contract import View
from srbench.metrics.deep import lpips as module
from srbench.metrics.deep.features import ALEX, SQUEEZE, VGG, Backbone, Network, open_network
from srbench.metrics.deep.gram import GramDistance
from srbench.metrics.deep.lpips import FeatureDistance, Release, linear_heads, sum_layers, tsrn_patches
from srbench.protocols import PROTOCOLS
from tests.metrics.deep_fixtures import distorted, no_initialisation, random_classifier, with_random_weights

SRBENCH = PROTOCOLS.get("srbench")
TSRN = PROTOCOLS.get("tsrn")
BUILDERS = ("alexnet", "squeezenet1_1", "vgg16")


class Both:
    """One network with the same random weights here and in the lpips package."""

    def __init__(self, backbone: Backbone, folder: Path) -> None:
        self.backbone, network = with_random_weights(backbone, folder)
        self.published = folder / f"{backbone.builder}-random.pth"
        self.official = {linear: self._official(network, linear) for linear in (True, False)}

    def _official(self, network: torch.nn.Module, linear: bool) -> torch.nn.Module:
        with no_initialisation(), warnings.catch_warnings(action="ignore"):
            made = package.LPIPS(net=self.backbone.name, lpips=linear, pnet_rand=True, verbose=False).eval()
        _copy_features(made.net, network)
        return made

    def ours(self, output: np.ndarray, reference: np.ndarray, *, linear: bool = True) -> float:
        metric = FeatureDistance(self.backbone, linear=linear, patches=True)
        return metric(View(output, SRBENCH, 4), View(reference, SRBENCH, 4))

    def theirs(
        self, outputs: list[np.ndarray], references: list[np.ndarray], *, linear: bool = True
    ) -> list[float]:
        with torch.no_grad():
            values = self.official[linear](_tensor(references), _tensor(outputs))
        return values.flatten().tolist()


def _copy_features(slices: torch.nn.Module, network: torch.nn.Module) -> None:
    layers = [
        layer
        for name, part in slices.named_children()
        if name.startswith("slice")
        for layer in part.children()
    ]
    for layer, source in zip(layers, network.features, strict=False):  # type: ignore[arg-type]
        layer.load_state_dict(source.state_dict())


def _tensor(images: list[np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 127.5 - 1


@pytest.fixture(scope="module", params=[ALEX, SQUEEZE, VGG], ids=lambda backbone: backbone.name)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """Each of the three networks."""
    return Both(request.param, tmp_path_factory.mktemp(request.param.name))


@pytest.fixture
def both(built: Both) -> Both:
    """Each of the three networks, its weights pulled into this test's cache."""
    pull(built.backbone.file, built.published)
    return built


@pytest.fixture(scope="module")
def built_alex(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """AlexNet alone."""
    return Both(ALEX, tmp_path_factory.mktemp("alone"))


@pytest.mark.parametrize("linear", [True, False])
@pytest.mark.parametrize("shape", [(64, 64), (75, 121)])
def test_equals_the_lpips_package(both: Both, shape: tuple[int, int], linear: bool) -> None:
    output, reference = distorted(shape, 5)
    expected = both.theirs([output], [reference], linear=linear)[0]
    assert both.ours(output, reference, linear=linear) == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert expected > 1e-3


def test_the_first_release_equals_the_lpips_package(both: Both) -> None:
    """v0.0 (January 2018): other linear weights, and inputs that are not standardised."""
    with no_initialisation(), warnings.catch_warnings(action="ignore"):
        official = package.LPIPS(net=both.backbone.name, version="0.0", pnet_rand=True, verbose=False).eval()
    _copy_features(official.net, random_classifier(both.backbone))
    output, reference = distorted((75, 121), 5)
    with torch.no_grad():
        expected = float(official(_tensor([reference]), _tensor([output])))
    entry = METRICS.get(f"lpips-{both.backbone.name}-v0.0")
    first = replace(entry.compute, backbone=replace(both.backbone, standardised=False))  # type: ignore[type-var]
    views = View(output, SRBENCH, 4), View(reference, SRBENCH, 4)
    assert first(*views) == pytest.approx(expected, rel=1e-5, abs=1e-6)  # type: ignore[operator]
    # Features of one release never serve the other.
    latest = FeatureDistance(both.backbone, linear=True)(*views)
    assert latest == both.ours(output, reference)
    assert latest != pytest.approx(expected, rel=1e-2)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_batches_equal_the_package_and_single_images(both: Both, count: int) -> None:
    pairs = [distorted((64, 64), seed) for seed in range(count)]
    outputs, references = [a for a, _ in pairs], [b for _, b in pairs]
    network = open_network(both.backbone)
    weights = FeatureDistance(both.backbone, linear=True).weights(network)
    with torch.inference_mode():
        found = sum_layers(
            network.features(network.images(outputs)), network.features(network.images(references)), weights
        )
    assert found.tolist() == pytest.approx(both.theirs(outputs, references), abs=1e-6)
    single = [both.ours(output, reference) for output, reference in pairs]
    assert found.tolist() == pytest.approx(single, abs=1e-6)


def _without_weights(builder: Callable[[], torch.nn.Module]) -> Callable[..., torch.nn.Module]:
    return lambda **_: builder()


def test_equals_pyiqa(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyiqa.archs.lpips_arch import LPIPS

    # pyiqa asks torchvision for ImageNet weights even where it is told not to.
    builders = {name: getattr(torchvision.models, name) for name in BUILDERS}
    models = SimpleNamespace(**{name: _without_weights(builder) for name, builder in builders.items()})
    monkeypatch.setattr("pyiqa.archs.lpips_arch.models", models)
    with no_initialisation():
        peer = LPIPS(net=both.backbone.name, pnet_rand=True, pretrained=False).eval()
    peer.load_state_dict(both.official[True].state_dict())
    output, reference = distorted((80, 96), 6)
    with torch.no_grad():
        value = peer(_tensor([output]), _tensor([reference]), normalize=False)
    assert both.ours(output, reference) == pytest.approx(float(value), abs=1e-5)


def test_identical_images_and_symmetry(both: Both) -> None:
    output, reference = distorted((64, 70), 7)
    assert both.ours(reference, reference) == 0
    assert both.ours(output, reference) == pytest.approx(both.ours(reference, output), abs=1e-9)


def test_float32_against_float64(both: Both) -> None:
    output, reference = distorted((64, 64), 8)
    network = open_network(both.backbone, dtype=torch.float64)
    weights = FeatureDistance(both.backbone, linear=True).weights(network)
    a, b = (network.features(network.images([image])) for image in (output, reference))
    assert both.ours(output, reference) == pytest.approx(float(sum_layers(a, b, weights)), rel=1e-4)


def test_streamed_equals_whole(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    output, reference = distorted((117, 90), 9)
    whole = both.ours(output, reference)
    monkeypatch.setattr(module, "KEEP_BYTES", 0)
    monkeypatch.setattr("srbench.metrics.deep.streaming._STRIP_BYTES", 300_000)
    assert both.ours(output, reference) == pytest.approx(whole, rel=1e-5, abs=1e-7)


def test_memory_that_runs_out_is_made_do(
    both: Both, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output, reference = distorted((90, 70), 13)
    gram = GramDistance(both.backbone)
    views = View(output, SRBENCH, 4), View(reference, SRBENCH, 4)
    expected = both.ours(output, reference), gram(*views)

    def fail(self: Network, images: torch.Tensor) -> list[torch.Tensor]:
        raise torch.OutOfMemoryError("made")

    monkeypatch.setattr(Network, "features", fail)
    assert both.ours(output, reference) == pytest.approx(expected[0], rel=1e-5)
    assert "going on in strips" in capsys.readouterr().err
    views = View(output, SRBENCH, 4), View(reference, SRBENCH, 4)
    assert gram(*views) == pytest.approx(expected[1], rel=1e-5)


def test_patches_go_in_smaller_batches_where_memory_runs_out(
    both: Both, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output, reference = distorted((130, 135), 14)
    metric = FeatureDistance(both.backbone, linear=True, patches=True)
    expected = metric(View(output, TSRN, 4), View(reference, TSRN, 4))
    compute = Network.features

    def small(self: Network, images: torch.Tensor) -> list[torch.Tensor]:
        if len(images) > 1:
            raise torch.OutOfMemoryError("made")
        return compute(self, images)

    monkeypatch.setattr(Network, "features", small)
    assert metric(View(output, TSRN, 4), View(reference, TSRN, 4)) == pytest.approx(expected, rel=1e-5)
    assert "too small for batches of 4; going on with 2" in capsys.readouterr().err


def test_reference_features_are_computed_once(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    compute = Network.features
    monkeypatch.setattr(Network, "features", lambda self, images: calls.append(1) or compute(self, images))
    reference = View(distorted((64, 64), 10)[1], SRBENCH, 4)
    for linear in (True, False):
        metric = FeatureDistance(both.backbone, linear=linear)
        for seed in range(3):
            metric(View(distorted((64, 64), seed)[0], SRBENCH, 4), reference)
    assert len(calls) == 1 + 2 * 3


def test_grayscale_is_replicated(both: Both) -> None:
    output, reference = (image[:, :, 0] for image in distorted((64, 64), 11))
    colour = [np.repeat(image[:, :, None], 3, axis=2) for image in (output, reference)]
    assert both.ours(output, reference) == both.ours(*colour)


def test_tsrn_is_the_mean_over_patches(built_alex: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    both = built_alex
    pull(both.backbone.file, both.published)
    output, reference = distorted((140, 201), 12)
    # The shorter side 140 holds 2 x 64; the centre crop begins at (6, 36).
    corners = [(y, x) for y in (6, 70) for x in (36, 100)]
    cut = [[image[y : y + 64, x : x + 64] for y, x in corners] for image in (output, reference)]
    expected = np.mean(both.theirs(*cut))
    metric = FeatureDistance(both.backbone, linear=True, patches=True)
    assert metric(View(output, TSRN, 4), View(reference, TSRN, 4)) == pytest.approx(expected, abs=1e-6)
    monkeypatch.setattr(module, "KEEP_BYTES", 64 * 64 * both.backbone.bytes_per_pixel)
    assert metric(View(output, TSRN, 4), View(reference, TSRN, 4)) == pytest.approx(expected, abs=1e-6)


def test_patches_need_64_pixels() -> None:
    assert len(tsrn_patches(np.zeros((64, 300, 3), np.uint8))) == 1
    assert len(tsrn_patches(np.zeros((191, 200, 3), np.uint8))) == 4
    with pytest.raises(Unscorable, match="no 64x64 patch"):
        tsrn_patches(np.zeros((63, 300, 3), np.uint8))


@pytest.mark.published_weights
@pytest.mark.parametrize(("name", "value"), [("ex_p0", 0.722), ("ex_p1", 0.138)])
def test_the_official_example(shared: Path, name: str, value: float) -> None:
    """README of richzhang/PerceptualSimilarity: `lpips_2imgs.py` on its imgs/ex_*.png, AlexNet, three digits.

    Runs where torchvision's published AlexNet is in torch hub's folder.
    """
    if missing_weights((ALEX.file,), command=""):
        pytest.skip("torchvision's AlexNet weights are not here")
    files = {path.stem: path for path in (shared / "data" / "lpips_example").rglob("*.png")}
    views = [View(read_image(files[stem]), SRBENCH, 4) for stem in (name, "ex_ref")]
    assert FeatureDistance(ALEX, linear=True)(*views) == pytest.approx(value, abs=6e-4)


@pytest.mark.parametrize("release", ["v0.1", "v0.0"])
def test_heads_are_the_published_ones(release: Release) -> None:
    for backbone in (ALEX, SQUEEZE, VGG):
        heads = linear_heads(backbone, release)
        assert tuple(head.numel() for head in heads) == backbone.channels
        assert all(bool((head >= 0).all()) for head in heads)


def test_other_heads_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "lpips"
    (folder / "weights" / "v0.1").mkdir(parents=True)
    (folder / "__init__.py").touch()
    spec = importlib.util.spec_from_file_location(
        "lpips", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    monkeypatch.setattr("importlib.util.find_spec", lambda _: spec)
    with pytest.raises(UserError, match="missing from the package"):
        linear_heads(ALEX)
    (folder / "weights" / "v0.1" / "alex.pth").write_bytes(b"x")
    with pytest.raises(UserError, match="not the published LPIPS"):
        linear_heads(ALEX)

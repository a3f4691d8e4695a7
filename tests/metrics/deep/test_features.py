"""Shared backbones: where their weights are found, that wrong ones are refused, and what they compute."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision

from srbench.core.records import Unscorable, UserError
from srbench.core.weights import locate, missing_weights, pull
from srbench.metrics.deep.features import ALEX, BACKBONES, SQUEEZE, VGG, VGG19, Backbone, open_network
from srbench.metrics.deep.streaming import stream_features
from tests.metrics.deep_fixtures import distorted, pulled, random_classifier, with_random_weights


@pytest.fixture(params=BACKBONES, ids=lambda backbone: backbone.name)
def random_backbone(
    request: pytest.FixtureRequest, published_folder: Path
) -> tuple[Backbone, torch.nn.Module]:
    """A backbone with pulled random weights, and torchvision's network with the same."""
    return pulled(request.param, published_folder)


@pytest.fixture(scope="module")
def published_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the made weights lie."""
    return tmp_path_factory.mktemp("published")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address under which a loopback server offers it."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(_QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{web.server_address[1]}"
        web.shutdown()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def test_urls_and_hashes_are_torchvisions() -> None:
    weights = torchvision.models
    published = {
        "alex": weights.AlexNet_Weights.IMAGENET1K_V1,
        "squeeze": weights.SqueezeNet1_1_Weights.IMAGENET1K_V1,
        "vgg": weights.VGG16_Weights.IMAGENET1K_V1,
        "vgg19": weights.VGG19_Weights.IMAGENET1K_V1,
    }
    for backbone in BACKBONES:
        assert backbone.file.url == published[backbone.name].url
        assert f"-{backbone.file.sha256[0][:8]}.pth" in str(backbone.file.url)
        assert backbone.file.size == round(published[backbone.name].meta["_file_size"] * 2**20)


def test_listing_imports_no_torch() -> None:
    code = (
        "import sys, srbench.metrics.catalogue as c; [m.unavailable() for m in c.METRICS]; "
        "assert 'torch' not in sys.modules and 'torchvision' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_features_are_those_of_torchvision(random_backbone: tuple[Backbone, torch.nn.Module]) -> None:
    backbone, network = random_backbone
    output, reference = distorted((40, 56), 1)
    opened = open_network(backbone)
    images = opened.images([output, reference])
    pixels = torch.from_numpy(np.stack([output, reference])).permute(0, 3, 1, 2) / 255
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    # torchvision's normalisation of [0, 1] images is LPIPS's of [-1, 1] images.
    expected = (pixels - mean[:, None, None]) / deviation[:, None, None]
    torch.testing.assert_close(images.contiguous(), expected, atol=1e-5, rtol=0)
    found = opened.features(images)
    assert [layer.shape[-1] for layer in found] == list(backbone.channels)
    for layer, features in zip(backbone.layers, found, strict=True):
        raw = network.features[: layer + 1](images.contiguous())  # type: ignore[index]
        unit = raw / (raw.square().sum(1, keepdim=True).sqrt() + 1e-10)
        torch.testing.assert_close(features, unit.permute(0, 2, 3, 1), atol=2e-6, rtol=0)


def test_float32_against_float64(random_backbone: tuple[Backbone, torch.nn.Module]) -> None:
    backbone, _ = random_backbone
    output, _ = distorted((64, 64), 2)
    single, double = (open_network(backbone, dtype=dtype) for dtype in (torch.float32, torch.float64))
    for a, b in zip(
        single.features(single.images([output])), double.features(double.images([output])), strict=True
    ):
        torch.testing.assert_close(a.double(), b, atol=1e-5, rtol=1e-4)


def test_loaded_once_per_process(random_backbone: tuple[Backbone, torch.nn.Module]) -> None:
    backbone, _ = random_backbone
    assert open_network(backbone) is open_network(backbone)
    assert open_network(backbone) is not open_network(backbone, dtype=torch.float64)


@pytest.mark.parametrize("shape", [(97, 61), (64, 64), (83, 120)])
def test_strips_are_the_whole(
    random_backbone: tuple[Backbone, torch.nn.Module],
    shape: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backbone, _ = random_backbone
    network = open_network(backbone)
    images = network.images(list(distorted(shape, 3)))
    whole = network.features(images)
    strips: dict[int, list[torch.Tensor]] = {}
    monkeypatch.setattr("srbench.metrics.deep.streaming._STRIP_BYTES", 300_000)
    stream_features(network, images, lambda layer, strip: strips.setdefault(layer, []).append(strip))
    assert len(strips[0]) > 3
    for layer, features in enumerate(whole):
        torch.testing.assert_close(torch.cat(strips[layer], dim=1), features, atol=3e-6, rtol=0)


def test_smallest_side(random_backbone: tuple[Backbone, torch.nn.Module]) -> None:
    backbone, _ = random_backbone
    network = open_network(backbone)
    side = backbone.smallest
    image, _ = distorted((side, side), 4)
    assert network.features(network.images([image]))[-1].shape[1:3] == (1, 1)
    with pytest.raises(Unscorable, match="too few"):
        network.images([image[: side - 1]])


def test_missing_weights_name_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert missing_weights((ALEX.file,), command="srbench metrics pull lpips-alex") == (
        "weights torchvision-alexnet-owt are not here: srbench metrics pull lpips-alex "
        "(https://download.pytorch.org/models/alexnet-owt-7be5be79.pth, 244.4 MB), "
        "or give a file with --from FILE"
    )
    with pytest.raises(UserError, match="srbench metrics pull lpips-vgg"):
        open_network(VGG)


def test_torch_hubs_copy_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backbone, _ = with_random_weights(SQUEEZE, tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    assert missing_weights((backbone.file,), command="x") is not None
    checkpoints = tmp_path / "torch" / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    copy = checkpoints / "squeezenet1_1-random.pth"
    copy.write_bytes(b"something else")
    assert missing_weights((backbone.file,), command="x") is not None
    shutil.copyfile(tmp_path / copy.name, copy)
    assert missing_weights((backbone.file,), command="x") is None
    assert locate(backbone.file, command="x") == copy
    open_network(backbone)


def test_download_is_verified(
    tmp_path: Path, server: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, address = server
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    backbone, network = with_random_weights(SQUEEZE, folder)
    name = f"{backbone.builder}-random.pth"
    good = replace(backbone.file, url=f"{address}/{name}")
    pull(good)
    assert good.cached.read_bytes() == (folder / name).read_bytes()
    loaded = open_network(replace(backbone, file=good)).layers.state_dict()
    for key, value in network.features.state_dict().items():  # type: ignore[union-attr]
        assert torch.equal(loaded[key], value)
    (folder / "other.pth").write_bytes(b"not the weights")
    bad = replace(good, name="bad", url=f"{address}/other.pth")
    with pytest.raises(UserError, match="not the published bad"):
        pull(bad)
    assert not bad.cached.exists()
    with pytest.raises(UserError, match="--from FILE"):
        pull(replace(good, name="gone", url=f"{address}/gone.pth"))


def test_another_networks_weights_are_refused(tmp_path: Path) -> None:
    backbone, _ = with_random_weights(SQUEEZE, tmp_path)
    pull(backbone.file, tmp_path / f"{backbone.builder}-random.pth")
    with pytest.raises(
        UserError, match=r"does not hold the weights of VGG-19: 0\.weight is 64x3x3x3|missing"
    ):
        open_network(replace(VGG19, file=backbone.file))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 damaged", b"\x80\x02}q\x00."])
def test_damaged_files_are_refused(tmp_path: Path, content: bytes) -> None:
    backbone, _ = with_random_weights(SQUEEZE, tmp_path)
    file = replace(backbone.file, sha256=("",))
    broken = tmp_path / "broken.pth"
    broken.write_bytes(content)
    pull(file, broken)
    with pytest.raises(UserError):
        open_network(replace(backbone, file=file))


def test_pickles_that_run_code_are_refused(tmp_path: Path) -> None:
    backbone, _ = with_random_weights(SQUEEZE, tmp_path)
    file = replace(backbone.file, sha256=("",))
    torch.save(random_classifier(SQUEEZE), tmp_path / "module.pth")
    pull(file, tmp_path / "module.pth")
    with pytest.raises(UserError, match="not a torch file of weights"):
        open_network(replace(backbone, file=file))

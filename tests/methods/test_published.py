"""Methods with published weights: the loaders, and the published numbers on real images."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from srbench.core.files import file_hash
from srbench.core.records import UserError
from srbench.core.weights import Tensors, load, pull
from srbench.images.codec import read_image
from srbench.images.pixels import as_rgb, crop_border, crop_to_multiple, luma
from srbench.images.resize import pil_reduce
from srbench.methods.catalogue import METHODS
from srbench.methods.families.build import converter
from srbench.methods.families.enhancenet import enhancenet_names
from srbench.methods.families.lapsrn import LAPSRN, lapsrn_names
from srbench.methods.families.vdsr import VDSR, vdsr_names
from srbench.methods.networks.method import NetworkMethod
from srbench.methods.networks.specification import load_into
from srbench.metrics.luma.distortion import psnr
from tests.methods.files.tensorflow_writer import checkpoint
from tests.methods.models import CPU, picture, random_network, sample, upscaler

SET5 = ["img_001", "img_002", "img_003", "img_004", "img_005"]


def tensors_of(module: object) -> Tensors:
    return {name: tensor.numpy() for name, tensor in module.state_dict().items()}  # type: ignore[attr-defined]


def enhancenet_checkpoint(tensors: Tensors) -> dict[str, np.ndarray]:
    """The authors' naming: convolutions numbered in order, HWIO."""
    layers = list(dict.fromkeys(name.rpartition(".")[0] for name in tensors))
    result = {}
    for place, layer in enumerate(layers):
        scope = f"generator/Conv_{place}" if place else "generator/Conv"
        weight = tensors[f"{layer}.weight"].transpose(2, 3, 1, 0)
        result[f"{scope}/weights"] = np.ascontiguousarray(weight)
        result[f"{scope}/biases"] = tensors[f"{layer}.bias"]
    return result


def test_enhancenet_checkpoint_loads_with_equal_output(tmp_path: Path) -> None:
    from srbench.methods.families.enhancenet import ENHANCENET

    original = random_network(ENHANCENET)
    path = tmp_path / "weights"
    path.write_bytes(checkpoint(enhancenet_checkpoint(tensors_of(original))))
    loaded = ENHANCENET.build()
    load_into(loaded, converter(ENHANCENET, enhancenet_names)(path), "test")
    image = sample(picture(6, 7), 4)
    np.testing.assert_array_equal(upscaler(ENHANCENET, loaded)(image), upscaler(ENHANCENET, original)(image))


@pytest.mark.parametrize("fault", ["missing", "extra", "shape"])
def test_a_tensor_that_does_not_fit_is_named(tmp_path: Path, fault: str) -> None:
    from srbench.methods.families.enhancenet import ENHANCENET

    tensors = enhancenet_checkpoint(tensors_of(ENHANCENET.build()))
    if fault == "missing":
        del tensors["generator/Conv_7/biases"]
        message = r"blocks\.3\.first\.bias \(64,\) is missing"
    elif fault == "extra":
        tensors["generator/Conv_25/biases"] = np.zeros(3, np.float32)
        message = r"generator/Conv_25/biases \(3,\) is not part of the network"
    else:
        tensors["generator/Conv_24/biases"] = np.zeros(4, np.float32)
        message = r"tail\.bias \(generator/Conv_24/biases in the file\) has the shape \(4,\), not \(3,\)"
    path = tmp_path / "weights"
    path.write_bytes(checkpoint(tensors))
    with pytest.raises(UserError, match=message):
        converter(ENHANCENET, enhancenet_names)(path)


def vdsr_names_of_the_third_party(tensors: Tensors) -> Tensors:
    result = {"input.weight": tensors["head.weight"], "output.weight": tensors["tail.weight"]}
    for layer in range(18):
        result[f"residual_layer.{layer}.conv.weight"] = tensors[f"body.{layer}.weight"]
    return result


def lapsrn_names_of_the_third_party(tensors: Tensors) -> Tensors:
    result = {"conv_input.weight": tensors["head.weight"]}
    for level in (1, 2):
        ours = f"levels.{level - 1}"
        for layer in range(10):
            result[f"convt_F{level}.0.cov_block.{2 * layer}.weight"] = tensors[f"{ours}.body.{layer}.weight"]
        result[f"convt_F{level}.0.cov_block.20.weight"] = tensors[f"{ours}.up_features.weight"]
        result[f"convt_I{level}.weight"] = tensors[f"{ours}.up_image.weight"]
        result[f"convt_R{level}.weight"] = tensors[f"{ours}.residual.weight"]
    return result


@pytest.mark.parametrize("name", ["vdsr", "lapsrn"])
def test_third_party_safetensors_load_with_equal_output(tmp_path: Path, name: str) -> None:
    from safetensors.numpy import save_file

    spec, theirs, rename = {
        "vdsr": (VDSR, vdsr_names_of_the_third_party, vdsr_names),
        "lapsrn": (LAPSRN, lapsrn_names_of_the_third_party, lapsrn_names),
    }[name]
    original = random_network(spec)
    path = tmp_path / "model.safetensors"
    save_file(theirs(tensors_of(original)), path)
    loaded = spec.build()
    load_into(loaded, converter(spec, rename)(path), "test")
    image = sample(picture(6, 7), 4)
    np.testing.assert_array_equal(upscaler(spec, loaded)(image), upscaler(spec, original)(image))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of a folder of the test, on this machine."""
    (tmp_path / "served").mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_download_is_verified_by_the_published_beginning_of_the_hash(tmp_path: Path, served: str) -> None:
    """`edsr_baseline_x4-6b446fab.pt` and others carry eight digits of their hash in their name."""
    import torch

    method = METHODS.get("edsr-baseline")
    assert isinstance(method, NetworkMethod)
    with torch.device("meta"):
        shapes = method.network(4).build().state_dict()
    path = tmp_path / "served" / "model.pt"
    torch.save({name: torch.zeros(tensor.shape) for name, tensor in shapes.items()}, path)
    beginning = file_hash(path)[:8]
    weights = replace(method.weights[0], url=f"{served}/model.pt", sha256=(beginning,))
    tensors, metadata = load(pull(weights))
    assert tensors.keys() == shapes.keys()
    assert metadata["sha256"].startswith(beginning)
    assert metadata["license"] == "MIT"
    wrong = replace(weights, name="other", sha256=("00000000",))
    with pytest.raises(UserError, match="is not the published other"):
        pull(wrong)
    assert not wrong.cached.exists()


# Means over Set5 at 4x, 4-pixel border, Y rounded (BT.601), one thread of a CPU in float32.
# enet-pat: 28.56 in EnhanceNet's Table 2, on PIL-Lanczos inputs; 28.846 on MATLAB inputs is measured.
# vdsr: 31.35 in VDSR's Table 2; the third party's weights give 31.44 on unrounded Y.
# lapsrn: 31.54 in LapSRN's Table 3; the third party's weights are a little better.
@pytest.mark.parametrize(
    ("name", "file", "inputs", "expected"),
    [
        ("enet-pat", "enhancenet_pat_official/weights", "pil", 28.564),
        ("enet-pat", "enhancenet_pat_official/weights", "matlab", 28.846),
        pytest.param(
            "vdsr-twtygqyy", "vdsr_pytorch_twtygqyy.safetensors", "matlab", 31.426, marks=pytest.mark.slow
        ),
        ("lapsrn-twtygqyy", "lapsrn_pytorch_twtygqyy.safetensors", "matlab", 31.616),
    ],
)
def test_set5(shared: Path, name: str, file: str, inputs: str, expected: float) -> None:
    method = METHODS.get(name)
    assert method.unavailable() is not None
    pull(method.weights[0], shared / "weights" / file)
    assert method.unavailable() is None
    upscale = method.open(CPU)
    values = []
    for image in SET5:
        folder = shared / "data" / "Set5" / "image_SRF_4"
        reference = read_image(folder / f"{image}_SRF_4_HR.png")
        low = read_image(folder / f"{image}_SRF_4_LR.png")
        if inputs == "pil":
            low = pil_reduce(crop_to_multiple(as_rgb(reference), 4), 4, kernel="lanczos")
        result = upscale(sample(low, 4))
        planes = (luma(crop_border(i, 4), "bt601-rounded", gray="full-range") for i in (result, reference))
        values.append(psnr(*planes))
    assert np.mean(values) == pytest.approx(expected, abs=0.002)

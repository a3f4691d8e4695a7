"""Models that users bring: checkpoints, ONNX, exported programs, TorchScript, Python functions."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from srbench.core.records import UsageError, UserError
from srbench.methods.catalogue import METHODS, resolve
from srbench.methods.contract import Runtime
from srbench.methods.families.drcn import drcn
from srbench.methods.families.edsr import edsr_baseline
from srbench.methods.families.enhancenet import ENHANCENET
from srbench.methods.families.espcn import espcn
from srbench.methods.families.lapsrn import lapsrn, ms_lapsrn
from srbench.methods.families.rrdb import rrdb
from srbench.methods.families.srcnn import srcnn
from srbench.methods.families.srresnet import srresnet
from srbench.methods.families.tsrn import tsrn
from srbench.methods.families.vdsr import vdsr
from srbench.methods.files import programs
from srbench.methods.files.checkpoints import containers
from srbench.methods.files.checkpoints.containers import read_tensors
from srbench.methods.networks.method import NetworkMethod
from srbench.methods.networks.specification import NetworkSpec
from tests.methods.formats import rrdb_first_generation, rrdb_second_generation
from tests.methods.models import CPU, grey_difference, picture, random_network, sample, upscaler
from tests.methods.programs import Enlarge, run, save_onnx, save_script


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("generation", [rrdb_first_generation, rrdb_second_generation, dict])
def test_own_networks_are_recognised(tmp_path: Path, suffix: str, generation: type) -> None:
    from safetensors.torch import save_file

    spec = rrdb(2)
    original = random_network(spec)
    state = generation(original.state_dict())
    path = tmp_path / f"model{suffix}"
    if suffix == ".pth":
        torch.save({"params_ema": state}, path)
    else:
        save_file({name: tensor.contiguous() for name, tensor in state.items()}, path)
    image = picture(5, 6)
    expected = upscaler(spec, original)(sample(image, 4))
    np.testing.assert_array_equal(run(str(path), image, 4), expected)


FAMILIES: dict[str, Callable[[int], NetworkSpec]] = {
    "vdsr": vdsr,
    "lapsrn": lapsrn,
    "ms_lapsrn": ms_lapsrn,
    "drcn": drcn,
    "tsrn": tsrn,
    "srresnet": srresnet,
    "edsr_baseline": edsr_baseline,
    "srcnn": srcnn,
    "espcn": espcn,
}


@pytest.mark.parametrize(
    ("name", "scale", "works_at"),
    [
        ("enhancenet", 4, 4),
        ("vdsr", 4, 3),
        ("lapsrn", 2, 2),
        ("ms_lapsrn", 4, 8),
        ("drcn", 2, 3),
        ("tsrn", 8, 8),
        ("srresnet", 2, 2),
        ("edsr_baseline", 3, 3),
        ("srcnn", 4, 2),
        ("espcn", 3, 3),
    ],
)
def test_every_family_is_recognised(tmp_path: Path, name: str, scale: int, works_at: int) -> None:
    """Its pixels are those of the network that was saved, its statistics of normalisation included."""

    def specification(scale: int) -> NetworkSpec:
        return ENHANCENET if name == "enhancenet" else FAMILIES[name](scale)

    original = random_network(specification(scale))
    path = tmp_path / "model.pt"
    torch.save(original.state_dict(), path)
    spec = specification(works_at)
    module = spec.build()
    module.load_state_dict(original.state_dict())
    image = picture(4, 5)
    # The range of a network with random weights cannot be found out.
    stated = f"{path}:range=signed-output" if name == "srresnet" else str(path)
    np.testing.assert_array_equal(
        run(stated, image, works_at), upscaler(spec, module)(sample(image, works_at))
    )


def test_finding_the_range_leaves_the_weights_alone(tmp_path: Path) -> None:
    """Batch normalisation would take the image that finds the range for one to learn from."""
    method = METHODS.get("srresnet-mse")
    assert isinstance(method, NetworkMethod)
    path = tmp_path / "model.pt"
    torch.save(method.module(4).state_dict(), path)
    low = picture(4, 5)
    np.testing.assert_array_equal(run(str(path), low, 4), method.open(CPU)(sample(low, 4)))


class LessMean(nn.Module):
    """Sees the whole image at once, as channel attention does."""

    def forward(self, x: Tensor) -> Tensor:
        x = torch.clamp(x - 0.2 * (x.mean() - 0.5), 0.0, 1.0)
        return functional.interpolate(x, scale_factor=2.0, mode="nearest")


def test_models_of_unknown_reach_see_whole_images(tmp_path: Path) -> None:
    path = tmp_path / "global.pt"
    save_script(LessMean(), path)
    image = np.concatenate([picture(80, 60) // 4, 255 - picture(80, 60) // 4], axis=1)
    whole = run(str(path), image, 2)
    np.testing.assert_array_equal(run(str(path), image, 2, Runtime(max_memory=1)), whole)
    assert (run(f"{path}:overlap=4", image, 2, Runtime(max_memory=1)) != whole).any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unheard.of": torch.zeros(3)}, r"the tensor unheard.of \(3,\) is not part of the network"),
        ({"body.0.rdb1.conv1.weight": None}, r"the tensor body.0.rdb1.conv1.weight .* is missing"),
        ({"conv_first.weight": torch.zeros(64, 3, 5, 5)}, r"the tensor conv_first.weight has the shape"),
    ],
)
def test_the_tensor_that_does_not_fit_is_named(
    tmp_path: Path, change: dict[str, Tensor | None], message: str
) -> None:
    pytest.importorskip("spandrel")
    state = {**random_network(rrdb(2)).state_dict(), **change}
    torch.save({name: tensor for name, tensor in state.items() if tensor is not None}, tmp_path / "m.pth")
    with pytest.raises(UserError, match=message):
        resolve(str(tmp_path / "m.pth")).refuses(4)


@pytest.mark.parametrize(("network", "other"), [("SRCNN", (64, 1, 7, 7)), ("ESPCN", (64, 1, 3, 3))])
def test_a_changed_network_whose_layers_have_usual_names_is_told_which_it_is_near(
    tmp_path: Path, network: str, other: tuple[int, ...]
) -> None:
    """SRCNN and ESPCN are known by the shape of their first layer, which is what was changed or left out."""
    pytest.importorskip("spandrel")
    state = random_network({"SRCNN": srcnn, "ESPCN": espcn}[network](4)).state_dict()
    first = state.pop("conv1.weight")
    torch.save(state, tmp_path / "less.pth")
    torch.save({"conv1.weight": torch.zeros(other), **state}, tmp_path / "other.pth")
    for name, words in (
        ("less", "is missing"),
        ("other", f"has the shape {other}, not {tuple(first.shape)}"),
    ):
        said = f"{name}.pth (nearest to {network}): the tensor conv1.weight "
        with pytest.raises(UserError, match=re.escape(said) + ".*" + re.escape(words)):
            resolve(str(tmp_path / f"{name}.pth")).refuses(4)


def test_foreign_network_through_spandrel(tmp_path: Path) -> None:
    spandrel = pytest.importorskip("spandrel")
    torch.manual_seed(0)
    compact = import_module("spandrel.architectures.Compact.__arch.SRVGG")
    network = compact.SRVGGNetCompact(num_in_ch=3, num_out_ch=3, num_feat=16, num_conv=4, upscale=2)
    torch.save({"params": network.state_dict()}, tmp_path / "compact.pth")
    assert spandrel.ModelLoader().load_from_file(tmp_path / "compact.pth").scale == 2
    image = picture(9, 8)
    with torch.inference_mode():
        x = torch.from_numpy(image.astype(np.float32) / 255).permute(2, 0, 1)[None]
        expected = np.clip(np.floor(network(x)[0].permute(1, 2, 0).numpy() * 255 + 0.5), 0, 255)
    assert np.abs(run(str(tmp_path / "compact.pth"), image, 2) - expected).max() <= 1


def test_foreign_network_without_spandrel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save({"some.weight": torch.zeros(3, 3)}, tmp_path / "model.pth")
    monkeypatch.setattr(programs, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"needs the package spandrel: pip install 'srbench\[spandrel\]'"):
        resolve(str(tmp_path / "model.pth")).refuses(4)


@pytest.mark.parametrize("suffix", ["pth", "safetensors", "onnx", "pt2", "pt"])
def test_broken_files_are_one_line(tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / f"model.{suffix}"
    path.write_bytes(b"PK\x03\x04 this is no model at all" * 9)
    with pytest.raises(UserError) as caught:
        resolve(str(path)).refuses(4)
    assert str(path.name) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not caplog.records
    with pytest.raises(UserError, match="no such file"):
        resolve(str(tmp_path / f"absent.{suffix}"))


def test_a_range_that_cannot_be_found_is_asked_for(tmp_path: Path) -> None:
    dark = Enlarge(2, peak=1.0)
    dark.gain.data.fill_(0.2)
    path = tmp_path / "dark.pt"
    save_script(dark, path)
    with pytest.raises(UserError, match=r"say it: .*:in=1,out=1"):
        resolve(str(path)).refuses(2)
    image = picture(6, 5)
    result = run(f"{path}:range=1,scale=2", image, 2)
    expected = np.clip(0.2 * image.repeat(2, 0).repeat(2, 1), 2.55, 252.45)
    assert np.abs(result - expected).max() <= 1
    with pytest.raises(UserError, match="enlarges 2x, not 3x"):
        resolve(f"{path}:scale=3,range=1").refuses(3)


@pytest.mark.parametrize(
    "options", ["range=7", "size=4", "channels=2", "channels=", "channels=13", "scale=0", "scale=²", "name="]
)
def test_wrong_options_are_wrong_usage(tmp_path: Path, options: str) -> None:
    (tmp_path / "model.pt").write_bytes(b"")
    with pytest.raises(UsageError, match="is not one of scale=N"):
        resolve(f"{tmp_path}/model.pt:{options}")


def test_a_file_is_read_once_for_what_it_can_do_and_for_its_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "once.pth"
    torch.save(random_network(espcn(3)).state_dict(), path)
    read: list[Path] = []

    def reading(file: Path) -> dict[str, np.ndarray]:
        read.append(file)
        return read_tensors(file)

    monkeypatch.setattr(containers, "read_tensors", reading)
    first = run(str(path), picture(6, 5), 3)
    assert read == [path]
    torch.save(random_network(espcn(3), seed=1).state_dict(), path)
    assert (run(str(path), picture(6, 5), 3) != first).any()
    assert read == [path, path]


def test_a_name_tells_files_of_one_name_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        save_onnx(tmp_path / folder / "net.onnx", 2)
    names = [resolve(f"{tmp_path}/{folder}/net.onnx:scale=2,name={folder}").name for folder in ("a", "b")]
    assert names == ["a", "b"]


@pytest.mark.parametrize("family", ["HAT", "OmniSR", "RGT", "SAFMN", "CRAFT", "DRCT"])
def test_foreign_networks_give_the_pixels_of_their_own_call(tmp_path: Path, family: str) -> None:
    """spandrel's descriptors pad in their own way; the expected pixels are those of its own call."""
    spandrel = pytest.importorskip("spandrel")
    module = import_module(f"spandrel.architectures.{family}")
    torch.manual_seed(0)
    small = {"embed_dim": 16, "depths": (1,), "num_heads": (2,)}
    options = {
        "HAT": {**small, "upscale": 2, "upsampler": "pixelshuffle", "squeeze_factor": 4, "window_size": 16},
        "OmniSR": {"num_feat": 16, "res_num": 1, "up_scale": 2},
        "RGT": {"embed_dim": 16, "depth": [1], "num_heads": [2], "upscale": 2, "split_size": [8, 8]},
        "SAFMN": {"dim": 16, "n_blocks": 1, "upscaling_factor": 2},
        "CRAFT": {"embed_dim": 16, "depths": [1], "num_heads": [2], "upscale": 2, "split_size_0": 4},
        "DRCT": {**small, "upscale": 2, "upsampler": "pixelshuffle"},
    }[family]
    network = getattr(module, family)(**options).eval()
    torch.save(network.state_dict(), tmp_path / "model.pth")
    descriptor = spandrel.ModelLoader().load_from_state_dict(dict(network.state_dict()))
    image = picture(11, 13)
    x = torch.from_numpy(image.transpose(2, 0, 1)[None].astype(np.float32) / 255)
    own = descriptor(x)[0].permute(1, 2, 0).numpy()
    expected = np.floor(own * 255 + 0.5).astype(np.uint8)
    assert grey_difference(run(str(tmp_path / "model.pth"), image, 2), expected) <= 1


def test_a_changed_file_of_external_data_is_another_model(tmp_path: Path) -> None:
    onnx = tmp_path / "model.onnx"
    entry = b"\n\x08location\x12\x0fmodel.onnx.data"
    onnx.write_bytes(b"graph" + entry + b"end")
    (tmp_path / "model.onnx.data").write_bytes(b"first")
    pair = sample(picture(4, 4), 2).pair
    method = resolve(str(onnx))
    assert [file.name for file in method.reads] == ["model.onnx", "model.onnx.data"]
    assert method.fingerprint is not None
    before = method.fingerprint(pair)
    (tmp_path / "model.onnx.data").write_bytes(b"second")
    assert method.fingerprint(pair) != before


def test_a_file_says_what_it_was_trained_on(tmp_path: Path) -> None:
    (tmp_path / "model.pth").write_bytes(b"")
    assert resolve(f"{tmp_path}/model.pth:trained_on=pil-lanczos").inputs == ("pil-lanczos",)
    with pytest.raises(UsageError, match="is not one of"):
        resolve(f"{tmp_path}/model.pth:trained_on=matlab")

"""Models that users bring: checkpoints, ONNX, exported programs, TorchScript, Python functions."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from srbench.methods import architectures, model_files
from srbench.methods.catalogue import resolve
from srbench.methods.contract import Runtime
from srbench.records import Unscorable, UsageError, UserError
from tests.methods.models import CPU, picture, random_network, sample, upscaler
from tests.methods.test_checkpoints import rrdb_first_generation, rrdb_second_generation


class Enlarge(nn.Module):
    """Nearest-neighbour enlargement through a convolution, for values 0 to `peak`."""

    def __init__(self, scale: int = 2, channels: int = 3, peak: float = 1.0) -> None:
        super().__init__()
        self.scale, self.peak = scale, peak
        self.gain = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.clamp(x * self.gain, 0.01 * self.peak, 0.99 * self.peak)
        return functional.interpolate(x, scale_factor=float(self.scale), mode="nearest")


def run(name: str, image: np.ndarray, scale: int, runtime: Runtime = CPU) -> np.ndarray:
    method = resolve(name)
    assert method.unavailable() is None
    assert method.refuses(scale) is None
    return np.asarray(method.open(runtime)(sample(image, scale)))


def save_script(module: nn.Module, path: Path) -> None:
    with pytest.warns(FutureWarning):
        torch.jit.script(module).save(str(path))


def export(module: nn.Module, path: Path, channels: int = 3) -> None:
    height, width = torch.export.Dim("height", min=2, max=4096), torch.export.Dim("width", min=2, max=4096)
    x = torch.rand(1, channels, 16, 20)
    program = torch.export.export(module, (x,), dynamic_shapes={"x": {2: height, 3: width}})
    torch.export.save(program, path)


def save_onnx(path: Path, scale: int, *, height: int | str = "h", channels: int = 3) -> None:
    from onnx import TensorProto, helper, numpy_helper, save

    factors = numpy_helper.from_array(np.array([1, 1, scale, scale], np.float32), "factors")
    node = helper.make_node(
        "Resize",
        ["x", "", "factors"],
        ["y"],
        mode="nearest",
        nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, channels, height, "w"])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, channels, "H", "W"])
    graph = helper.make_graph([node], "enlarge", [x], [y], [factors])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))


def limits(image: np.ndarray, scale: int) -> np.ndarray:
    """What `Enlarge` gives: nearest neighbour, clamped to 1 and 99 per cent."""
    levels = np.clip(image / 255.0, 0.01, 0.99).repeat(scale, 0).repeat(scale, 1)
    return np.floor(levels * 255 + 0.5).astype(np.uint8)


@pytest.mark.parametrize("peak", [1.0, 255.0])
@pytest.mark.parametrize("kind", ["script.pt", "program.pt2"])
def test_programs(tmp_path: Path, kind: str, peak: float) -> None:
    path = tmp_path / kind
    (save_script if kind.endswith(".pt") else export)(Enlarge(2, peak=peak), path)
    image = picture(9, 7)
    assert np.abs(run(str(path), image, 2).astype(int) - limits(image, 2)).max() <= 1
    assert resolve(str(path)).refuses(4) == f"{kind} enlarges 2x, not 4x"


def test_luma_program_on_a_colour_image(tmp_path: Path) -> None:
    path = tmp_path / "luma.pt"

    class Luma(Enlarge):
        def forward(self, x: Tensor) -> Tensor:
            assert x.shape[1] == 1
            return functional.interpolate(x * self.gain, scale_factor=float(self.scale), mode="nearest")

    save_script(Luma(2, channels=1), path)
    assert run(str(path), picture(6, 5), 2).shape == (12, 10, 3)
    assert run(str(path), picture(6, 5, gray=True), 2).shape == (12, 10)


def test_onnx(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    save_onnx(tmp_path / "model.onnx", 3)
    image = picture(5, 8)
    np.testing.assert_array_equal(
        run(str(tmp_path / "model.onnx"), image, 3), image.repeat(3, 0).repeat(3, 1)
    )
    tiled = run(str(tmp_path / "model.onnx"), picture(70, 120), 3, Runtime(max_memory=1))
    np.testing.assert_array_equal(tiled, picture(70, 120).repeat(3, 0).repeat(3, 1))


def test_onnx_with_a_fixed_size_says_so(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    save_onnx(tmp_path / "model.onnx", 2, height=32)
    upscale = resolve(str(tmp_path / "model.onnx")).open(CPU)
    with pytest.raises(Unscorable, match="must take any height and width"):
        upscale(sample(picture(8, 8), 2))


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("generation", [rrdb_first_generation, rrdb_second_generation, dict])
def test_own_networks_are_recognised(tmp_path: Path, suffix: str, generation: type) -> None:
    from safetensors.torch import save_file

    spec = architectures.rrdb(2)
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
    spec = architectures.ENHANCENET if name == "enhancenet" else getattr(architectures, name)(scale)
    path = tmp_path / "model.pt"
    torch.save(random_network(spec).state_dict(), path)
    assert run(str(path), picture(4, 5), works_at).shape == (4 * works_at, 5 * works_at, 3)


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
    monkeypatch.setattr(model_files, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"needs the package spandrel: pip install 'srbench\[spandrel\]'"):
        resolve(str(tmp_path / "model.pth")).refuses(4)


@pytest.mark.parametrize("suffix", ["pth", "safetensors", "onnx", "pt2", "pt"])
def test_broken_files_are_one_line(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model.{suffix}"
    path.write_bytes(b"PK\x03\x04 this is no model at all" * 9)
    with pytest.raises(UserError) as caught:
        resolve(str(path)).refuses(4)
    assert str(path.name) in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="no such file"):
        resolve(str(tmp_path / f"absent.{suffix}"))


def test_a_range_that_cannot_be_found_is_asked_for(tmp_path: Path) -> None:
    dark = Enlarge(2, peak=1.0)
    dark.gain.data.fill_(0.2)
    path = tmp_path / "dark.pt"
    save_script(dark, path)
    with pytest.raises(UserError, match=r"say it: .*:range=1"):
        resolve(str(path)).refuses(2)
    image = picture(6, 5)
    result = run(f"{path}:range=1,scale=2", image, 2)
    expected = np.clip(0.2 * image.repeat(2, 0).repeat(2, 1), 2.55, 252.45)
    assert np.abs(result - expected).max() <= 1
    with pytest.raises(UserError, match="enlarges 2x, not 3x"):
        resolve(f"{path}:scale=3,range=1").refuses(3)


@pytest.mark.parametrize("options", ["range=7", "size=4", "channels=2", "scale=0", "scale=x"])
def test_wrong_options_are_wrong_usage(tmp_path: Path, options: str) -> None:
    (tmp_path / "model.pt").write_bytes(b"")
    with pytest.raises(UsageError, match="is not one of scale=N"):
        resolve(f"{tmp_path}/model.pt:{options}")


FUNCTIONS = """
import numpy as np

def twice(image, scale):
    return image.repeat(scale, 0).repeat(scale, 1)

def wrong(image, scale):
    return image

def fails(image, scale):
    raise RuntimeError("no idea")

constant = 3
"""


@pytest.fixture
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "users_functions.py").write_text(FUNCTIONS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "users_functions", raising=False)
    monkeypatch.setattr(sys, "path", ["", *sys.path])


@pytest.mark.usefixtures("functions")
def test_python_functions() -> None:
    image = picture(4, 5, gray=True)
    expected = np.stack([image] * 3, axis=-1).repeat(3, 0).repeat(3, 1)
    np.testing.assert_array_equal(run("users_functions:twice", image, 3), expected)
    method = resolve("users_functions:twice")
    assert method.fingerprint is not None
    assert len(method.fingerprint(sample(image, 3).pair)) == 64
    with pytest.raises(Unscorable, match=r"returned uint8 \(4, 5, 3\) where uint8 \(12, 15, 3\) is expected"):
        run("users_functions:wrong", image, 3)
    with pytest.raises(Unscorable, match="users_functions:fails failed: RuntimeError: no idea"):
        run("users_functions:fails", image, 3)
    with pytest.raises(UserError, match="constant is not a function"):
        run("users_functions:constant", image, 3)
    with pytest.raises(UserError, match="cannot be imported"):
        run("users_functions:absent", image, 3)


def test_a_module_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="there is no Python module nowhere_to_be_found"):
        resolve("nowhere_to_be_found:function")

"""Each published format, written by the test and read back: equal tensors, equal output, strict fit."""

from __future__ import annotations

import io
import pickle
import re
import sys
import types
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from srbench.core.records import UserError
from srbench.methods.catalogue import METHODS
from srbench.methods.files.checkpoints.containers import read_tensors
from srbench.methods.files.checkpoints.pickles import read_pickled
from srbench.methods.networks.method import NetworkMethod
from tests.methods.models import picture, random_network, sample, upscaler

State = dict[str, torch.Tensor]


def network(name: str) -> NetworkMethod:
    method = METHODS.get(name)
    assert isinstance(method, NetworkMethod)
    return method


def rrdb_second_generation(state: State) -> State:
    """xinntao/ESRGAN, RRDBNet_arch.py."""
    names = [
        ("body.", "RRDB_trunk."),
        ("conv_body", "trunk_conv"),
        ("conv_up", "upconv"),
        ("conv_hr", "HRconv"),
    ]
    result = {}
    for name, tensor in state.items():
        for new, old in names:
            name = re.sub(rf"^{re.escape(new)}", old, name)  # noqa: PLW2901
        result[name.replace(".rdb", ".RDB")] = tensor
    return result


def rrdb_first_generation(state: State) -> State:
    """xinntao/ESRGAN, architecture.py: numbered layers, activations inside the convolution blocks."""
    outer = {"conv_first": "0", "conv_up1": "3", "conv_up2": "6", "conv_hr": "8", "conv_last": "10"}
    result = {}
    blocks = len({name.split(".")[1] for name in state if name.startswith("body.")})
    for name, tensor in state.items():
        layer, _, kind = name.rpartition(".")
        if layer in outer:
            result[f"model.{outer[layer]}.{kind}"] = tensor
        elif layer == "conv_body":
            result[f"model.1.sub.{blocks}.{kind}"] = tensor
        else:
            _, place, block, conv = layer.split(".")
            result[f"model.1.sub.{place}.{block.upper()}.{conv}.0.{kind}"] = tensor
    return result


def mmagic(state: State) -> Any:
    both = {f"generator.{name}": tensor for name, tensor in state.items()}
    both["discriminator.features.0.weight"] = torch.zeros(3)
    return {"meta": {"epoch": 3, "CLASSES": None}, "state_dict": OrderedDict(both), "optimizer": {}}


def lornatang(state: State) -> Any:
    old = {re.sub(r"^conv([123])\.", r"conv_block\1.", name): tensor for name, tensor in state.items()}
    optimizer = torch.optim.Adam([nn.Parameter(torch.zeros(2))]).state_dict()
    return {"epoch": 7, "best_psnr": np.float64(31.5), "state_dict": old, "optimizer": optimizer}


def tsrn(state: State) -> State:
    unused = {"bn1.weight": torch.ones(64), "bn1.running_mean": torch.zeros(64)}
    return {**state, **unused, "bn1.num_batches_tracked": torch.tensor(0)}


def plain(state: State) -> State:
    return state


# (method, what its published file holds)
FORMATS: list[tuple[str, str, Callable[[State], Any]]] = [
    ("srcnn-srbench", "state dict", plain),
    ("srcnn-mmagic", "MMagic", mmagic),
    ("edsr-baseline", "state dict", plain),
    ("rcan", "state dict", plain),
    ("msrresnet", "MMagic", mmagic),
    ("srresnet-lornatang", "Lornatang", lornatang),
    ("esrgan", "newest, params", lambda state: {"params": state}),
    (
        "esrgan",
        "newest, params_ema first",
        lambda s: {"params": {k: v * 0 for k, v in s.items()}, "params_ema": s},
    ),
    ("esrgan", "second generation", rrdb_second_generation),
    ("rrdb-psnr", "first generation", rrdb_first_generation),
    (
        "rrdb-psnr",
        "first generation, module.",
        lambda s: {f"module.{k}": v for k, v in rrdb_first_generation(s).items()},
    ),
    ("tsrn-g", "unused normalisation", tsrn),
    ("tsrn-s-8x", "unused normalisation", tsrn),
    ("srgan-vgg54", "own training", plain),
    ("espcn", "data parallel", lambda state: {f"module.{name}": tensor for name, tensor in state.items()}),
]


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize(("name", "what", "wrap"), FORMATS, ids=[f"{n}-{w}" for n, w, _ in FORMATS])
def test_published_format_loads_with_equal_tensors(
    tmp_path: Path, name: str, what: str, wrap: Callable[[State], Any], zipped: bool
) -> None:
    method = network(name)
    assert method.scales is not None
    with torch.device("meta"):
        empty = method.network(method.scales[0]).build().state_dict()
    generator = torch.Generator().manual_seed(1)
    state = {key: torch.randn(value.shape, generator=generator) for key, value in empty.items()}
    path = tmp_path / "model.pth"
    torch.save(wrap(state), path, _use_new_zipfile_serialization=zipped)
    convert = method.weights[0].convert
    assert convert is not None
    loaded = convert(path)
    assert loaded.keys() == state.keys()
    for key, tensor in state.items():
        assert loaded[key].shape == tuple(tensor.shape)
        np.testing.assert_array_equal(loaded[key], tensor.numpy(), err_msg=key)


@pytest.mark.parametrize(("name", "fault"), [("esrgan", "missing"), ("rcan", "extra"), ("tsrn-g", "shape")])
def test_a_tensor_that_does_not_fit_is_named(tmp_path: Path, name: str, fault: str) -> None:
    method = network(name)
    with torch.device("meta"):
        shapes = method.network(4).build().state_dict()
    state = {key: torch.zeros(value.shape) for key, value in shapes.items()}
    key = list(state)[5]
    if fault == "missing":
        del state[key]
    elif fault == "extra":
        key = "unheard.of"
        state[key] = torch.zeros(2)
    else:
        state[key] = torch.zeros(1, 2, 3)
    path = tmp_path / "model.pth"
    torch.save(state, path)
    convert = method.weights[0].convert
    assert convert is not None
    with pytest.raises(UserError, match=re.escape(key)):
        convert(path)


def test_a_renamed_tensor_is_also_named_as_in_the_file(tmp_path: Path) -> None:
    with torch.device("meta"):
        shapes = network("esrgan").network(4).build().state_dict()
    state = rrdb_second_generation({key: torch.zeros(value.shape) for key, value in shapes.items()})
    state["RRDB_trunk.0.RDB1.conv1.weight"] = torch.zeros(1, 2, 3)
    torch.save(state, tmp_path / "model.pth")
    convert = network("esrgan").weights[0].convert
    assert convert is not None
    with pytest.raises(UserError, match=r"body.0.rdb1.conv1.weight \(RRDB_trunk.0.RDB1.conv1.weight in the"):
        convert(tmp_path / "model.pth")


def third_party_module(kind: str) -> type[nn.Module]:
    """`Net` as twtygqyy/pytorch-vdsr and pytorch-LapSRN define it: same attributes, no forward needed."""

    class _Conv_Block(nn.Module):  # noqa: N801
        def __init__(self) -> None:
            super().__init__()
            layers: list[nn.Module] = []
            for _ in range(10):
                layers += [nn.Conv2d(64, 64, 3, padding=1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
            up = nn.ConvTranspose2d(64, 64, 4, stride=2, padding=1, bias=False)
            self.cov_block = nn.Sequential(*layers, up, nn.LeakyReLU(0.2, inplace=True))

    class Conv_ReLU_Block(nn.Module):  # noqa: N801
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(64, 64, 3, padding=1, bias=False)
            self.relu = nn.ReLU(inplace=True)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            if kind == "vdsr":
                self.residual_layer = nn.Sequential(*(Conv_ReLU_Block() for _ in range(18)))
                self.input = nn.Conv2d(1, 64, 3, padding=1, bias=False)
                self.output = nn.Conv2d(64, 1, 3, padding=1, bias=False)
                self.relu = nn.ReLU(inplace=True)
                return
            self.conv_input = nn.Conv2d(1, 64, 3, padding=1, bias=False)
            for level in (1, 2):
                setattr(self, f"convt_I{level}", nn.ConvTranspose2d(1, 1, 4, stride=2, padding=1, bias=False))
                setattr(self, f"convt_R{level}", nn.Conv2d(64, 1, 3, padding=1, bias=False))
                setattr(self, f"convt_F{level}", nn.Sequential(_Conv_Block()))

    for made in (_Conv_Block, Conv_ReLU_Block, Net):
        made.__module__ = kind
        made.__qualname__ = made.__name__
    home = types.ModuleType(kind)
    home.__dict__.update({"_Conv_Block": _Conv_Block, "Conv_ReLU_Block": Conv_ReLU_Block, "Net": Net})
    sys.modules[kind] = home
    return Net


class _Backend:
    """What modules of torch before 1.2 carried along: pickled as a call of the function that gave it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return sys.modules["torch.nn.backends.thnn"]._get_thnn_function_backend, ()


@pytest.fixture
def old_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module that such pickles name, for as long as they are written."""

    def _get_thnn_function_backend() -> None:
        raise AssertionError("nothing of a pickle is run")

    _get_thnn_function_backend.__module__ = "torch.nn.backends.thnn"
    _get_thnn_function_backend.__qualname__ = "_get_thnn_function_backend"
    home = types.ModuleType("torch.nn.backends.thnn")
    home.__dict__["_get_thnn_function_backend"] = _get_thnn_function_backend
    monkeypatch.setitem(sys.modules, "torch.nn.backends.thnn", home)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("name", ["vdsr", "lapsrn"])
@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("old_torch")
def test_pickled_whole_modules_are_read_without_their_code(tmp_path: Path, name: str, zipped: bool) -> None:
    module = third_party_module(name)()
    for part in module.modules():
        part.__dict__["_backend"] = _Backend()
    path = tmp_path / "model_epoch_50.pth"
    try:
        torch.save({"epoch": 50, "model": module}, path, _use_new_zipfile_serialization=zipped)
    finally:
        del sys.modules[name]
    tensors = read_tensors(path)
    assert name not in sys.modules
    expected = module.state_dict()
    assert tensors.keys() == expected.keys()
    for key, tensor in expected.items():
        np.testing.assert_array_equal(tensors[key], tensor.numpy())
    convert = network(f"{name}-twtygqyy").weights[0].convert
    assert convert is not None
    assert len(convert(path)) == len(expected)


class Evil:
    def __init__(self, call: tuple[Any, ...]) -> None:
        self.call = call

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    ("call", "named"),
    [
        ((__import__("os").system, ("true",)), "system"),
        ((eval, ("1+1",)), "eval"),
        ((getattr, (1, "real")), "getattr"),
        ((torch.nn.Linear, (1, 1)), "Linear"),
        ((torch.load, ("x",)), "load"),
        ((pickle.loads, (b"",)), "loads"),
    ],
)
def test_pickles_with_code_are_refused(
    tmp_path: Path, call: tuple[Any, ...], named: str, zipped: bool
) -> None:
    path = tmp_path / "evil.pth"
    content = {"weight": torch.zeros(2), "payload": Evil(call)}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(UserError, match=f"refused: it wants to (use|call) .*{named}.*nothing of it was run"):
        read_pickled(path)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_damage_is_always_a_user_error(tmp_path: Path, zipped: bool) -> None:
    stream = io.BytesIO()
    torch.save({"a": torch.arange(6.0), "b": torch.ones(2, 3)}, stream, _use_new_zipfile_serialization=zipped)
    whole = stream.getvalue()
    path = tmp_path / "model.pth"
    random = np.random.default_rng(5)
    for length in [0, 1, 10, *random.integers(11, len(whole), 40).tolist()]:
        path.write_bytes(whole[:length])
        with pytest.raises(UserError):
            read_tensors(path)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[int(random.integers(len(whole)))] ^= int(random.integers(1, 256))
        path.write_bytes(bytes(damaged))
        try:
            read_tensors(path)
        except UserError:
            continue


@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool]
)
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_types_views_and_shared_storage(tmp_path: Path, dtype: torch.dtype, zipped: bool) -> None:
    base = torch.arange(24).reshape(4, 6).to(dtype)
    content = {
        "whole": base,
        "view": base[1:3, ::2],
        "turned": base.t(),
        "scalar": base[2, 3],
        "none": base[:0],
    }
    path = tmp_path / "model.pth"
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    for name, tensor in read_tensors(path).items():
        np.testing.assert_array_equal(tensor, content[name].float().numpy())


def test_torchscript_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.jit.script(nn.Conv2d(1, 1, 3)).save(str(path))
    with pytest.raises(UserError, match="TorchScript"):
        read_tensors(path)


def test_other_zip_archives_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(UserError, match="without a PyTorch checkpoint"):
        read_tensors(path)


def test_half_precision_weights_run_as_float32(tmp_path: Path) -> None:
    method = network("espcn")
    original = random_network(method.network(4))
    for tensor in original.parameters():
        tensor.data = tensor.data.half().float()
    path = tmp_path / "model.pth"
    torch.save({name: tensor.half() for name, tensor in original.state_dict().items()}, path)
    convert = method.weights[0].convert
    assert convert is not None
    loaded = method.network(4).build()
    loaded.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in convert(path).items()})
    image = sample(picture(6, 7), 4)
    spec = method.network(4)
    np.testing.assert_array_equal(upscaler(spec, loaded)(image), upscaler(spec, original)(image))

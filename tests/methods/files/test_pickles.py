"""Pickled checkpoints: read without running anything of them, whatever they hold."""

from __future__ import annotations

import io
import pickle
import sys
import types
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from srbench.core.records import UserError
from srbench.methods.files.checkpoints.containers import read_tensors
from srbench.methods.files.checkpoints.pickles import read_pickled
from tests.methods.formats import network


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

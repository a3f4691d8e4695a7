"""What is taken for the interface of a user's model: sizes, values, and what a run says of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from srbench.core.records import Unscorable, UserError
from srbench.methods.catalogue import METHODS, resolve
from srbench.methods.networks.method import NetworkMethod
from srbench.methods.running.tiling import fixed_cuts
from tests.helpers import command, references
from tests.methods.models import CPU, picture, sample
from tests.methods.programs import run, save_onnx, save_script


class Standardised(nn.Module):
    """The shipped ESPCN for values of its own: (v - mean) / std of v in `low` to `high`."""

    def __init__(self, low: float, high: float, mean: float, std: float) -> None:
        super().__init__()
        method = METHODS.get("espcn")
        assert isinstance(method, NetworkMethod)
        self.network = method.module(4)
        self.low, self.high, self.mean, self.std = low, high, mean, std

    def forward(self, x: Tensor) -> Tensor:
        x = (x * self.std + self.mean - self.low) / (self.high - self.low)
        return (self.network(x) * (self.high - self.low) + self.low - self.mean) / self.std


def traced(module: nn.Module, path: Path) -> None:
    with pytest.warns(FutureWarning, match="jit"):
        torch.jit.trace(module.eval(), torch.rand(1, 1, 16, 16)).save(str(path))


def own(low: np.ndarray) -> np.ndarray:
    return np.asarray(METHODS.get("espcn").open(CPU)(sample(low, 4)))


@pytest.mark.parametrize(
    ("values", "options"),
    [
        ((0.0, 1.0, 0.0, 1.0), ""),
        ((-0.5, 0.5, 0.0, 1.0), ""),
        ((-1.0, 1.0, 0.0, 1.0), ":in=signed,out=signed"),
        ((0.0, 1.0, 0.45, 0.22), ":mean=0.45,std=0.22"),
        ((0.0, 255.0, 110.0, 60.0), ":range=255,mean=110,std=60"),
        ((-3.0, 5.0, 0.0, 1.0), ":range=-3..5"),
    ],
)
def test_values_found_and_stated(
    tmp_path: Path, values: tuple[float, float, float, float], options: str
) -> None:
    traced(Standardised(*values), tmp_path / "model.pt")
    low = picture(9, 7, gray=True)
    found = run(f"{tmp_path / 'model.pt'}{options}", low, 4)
    assert np.abs(found.astype(int) - own(low)).max() <= 1


def test_one_side_can_be_standardised_alone(tmp_path: Path) -> None:
    class Half(Standardised):
        def forward(self, x: Tensor) -> Tensor:
            return self.network(x * self.std + self.mean)

    traced(Half(0.0, 1.0, 0.4, 0.2), tmp_path / "model.pt")
    low = picture(9, 7, gray=True)
    found = run(f"{tmp_path / 'model.pt'}:in_mean=0.4,in_std=0.2", low, 4)
    assert np.abs(found.astype(int) - own(low)).max() <= 1


def test_a_run_prints_and_records_the_interface(tmp_path: Path) -> None:
    traced(Standardised(-0.5, 0.5, 0.0, 1.0), tmp_path / "model.pt")
    result = command(
        "run", "--methods", f"{tmp_path / 'model.pt'},{tmp_path / 'model.pt'}:range=centred,name=stated",
        "--datasets", f"folder:{references(tmp_path / 'mine', count=1)}", "--metrics", "psnr_y",
        "--out", tmp_path / "out", "--device", "cpu",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert "model.pt: x4, luma, takes -0.5 to 0.5, gives -0.5 to 0.5 (found on photographs: " in result.err
    assert "stated: x4, luma, takes -0.5 to 0.5, gives -0.5 to 0.5 (as stated)" in result.err
    methods = json.loads((tmp_path / "out" / "run.json").read_text())["methods"]
    interface = methods["model.pt"]["interfaces"]["model.pt x4"]
    assert interface["input_range"] == interface["output_range"] == [-0.5, 0.5]
    assert (interface["scale"], interface["channels"]) == (4, 1)
    assert interface["sure"].startswith("found on photographs")
    assert methods["stated"]["interfaces"]["stated x4"]["sure"] == "as stated"


# Half way between two of the usual ranges; and where half the contrast restores better at full contrast.
@pytest.mark.parametrize("values", [(-0.3, 0.7), (-1.0, 1.0)])
def test_what_is_not_clear_is_asked_for(tmp_path: Path, values: tuple[float, float]) -> None:
    traced(Standardised(*values, 0.0, 1.0), tmp_path / "model.pt")
    with pytest.raises(UserError, match=r"not clear \(inputs may be .*-0.5 to 0.5.*; say it: model.pt:in=1"):
        resolve(str(tmp_path / "model.pt")).refuses(4)


class Blurring(nn.Module):
    """Twice the size, from 5 x 5 input pixels, for images of 24 x 40 only."""

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[-2:] == (24, 40)
        x = functional.avg_pool2d(functional.pad(x, (2, 2, 2, 2), mode="replicate"), 5, 1)
        return functional.interpolate(x, scale_factor=2.0, mode="nearest")


class Free(nn.Module):
    """The same for any size."""

    def forward(self, x: Tensor) -> Tensor:
        x = functional.avg_pool2d(functional.pad(x, (2, 2, 2, 2), mode="replicate"), 5, 1)
        return functional.interpolate(x, scale_factor=2.0, mode="nearest")


@pytest.mark.parametrize("shape", [(24, 40), (60, 50), (25, 41), (100, 40), (7, 9), (30, 9)])
def test_a_program_for_one_size_runs_tile_by_tile(tmp_path: Path, shape: tuple[int, int]) -> None:
    program = torch.export.export(Blurring(), (torch.rand(1, 3, 24, 40),))
    torch.export.save(program, tmp_path / "fixed.pt2")
    save_script(Free(), tmp_path / "free.pt")
    low = picture(*shape)
    interface = resolve(str(tmp_path / "fixed.pt2")).interfaces(2)["fixed.pt2"]
    assert interface.fixed == (24, 40)
    stated = "range=1,scale=2"
    np.testing.assert_array_equal(
        run(f"{tmp_path / 'fixed.pt2'}:{stated}", low, 2), run(f"{tmp_path / 'free.pt'}:{stated}", low, 2)
    )


@pytest.mark.parametrize("height", [32, "h"])
def test_onnx_for_one_size_runs_tile_by_tile(tmp_path: Path, height: int | str) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    save_onnx(tmp_path / "model.onnx", 2, height=height)
    low = picture(70, 50)
    np.testing.assert_array_equal(run(str(tmp_path / "model.onnx"), low, 2), low.repeat(2, 0).repeat(2, 1))


def test_a_program_that_does_not_say_its_size_is_told_it(tmp_path: Path) -> None:
    class Silent(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return functional.interpolate(x.reshape(1, 3, 24, 40), scale_factor=2.0, mode="nearest")

    save_script(Silent(), tmp_path / "silent.pt")
    with pytest.raises(UserError, match=r"say silent\.pt:size=HEIGHTxWIDTH"):
        resolve(str(tmp_path / "silent.pt")).refuses(2)
    low = picture(30, 90)
    np.testing.assert_array_equal(
        run(f"{tmp_path / 'silent.pt'}:size=24x40", low, 2), low.repeat(2, 0).repeat(2, 1)
    )


@pytest.mark.parametrize("length", [1, 15, 16, 17, 40, 100, 333])
@pytest.mark.parametrize("overlap", [None, 1, 7])
def test_tiles_of_one_size_cover_an_axis_once(length: int, overlap: int | None) -> None:
    cuts = fixed_cuts(length, 16, overlap)
    assert [place for _, core in cuts for place in range(*core)] == list(range(length))
    margin = 2 if overlap is None else overlap
    for start, (first, last) in cuts:
        assert start <= first
        assert last <= start + 16
        assert 0 <= start <= max(0, length - 16)
        assert start == 0 or first - start >= margin
        assert last == length or start + 16 - last >= margin


def test_tiles_that_cannot_overlap_so_far() -> None:
    with pytest.raises(Unscorable, match="tiles of 16 pixels cannot overlap by 8"):
        fixed_cuts(100, 16, 8)

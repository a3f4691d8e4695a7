"""Costs of methods, and the commands `srbench methods bench` and `srbench interpolate`."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from srbench.commands.models import bench_methods, interpolate_networks
from srbench.core.records import UsageError, UserError
from srbench.core.weights import load
from srbench.methods.catalogue import METHODS, resolve
from srbench.methods.families.espcn import ESPCN
from srbench.methods.families.rrdb import rrdb
from srbench.methods.families.srcnn import SRCNN
from srbench.methods.files.blend import interpolate_files
from srbench.methods.running.bench import measure
from tests.helpers import command
from tests.methods.formats import rrdb_first_generation
from tests.methods.models import CPU, random_network


def test_multiply_adds_and_parameters() -> None:
    """SRCNN at 48x32 and 4x: every weight but the biases once per output pixel."""
    cost = measure(METHODS.get("srcnn-srbench"), height=8, width=12, scale=4, runtime=CPU, repeats=1)
    assert cost.parameters == 57_281
    assert cost.multiply_adds == (57_281 - 64 - 32 - 1) * 32 * 48
    assert cost.forward is not None
    assert cost.ratio == pytest.approx(cost.milliseconds / cost.forward)


def test_a_file_of_a_known_network_costs_what_the_network_does(tmp_path: Path) -> None:
    torch.save(random_network(SRCNN).state_dict(), tmp_path / "mine.pth")
    own, known = (
        measure(resolve(name), height=8, width=12, scale=4, runtime=CPU, repeats=1)
        for name in (str(tmp_path / "mine.pth"), "srcnn-srbench")
    )
    assert (own.parameters, own.multiply_adds) == (known.parameters, known.multiply_adds)
    assert own.ratio is not None


def test_methods_without_a_network_have_a_time_only() -> None:
    cost = measure(METHODS.get("bicubic"), height=8, width=12, scale=4, runtime=CPU, repeats=1)
    assert cost.parameters is cost.multiply_adds is cost.forward is cost.ratio is None
    assert math.isfinite(cost.milliseconds)


@pytest.mark.parametrize("name", ["srcnn-955", "srcnn-915", "fsrcnn", "vdsr", "lapsrn", "espcn"])
def test_networks_of_the_luma_are_measured_in_their_own_precision(name: str) -> None:
    cost = measure(METHODS.get(name), height=8, width=12, scale=4, runtime=CPU, repeats=1)
    assert cost.ratio is not None


class Failing(torch.nn.Module):
    """A program that runs on the images by which its interface is found, and on no other."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.shape[-1] == 32
        return torch.nn.functional.interpolate(x, scale_factor=4.0, mode="nearest")


@pytest.mark.parametrize("kind", ["program", "function", "damaged"])
def test_whatever_fails_is_one_line_and_the_rest_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "breaking.py").write_text("def upscale(image, scale):\n    raise MemoryError('too large')\n")
    (tmp_path / "damaged.pth").write_bytes(b"PK\x03\x04 nothing")
    with pytest.warns(FutureWarning, match="jit"):
        torch.jit.script(Failing()).save(str(tmp_path / "program.pt"))
    name = {"program": "program.pt", "function": "breaking:upscale", "damaged": "damaged.pth"}[kind]
    result = command("methods", "bench", "--methods", f"{name},bicubic", "--size", "12x8", "--device", "cpu")
    assert result.code == 0
    assert "bicubic" in result.out
    assert "Traceback" not in result.out + result.err
    assert len(result.err.splitlines()) == 1
    alone = command("methods", "bench", "--methods", name, "--size", "12x8", "--device", "cpu")
    assert alone.code == 1
    assert "Traceback" not in alone.err


def test_bench_command(capsys: pytest.CaptureFixture[str]) -> None:
    bench_methods(methods="espcn,bicubic,tsrn-g-8x", size="12x8", repeats=1, device="cpu")
    printed = capsys.readouterr()
    assert "24.75 k" in printed.out
    assert "bicubic" in printed.out
    assert " ".join(printed.err.split()) == "tsrn-g-8x exists for x8 only"
    with pytest.raises(UserError, match="nothing could be measured"):
        bench_methods(methods="tsrn-g-8x", size="12x8", repeats=1, device="cpu")
    with pytest.raises(UsageError, match="unknown method"):
        bench_methods(methods="nonsense", size="12x8")


@pytest.mark.parametrize("size", ["12", "0x4", "ax4", ""])
def test_wrong_size_is_wrong_usage(size: str) -> None:
    with pytest.raises(UsageError, match="write WIDTHxHEIGHT"):
        bench_methods(methods="espcn", size=size)


def test_interpolate_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = rrdb(1)
    first, second = (random_network(spec, seed=seed).state_dict() for seed in (1, 2))
    torch.save(rrdb_first_generation(first), tmp_path / "old.pth")
    torch.save({"params": second}, tmp_path / "new.pth")
    names = [str(tmp_path / name) for name in ("old.pth", "new.pth")]
    for alpha, end in ((0.0, first), (1.0, second)):
        out = tmp_path / f"{alpha}.safetensors"
        interpolate_networks(*names, alpha=alpha, out=out)
        tensors, metadata = load(out)
        assert tensors.keys() == end.keys()
        for name, tensor in end.items():
            assert tensors[name].tobytes() == tensor.numpy().tobytes()
        assert metadata["alpha"] == repr(alpha)
        assert metadata["first"].startswith("old.pth sha256 ")
    out = tmp_path / "half.safetensors"
    interpolate_networks(*names, alpha=0.5, out=out)
    middle = load(out)[0]["conv_last.weight"]
    expected = (first["conv_last.weight"] + second["conv_last.weight"]) / 2
    np.testing.assert_allclose(middle, expected.numpy(), rtol=1e-6, atol=1e-7)
    assert resolve(str(out)).refuses(4) is None
    assert "use it as --methods" in capsys.readouterr().out


def test_interpolate_refuses_what_does_not_fit(tmp_path: Path) -> None:
    torch.save(random_network(ESPCN).state_dict(), tmp_path / "espcn.pth")
    torch.save(random_network(SRCNN).state_dict(), tmp_path / "srcnn.pth")
    names = [str(tmp_path / name) for name in ("espcn.pth", "srcnn.pth")]
    out = tmp_path / "out.safetensors"
    with pytest.raises(UsageError, match="the networks differ"):
        interpolate_files(*names, 0.5, out, METHODS.get)
    with pytest.raises(UsageError, match="alpha is a number from 0 to 1"):
        interpolate_files(*names, 1.5, out, METHODS.get)
    with pytest.raises(UsageError, match="name it so"):
        interpolate_files(*names, 0.5, tmp_path / "out.pth", METHODS.get)
    with pytest.raises(UsageError, match="bicubic is not a network"):
        interpolate_files("bicubic", names[0], 0.5, out, METHODS.get)
    with pytest.raises(UserError, match="not here"):
        interpolate_files("esrgan", "rrdb-psnr", 0.5, out, METHODS.get)
    assert not out.exists()


def test_the_list_of_methods_needs_no_torch() -> None:
    code = (
        "import sys; from srbench.methods.catalogue import METHODS, resolve;"
        "[method.unavailable() for method in METHODS]; resolve('esrgan@0.8');"
        "resolve('mix:bicubic,edsr@1+x8');"
        "assert 'torch' not in sys.modules and 'pandas' not in sys.modules, 'imported'"
    )
    root = str(Path(__file__).resolve().parents[3])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 0, done.stderr

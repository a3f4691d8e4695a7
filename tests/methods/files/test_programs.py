"""TorchScript, exported programs and ONNX as models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from torch import Tensor
from torch.nn import functional

from srbench.methods.catalogue import resolve
from srbench.methods.contract import Runtime
from tests.methods.models import picture
from tests.methods.programs import Enlarge, export, limits, run, save_onnx, save_script


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
    tiled = run(f"{tmp_path / 'model.onnx'}:overlap=8", picture(70, 120), 3, Runtime(max_memory=1))
    np.testing.assert_array_equal(tiled, picture(70, 120).repeat(3, 0).repeat(3, 1))

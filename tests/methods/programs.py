"""Programs that enlarge, as users export them, and a model run as `srbench run` runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from srbench.methods.catalogue import resolve
from srbench.methods.contract import Runtime
from tests.methods.models import CPU, sample


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
    path.parent.mkdir(exist_ok=True)
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

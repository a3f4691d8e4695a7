"""Models that are programs: ONNX, exported programs and TorchScript. They run in their own interpreters."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from srbench.core.records import Unscorable, UserError
from srbench.core.text import first_line


class Program(nn.Module):
    """A network whose layers cannot be seen; its memory is estimated as that of 64 features.

    `fixed` is height and width of the only input that it takes, None where it says no such thing.
    """

    opaque = True

    def __init__(
        self, run: Callable[[Tensor], Tensor], name: str, device: str, fixed: tuple[int, int] | None = None
    ) -> None:
        super().__init__()
        self._run = run
        self._name = name
        self._device = device
        self.fixed = fixed

    def forward(self, x: Tensor) -> Tensor:
        """Whatever the program gives, image by image; its errors become one line."""
        try:
            return torch.cat([self._run(image[None].to(self._device)) for image in x])
        except Unscorable:
            raise
        except Exception as error:  # foreign programs fail in any way
            size = f"{x.shape[-1]}x{x.shape[-2]}"
            raise Unscorable(
                f"{self._name} does not run on a {size} input ({first_line(error)[:160]}); "
                f"if it takes one size only, say {self._name}:size=HEIGHTxWIDTH"
            ) from None


def open_program(path: Path, device: str) -> Program:
    """The program in a file: ONNX or an exported program by its name, else TorchScript."""
    if path.suffix == ".onnx":
        return _onnx(path, device)
    return _exported(path, device) if path.suffix == ".pt2" else _scripted(path, device)


def needs(package: str, extra: str, what: str) -> None:
    """`UserError` that says how to install a package that is not here."""
    if find_spec(package) is None:
        raise UserError(f"{what} needs the package {package}: pip install 'srbench[{extra}]'")


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _onnx(path: Path, device: str) -> Program:
    needs("onnxruntime", "onnx", path.name)
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = torch.get_num_threads()
    settings.log_severity_level = 4  # its own lines would stand beside our one
    wanted = ["CUDAExecutionProvider"] if device.startswith("cuda") else []
    providers = [name for name in wanted if name in onnxruntime.get_available_providers()]
    session = onnxruntime.InferenceSession(str(path), settings, [*providers, "CPUExecutionProvider"])
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise UserError(f"{path.name} takes {len(inputs)} inputs, one image is expected")
    dtype = np.float16 if "float16" in inputs[0].type else np.float32

    def run(x: Tensor) -> Tensor:
        result = session.run(None, {inputs[0].name: x.numpy().astype(dtype)})[0]
        return torch.from_numpy(np.asarray(result, np.float32))

    return Program(run, path.name, "cpu", _fixed(inputs[0].shape))


def _exported(path: Path, device: str) -> Program:
    with _quiet(logging.getLogger("torch.export")):  # its own lines would stand beside our one
        exported = torch.export.load(path)
        program = exported.module().to(device)
    name = exported.graph_signature.user_inputs[0]
    value = next(node.meta["val"] for node in exported.graph.nodes if node.name == name)
    return Program(lambda x: program(x), path.name, device, _fixed(value.shape))  # noqa: PLW0108 - hides eval()


def _scripted(path: Path, device: str) -> Program:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # torch advises its authors, not its users
        program = torch.jit.load(str(path), map_location=device).eval()
    return Program(lambda x: program(x), path.name, device)  # noqa: PLW0108 - moved by its own loader


def _fixed(shape: Sequence[object] | None) -> tuple[int, int] | None:
    """Height and width of an N x C x H x W shape of which one at least is a number."""
    if shape is None or len(shape) != 4:
        return None
    sides = [side if type(side) is int and side > 0 else None for side in shape[2:]]
    known = next((side for side in sides if side is not None), None)
    return None if known is None else (sides[0] or known, sides[1] or known)

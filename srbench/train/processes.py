"""Lightning Fabric with this package's defaults: devices, precision, processes, and their wish to stop."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, cast

from srbench.core.records import UsageError, UserError

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from torch import Tensor

_PRECISIONS = ("auto", "32-true", "bf16-mixed", "16-mixed")
_WORTH = 1.3  # how much faster bfloat16 has to be
_TRIALS = 5
_ASK_EVERY = 10  # iterations between questions whether any process wants to stop


def choose_precision(device: str, wanted: str, before: dict[str, Any] | None = None) -> str:
    """The precision that is meant: "auto" is that of the run `before`, else bfloat16 where it is faster.

    On a CPU that is measured: with AMX or AVX512-BF16 it is, elsewhere torch emulates it slowly.
    """
    import torch

    if wanted not in _PRECISIONS:
        raise UsageError(f"unknown precision '{wanted}'; there are: {', '.join(_PRECISIONS)}")
    if wanted != "auto":
        return wanted
    kind = device.partition(":")[0]
    if before is not None and before["machines"]:
        earlier = str(before["machines"][-1]).rsplit(", ", 1)[-1]
        if earlier in _PRECISIONS:
            return earlier
    if kind == "cuda":
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "32-true"
    return "bf16-mixed" if kind == "cpu" and bfloat16_gain() > _WORTH else "32-true"


def bfloat16_gain() -> float:
    """How many times faster this CPU takes a residual block's convolution, forward and back, in bfloat16."""
    import time

    import torch

    layer = torch.nn.Conv2d(64, 64, 3, padding=1).to(memory_format=torch.channels_last)
    images = torch.ones(8, 64, 24, 24).contiguous(memory_format=torch.channels_last)
    best = {}
    for enabled in (False, True):
        times = []
        for _ in range(_TRIALS):
            began = time.perf_counter()
            with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
                layer(images).sum().backward()
            times.append(time.perf_counter() - began)
        best[enabled] = min(times[1:])
    return best[False] / best[True]


def make_fabric(device: str, devices: int, precision: str) -> Fabric:
    """A launched Fabric; under torchrun its processes are used, else `devices` are started here.

    `device` is a torch device name that is known to be usable, `precision` what `choose_precision` gave.
    """
    try:
        from lightning_fabric import Fabric
        from lightning_fabric.strategies.ddp import DDPStrategy
    except ImportError:
        raise UserError("training needs lightning-fabric: pip install 'srbench[train]'") from None
    import torch

    kind, _, number = device.partition(":")
    if kind == "cuda":
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.benchmark = True
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", devices))
    nodes = max(1, int(os.environ.get("WORLD_SIZE", processes)) // processes)
    strategy: Any = "auto"
    if processes * nodes > 1:
        # Running statistics follow the first process; averaging them would cost a message per layer.
        backend = "nccl" if kind == "cuda" else "gloo"
        strategy = DDPStrategy(process_group_backend=backend, broadcast_buffers=False)
    fabric = Fabric(
        accelerator={"cuda": "gpu"}.get(kind, kind),
        devices=[int(number)] if number and processes == 1 else processes,
        num_nodes=nodes,
        strategy=strategy,
        precision=cast(Any, precision),
    )
    fabric.launch()
    return fabric


def scaler_state(fabric: Fabric) -> dict[str, Any]:
    """The state of the gradient scaler, empty for precisions that need none."""
    return fabric.strategy.precision.state_dict()


def set_scaler_state(fabric: Fabric, state: dict[str, Any]) -> None:
    """Puts back what `scaler_state` gave."""
    if state:
        fabric.strategy.precision.load_state_dict(state)


def wish_of_all(fabric: Fabric, number: int, iteration: int) -> bool:
    """Whether any process was told to stop; processes agree every few iterations."""
    if fabric.world_size == 1:
        return bool(number)
    if iteration % _ASK_EVERY:
        return False
    import torch

    told = torch.tensor(float(bool(number)), device=fabric.device)
    return mean_of_all(fabric, told) > 0


def mean_of_all(fabric: Fabric, value: Tensor) -> float:
    """The mean over processes of a number."""
    return float(cast("Tensor", fabric.all_reduce(value, reduce_op="mean")))


class StopWish:
    """While the block runs, the first signal is noted in `signal`; a second one ends the program."""

    def __init__(self) -> None:
        self.signal = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopWish:
        # Only the main thread may set handlers; elsewhere there is nothing to listen to.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature of handlers
        self.signal = number
        self._restore()

    def _restore(self) -> None:
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, handler)

"""What methods cost: parameters, multiply-adds, time and memory of one image.

Networks are measured with their weights where these are here and untrained where not: neither changes
the cost.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from srbench.core.records import Unscorable, UserError
from srbench.core.text import first_line
from srbench.methods.files.model_method import ModelMethod
from srbench.methods.networks.method import NetworkMethod

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

    from srbench.core.records import Sample
    from srbench.methods.contract import Method, Runtime, Upscaler
    from srbench.methods.networks.specification import NetworkSpec


@dataclass(frozen=True)
class Cost:
    """The cost of one image; None where a method has no such number.

    - `parameters`: trained values. `multiply_adds`: of convolutions and matrix products.
    - `milliseconds`: median of the whole way from uint8 to uint8. `forward`: of the network alone, on a
      tensor that is already there.
    - `memory`: the most bytes that a run took in addition; on GPUs those of torch's allocator, else the
      growth of the process, sampled every millisecond.
    """

    method: str
    parameters: int | None
    multiply_adds: int | None
    milliseconds: float
    forward: float | None
    memory: int

    @property
    def ratio(self) -> float | None:
        """The whole way divided by the bare network."""
        return None if self.forward is None else self.milliseconds / self.forward


COLUMNS = (*Cost.__dataclass_fields__, "device", "width", "height", "scale", "repeats")


def measure(
    method: Method, *, height: int, width: int, scale: int, runtime: Runtime, repeats: int = 3
) -> Cost:
    """The cost of a method for an input of `height` x `width`; median of `repeats` after one to warm up."""
    try:
        return _measured(method, noise_sample(height, width, scale), runtime, repeats)
    except (UserError, Unscorable):
        raise
    except Exception as error:  # foreign networks fail in any way
        raise UserError(f"{method.name} cannot be measured ({first_line(error)})") from None


def _measured(method: Method, sample: Sample, runtime: Runtime, repeats: int) -> Cost:
    scale = sample.pair.scale
    found = _network_of(method, scale, runtime)
    if found is None:
        upscale = method.open(runtime)
        seconds = _median(lambda: upscale(sample), repeats)
        return Cost(method.name, None, None, seconds * 1e3, None, _memory(upscale, sample, runtime))
    return _network_cost(method.name, *found, sample, runtime, repeats)


def _network_of(method: Method, scale: int, runtime: Runtime) -> tuple[nn.Module, NetworkSpec] | None:
    """The network of a method that runs a single one, if its layers can be seen."""
    if isinstance(method, NetworkMethod):
        spec = method.network(scale)
        return spec.build() if method.unavailable() else method.module(scale), spec
    if isinstance(method, ModelMethod):
        module, spec = method.network(scale, runtime.device)
        return None if getattr(module, "opaque", False) else (module, spec)
    return None


def _network_cost(
    name: str, module: nn.Module, spec: NetworkSpec, sample: Sample, runtime: Runtime, repeats: int
) -> Cost:
    import copy

    import torch

    from srbench.methods.running.inference import NetworkUpscaler

    channels = 3 if spec.color == "rgb" else 1
    enlarged = spec.scale if spec.input == "enlarged" else 1
    height, width = (side * enlarged for side in sample.low_resolution.shape[:2])
    operations = None
    with suppress(Exception), torch.device("meta"):  # not every foreign network runs without values
        operations = _multiply_adds(copy.deepcopy(module).to("meta").eval(), height, width, channels)
    upscale = NetworkUpscaler(module, spec, runtime, name)
    parameter = next(module.parameters(), None)  # in the precision that the upscaler has put it in
    dtype = torch.float32 if parameter is None else parameter.dtype
    x = torch.rand(1, channels, height, width, device=runtime.device, dtype=dtype)
    whole, bare = _alternating(lambda: upscale(sample), _bare(module, x), repeats)
    return Cost(
        name,
        sum(tensor.numel() for tensor in module.parameters()),
        operations,
        whole * 1e3,
        bare * 1e3,
        _memory(upscale, sample, runtime),
    )


def _multiply_adds(module: nn.Module, height: int, width: int, channels: int) -> int:
    """Multiply-adds of one H x W image: half the floating-point operations of torch's flop counter.

    The counter sees convolutions and matrix products, which is what papers count.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    device = next(iter(module.parameters())).device
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(torch.zeros(1, channels, height, width, device=device))
    return int(counter.get_total_flops()) // 2


def _bare(module: nn.Module, x: Tensor) -> Callable[[], object]:
    import torch

    def forward() -> None:
        with torch.inference_mode():
            module(x.contiguous(memory_format=torch.channels_last))
        if x.is_cuda:
            torch.cuda.synchronize()

    return forward


def _alternating(
    first: Callable[[], object], second: Callable[[], object], repeats: int
) -> tuple[float, float]:
    """Median seconds of both, run in turns so that a busy machine slows both alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(repeats + 1):
        for function, seconds in zip((first, second), times, strict=True):
            start = time.perf_counter()
            function()
            if turn:  # the first one warms up
                seconds.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def _median(function: Callable[[], object], repeats: int) -> float:
    return _alternating(function, lambda: None, repeats)[0]


def _memory(upscale: Upscaler, sample: Sample, runtime: Runtime) -> int:
    if runtime.device.startswith("cuda"):
        import torch

        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        upscale(sample)
        return int(torch.cuda.max_memory_allocated() - before)
    _give_back()
    with _watched_growth() as growth:
        upscale(sample)
    return max(growth)


def _give_back() -> None:
    """Returns freed memory to the system, so that the next run's growth shows (GNU's C library only)."""
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


@contextmanager
def _watched_growth() -> Iterator[list[int]]:
    import psutil

    process = psutil.Process()
    start = process.memory_info().rss
    growth = [0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.001):
            growth.append(process.memory_info().rss - start)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield growth
    finally:
        done.set()
        watcher.join()


def noise_sample(height: int, width: int, scale: int) -> Sample:
    """Noise as an input of `height` x `width`, uint8 RGB, with a reference of the right size."""
    from pathlib import Path

    import numpy as np

    from srbench.core.records import Pair, Sample

    random = np.random.default_rng(0)
    image: np.ndarray = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    pair = Pair(dataset="bench", image="noise", scale=scale, reference=Path("none"), low_resolution=None)
    reference = image.repeat(scale, 0).repeat(scale, 1)
    return Sample(pair=pair, reference=reference, low_resolution=image)

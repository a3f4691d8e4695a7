"""What the tests of the main job share: a run as one call, and a count of what it did."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from srbench.methods.catalogue import METHODS
from srbench.methods.contract import Method, Runtime, Upscaler
from srbench.metrics.catalogue import METRICS
from srbench.metrics.contract import Metric
from srbench.protocols import PROTOCOLS, Protocol
from tests.helpers import command

FILES = [
    "durations.csv",
    "leaderboard.csv",
    "leaderboard.md",
    "run.json",
    "run.toml",
    "scores.csv",
    "significance.csv",
    "store.sqlite",
]


class Work(ExitStack):
    """Counts what is done, and adds methods and metrics for one test (the fixture `work`)."""

    def __init__(self) -> None:
        super().__init__()
        self.upscaled: list[tuple[str, str]] = []
        self.measured: list[str] = []
        for name in ("hr", "nearest", "bicubic"):
            self._count_method(METHODS.get(name))
        for name in ("psnr_y", "ssim_y", "ssim_daala", "rmse_y"):
            self._count_metric(METRICS.get(name))

    def _count_method(self, method: Method) -> None:
        def opening(runtime: Runtime) -> Upscaler:
            upscale = method.open(runtime)

            def counted(sample):  # type: ignore[no-untyped-def]
                self.upscaled.append((method.name, sample.pair.image))
                return upscale(sample)

            return counted

        self.add(dataclasses.replace(method, open=opening))

    def _count_metric(self, metric: Metric) -> None:
        def compute(output, reference):  # type: ignore[no-untyped-def]
            self.measured.append(metric.name)
            return metric.compute(output, reference)

        self.add_metric(dataclasses.replace(metric, compute=compute))

    def add(self, method: Method) -> None:
        self.enter_context(METHODS.holding(method))

    def add_metric(self, metric: Metric) -> None:
        self.enter_context(METRICS.holding(metric))

    def add_protocol(self, protocol: Protocol) -> None:
        self.enter_context(PROTOCOLS.holding(protocol))

    def since_last(self) -> tuple[list[tuple[str, str]], list[str]]:
        done = self.upscaled[:], sorted(self.measured)
        self.upscaled.clear()
        self.measured.clear()
        return done


def method(name: str, upscale: Callable[..., np.ndarray], **fields: object) -> Method:
    return Method(name=name, summary="", kind="interpolation", source="", open=lambda _: upscale, **fields)  # type: ignore[arg-type]


def run(images: Path, out: Path, *more: str, methods: str = "nearest,bicubic", scale: int = 4) -> str:
    result = command(
        "run", "--methods", methods, "--datasets", f"folder:{images}", "--scale", scale, "--out", out,
        "--workers", "1", "--device", "cpu", *more,
    )  # fmt: skip
    assert result.code == 0, result.err
    return result.out

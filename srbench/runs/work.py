"""The work on images: read each once, upscale with every method, measure every output.

A task is plain data, so that it can travel to another process; methods and metrics go by their names.
"""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from srbench.core.files import file_hash
from srbench.core.records import OK, Unscorable, UserError, reason_of
from srbench.datasets.samples import load_reference, make_sample
from srbench.images.codec import read_image, write_png
from srbench.images.pixels import pixel_hash
from srbench.methods.catalogue import resolve as resolve_method
from srbench.methods.contract import Runtime, Upscaler
from srbench.methods.running.together import upscale_together
from srbench.metrics.catalogue import resolve as resolve_metric
from srbench.metrics.view import View
from srbench.protocols import PROTOCOLS
from srbench.runs.store import StoredOutput

if TYPE_CHECKING:
    from srbench.core.records import Degradation, Pair, Sample
    from srbench.protocols import Protocol

T = TypeVar("T")


@dataclass(frozen=True)
class MethodTask:
    """One method on one image: make the output (or read it where `made` is set), compute `metrics`."""

    method: str
    output: Path
    made: bool
    metrics: tuple[str, ...]


@dataclass(frozen=True)
class ImageTask:
    """Everything that is to be done for one pair."""

    pair: Pair
    protocol: str
    runtime: Runtime
    methods: tuple[MethodTask, ...]


@dataclass(frozen=True)
class Measured:
    """One metric of one output: a value with status "ok", or None and the reason."""

    metric: str
    value: float | None
    status: str
    seconds: float


@dataclass(frozen=True)
class MethodResult:
    """What came of a `MethodTask`; `output` is None where there is no output image."""

    method: str
    output: StoredOutput | None
    measured: tuple[Measured, ...]


def begin(group: Sequence[ImageTask]) -> Callable[[], list[list[MethodResult]]]:
    """Does some tasks but for the writing of output images, which goes on beside the caller.

    Inputs of one size go through a network together where that pays. The function that it returns waits
    for the writing and gives each task's results, in the order of its `methods`. Failures of a method or
    metric become reasons; a full disk is a `UserError`.
    """
    works = [_open_image(task) for task in group]
    readable = [work for work in works if isinstance(work, _ImageWork)]
    if len(readable) > 1:
        _upscale_ahead(readable)
    finish = [_begin_image(task, work) for task, work in zip(group, works, strict=True)]
    return lambda: [wait() for wait in finish]


def _open_image(task: ImageTask) -> _ImageWork | Unscorable:
    try:
        return _ImageWork(task, load_reference(task.pair))
    except Unscorable as error:
        return error


def _upscale_ahead(works: list[_ImageWork]) -> None:
    """Makes what images can share; an error here comes again, with its image, when they go one by one."""
    for name in dict.fromkeys(method.method for work in works for method in work.task.methods):
        concerned = [work for work in works if work.makes(name)]
        with contextlib.suppress(Unscorable, UserError):
            samples = {place: work.sample(name) for place, work in enumerate(concerned)}
            start = time.perf_counter()
            made = upscale_together(open_method(name, works[0].task.runtime), samples)
            for place, image in made.items():
                concerned[place].ahead[name] = image, (time.perf_counter() - start) / len(made)


def _begin_image(task: ImageTask, work: _ImageWork | Unscorable) -> Callable[[], list[MethodResult]]:
    if isinstance(work, Unscorable):
        reason = str(work)
        return lambda: [_failed(method, reason) for method in task.methods]
    finish = [work.run(method) for method in task.methods]
    return lambda: [wait() for wait in finish]


@lru_cache(maxsize=1)
def _writer() -> ThreadPoolExecutor:
    """Encoding PNG takes longer than measuring, and needs no lock of the interpreter: one thread does it."""
    return ThreadPoolExecutor(max_workers=1)


class _ImageWork:
    """One image's reference, what is derived from it, and outputs with their seconds made `ahead`."""

    def __init__(self, task: ImageTask, reference: np.ndarray) -> None:
        self.task = task
        self.protocol: Protocol = PROTOCOLS.get(task.protocol)
        self.reference = reference
        self.view = self._view(reference)
        self.ahead: dict[str, tuple[np.ndarray, float]] = {}
        self._samples: dict[Degradation, Sample] = {}

    def makes(self, method: str) -> bool:
        """Whether this image needs a new output of a method."""
        return any(task.method == method and not task.made for task in self.task.methods)

    def run(self, task: MethodTask) -> Callable[[], MethodResult]:
        """Makes or reads one output and measures it; the function that it returns waits for the file."""
        try:
            image, seconds = self._output(task)
        except Exception as error:
            reason = reason_of(error)
            return lambda: _failed(task, reason)
        stored = _writer().submit(_store_output, task, image, seconds)
        view = self._view(image)
        measured = tuple(self._measure(metric, view) for metric in task.metrics)
        return lambda: MethodResult(task.method, _stored(stored, task.output), measured)

    def _output(self, task: MethodTask) -> tuple[np.ndarray, float]:
        start = time.perf_counter()
        if task.made:
            image = read_image(task.output)
        elif task.method in self.ahead:
            image, seconds = self.ahead.pop(task.method)
            return self._checked(image), seconds
        else:
            image = self._checked(open_method(task.method, self.task.runtime)(self.sample(task.method)))
        return image, time.perf_counter() - start

    def _view(self, image: np.ndarray) -> View:
        return View(
            image,
            self.protocol,
            self.task.pair.scale,
            gray_reference=self.reference.ndim == 2,
            device=self.task.runtime.device,
        )

    def _checked(self, image: np.ndarray) -> np.ndarray:
        if image.dtype != np.uint8 or image.shape[:2] != self.reference.shape[:2]:
            raise Unscorable(
                f"the output is {image.shape[1]}x{image.shape[0]} {image.dtype}, the reference "
                f"{self.reference.shape[1]}x{self.reference.shape[0]} uint8"
            )
        if image.shape[2:] not in ((), (3,)):
            raise Unscorable(
                f"the output is an array of {image.shape}, neither gray (H x W) nor RGB (H x W x 3)"
            )
        return image

    def sample(self, method: str) -> Sample:
        """The image with the input that a method gets under the protocol."""
        degradation = self.protocol.degradation_for(resolve_method(method).inputs)
        if degradation not in self._samples:
            self._samples[degradation] = make_sample(
                self.task.pair, self.reference, degradation, self.protocol.edges
            )
        return self._samples[degradation]

    def _measure(self, name: str, view: View) -> Measured:
        start = time.perf_counter()
        try:
            value = resolve_metric(name).score(view, self.view)
        except Exception as error:
            return Measured(name, None, reason_of(error), time.perf_counter() - start)
        return Measured(name, value, OK, time.perf_counter() - start)


def open_method(name: str, runtime: Runtime) -> Upscaler:
    """The upscaler of a method, opened once per process for each state of its weight files."""
    files = [file.cached for file in resolve_method(name).weights]
    return _open_method(name, runtime, tuple(path.stat().st_mtime_ns for path in files if path.is_file()))


@lru_cache(maxsize=64)
def _open_method(name: str, runtime: Runtime, _modified: tuple[int, ...]) -> Upscaler:
    return resolve_method(name).open(runtime)


def _failed(task: MethodTask, reason: str) -> MethodResult:
    return MethodResult(task.method, None, tuple(Measured(m, None, reason, 0.0) for m in task.metrics))


def _store_output(task: MethodTask, image: np.ndarray, seconds: float) -> StoredOutput:
    if not task.made:
        write_png(task.output, image)
    return StoredOutput(pixel_hash(image), file_hash(task.output), seconds)


def _stored(future: Future[StoredOutput], path: Path) -> StoredOutput:
    try:
        return future.result()
    except OSError as error:
        what = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
        raise UserError(
            f"{path} cannot be written ({what}); what was scored before is kept, "
            "and the same command goes on from there"
        ) from None

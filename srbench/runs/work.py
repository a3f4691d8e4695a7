"""The work on images: read each once, upscale with every method, measure every output."""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from srbench.core.files import file_hash
from srbench.core.records import Unscorable, UserError, reason_of
from srbench.datasets.samples import (
    load_reference,
    make_sample,
    refuse_reference_as_input,
)
from srbench.images.codec import read_in_bits, write_in_bits
from srbench.images.pixels import luma_plane, matlab_gray, pixel_hash
from srbench.methods.catalogue import resolve as resolve_method
from srbench.methods.contract import Method, Runtime, Upscaler
from srbench.methods.running.together import upscale_together
from srbench.metrics.catalogue import resolve as resolve_metric
from srbench.metrics.contract import Measured, Metric, View, measure, unmeasured
from srbench.runs.store import StoredOutput
from srbench.runs.tasks import OUTPUT, Group, ImageTask, MethodResult, MethodTask, Note, Step, Terms

if TYPE_CHECKING:
    from srbench.core.records import Degradation, Sample
    from srbench.images.pixels import GrayRule
    from srbench.protocols import Protocol


@dataclass(frozen=True)
class _Begun:
    """A `MethodTask` that is done but for the writing of its file; `stored` is None where it failed."""

    task: MethodTask
    stored: Future[StoredOutput] | None
    measured: tuple[Measured, ...]


class Tools:
    """The methods and metrics of a run in one process, and the upscalers that are open.

    They do not travel to another process, since records hold functions: there they are made from their
    names, each when a task first asks for it, so that what fails in it is that task's.
    """

    def __init__(
        self, methods: Mapping[str, Method] | None = None, metrics: Mapping[str, Metric] | None = None
    ) -> None:
        self._methods = dict(methods or {})
        self._metrics = dict(metrics or {})
        self._upscalers: dict[str, Upscaler] = {}

    def __reduce__(self) -> tuple[type[Tools], tuple[()]]:
        return Tools, ()

    def method(self, name: str) -> Method:
        """The method of a name."""
        if name not in self._methods:
            self._methods[name] = resolve_method(name)
        return self._methods[name]

    def metric(self, name: str) -> Metric:
        """The metric of a name."""
        if name not in self._metrics:
            self._metrics[name] = resolve_metric(name)
        return self._metrics[name]

    def upscaler(self, name: str, runtime: Runtime) -> Upscaler:
        """The upscaler of a method, opened once."""
        if name not in self._upscalers:
            self._upscalers[name] = self.method(name).open(runtime)
        return self._upscalers[name]


def work(
    tools: Tools, groups: Iterable[Group], note: Note = lambda _: None
) -> Iterator[list[list[MethodResult]]]:
    """Does groups one after the other; gives each image's results, in the order of its `methods`.

    Output images are written beside the work on what follows. Failures of a method or metric become
    reasons; a full disk is a `UserError`.
    """
    before: list[list[_Begun]] | None = None
    for group in groups:
        begun = _begin(tools, group.tasks, note)
        if before is not None:
            yield [[_finish(item) for item in image] for image in before]
        before = begun
    if before is not None:
        yield [[_finish(item) for item in image] for image in before]


def _begin(tools: Tools, tasks: Sequence[ImageTask], note: Note) -> list[list[_Begun]]:
    works = [_open_image(tools, task, note) for task in tasks]
    readable = [work for work in works if isinstance(work, _ImageWork)]
    if len(readable) > 1:
        _upscale_ahead(tools, readable, note)
    return [
        [
            _failed(method, str(work)) if isinstance(work, Unscorable) else work.run(method)
            for method in task.methods
        ]
        for task, work in zip(tasks, works, strict=True)
    ]


def _open_image(tools: Tools, task: ImageTask, note: Note) -> _ImageWork | Unscorable:
    given_up = [dict(method.reasons).get(OUTPUT) for method in task.methods]
    if all(given_up):
        return Unscorable(given_up[0] or "")
    note(Step(task.label, ""))
    try:
        reference = load_reference(task.pair, plane=task.protocol.plane, bits=task.protocol.bits)
        return _ImageWork(tools, task, reference, note)
    except Unscorable as error:
        return error


def _upscale_ahead(tools: Tools, works: list[_ImageWork], note: Note) -> None:
    """Makes what images can share; an error here comes again, with its image, when they go one by one."""
    for name in dict.fromkeys(method.method for work in works for method in work.task.methods):
        concerned = [(work, task) for work in works if (task := work.to_make(name)) is not None]
        if len(concerned) < 2:
            continue
        note(Step(concerned[0][0].task.label, name))
        with contextlib.suppress(Unscorable, UserError):
            samples = {place: work.sample(task.terms) for place, (work, task) in enumerate(concerned)}
            start = time.perf_counter()
            made = upscale_together(tools.upscaler(name, works[0].task.runtime), samples)
            for place, image in made.items():
                concerned[place][0].ahead[name] = image, (time.perf_counter() - start) / len(made)


@lru_cache(maxsize=1)
def _writer() -> ThreadPoolExecutor:
    """Encoding PNG takes longer than measuring, and needs no lock of the interpreter: one thread does it."""
    return ThreadPoolExecutor(max_workers=1)


class _ImageWork:
    """One image's reference, what is derived from it, and outputs with their seconds made `ahead`."""

    def __init__(self, tools: Tools, task: ImageTask, reference: np.ndarray, note: Note) -> None:
        self.tools = tools
        self.task = task
        self.note = note
        self.protocol = task.protocol
        self.reference = reference
        self.ahead: dict[str, tuple[np.ndarray, float]] = {}
        self._samples: dict[Degradation, Sample] = {}
        self._references: dict[GrayRule, View] = {}

    def to_make(self, method: str) -> MethodTask | None:
        """The task of a method, where this image needs a new output of it."""
        for task in self.task.methods:
            if task.method == method and not task.made and OUTPUT not in dict(task.reasons):
                return task
        return None

    def run(self, task: MethodTask) -> _Begun:
        """Makes or reads one output and measures it; its file is written meanwhile."""
        reasons = dict(task.reasons)
        if OUTPUT in reasons:
            return _failed(task, reasons[OUTPUT])
        self.note(Step(self.task.label, task.method))
        try:
            image, seconds = self._output(task)
        except (Exception, SystemExit, GeneratorExit) as error:
            return _failed(task, reason_of(error))
        stored = _writer().submit(_store_output, task, image, seconds)
        tried = [self.tools.metric(name) for name in task.metrics if name not in reasons]
        protocol = task.terms.protocol
        views = self._view(image, protocol), self._reference(protocol)
        measured = measure(
            tried,
            *views,
            before=lambda metric: self.note(Step(self.task.label, task.method, metric.name)),
        )
        found = {each.metric: each for each in measured}
        found |= {name: Measured(name, None, reason, 0.0) for name, reason in reasons.items()}
        return _Begun(task, stored, tuple(found[name] for name in task.metrics))

    def _output(self, task: MethodTask) -> tuple[np.ndarray, float]:
        start = time.perf_counter()
        if task.made:
            image = read_in_bits(task.output, self.protocol.bits)
        elif task.method in self.ahead:
            image, seconds = self.ahead.pop(task.method)
            return self._checked(image), seconds
        else:
            upscale = self.tools.upscaler(task.method, self.task.runtime)
            image = upscale(self.sample(task.terms))
            image = self._checked(self._result_plane(task.terms, image))
        return image, time.perf_counter() - start

    def _result_plane(self, terms: Terms, image: np.ndarray) -> np.ndarray:
        """Result images in colour as Y where the protocol knows nothing else, those of gray as gray."""
        if self.protocol.plane == "colour" or image.ndim == 2 or terms.takes_inputs:
            return image
        return matlab_gray(image) if self._gray_file else luma_plane(image)

    @cached_property
    def _gray_file(self) -> bool:
        """Whether the reference's file is gray; where the protocol knows Y alone, `reference` always is."""
        return read_in_bits(self.task.pair.reference, self.protocol.bits).ndim == 2

    def _reference(self, protocol: Protocol) -> View:
        """The reference's view, kept for all methods; of a colour image it is the same under every rule."""
        rule = protocol.gray if self.reference.ndim == 2 else self.protocol.gray
        if rule not in self._references:
            self._references[rule] = self._view(self.reference, protocol)
        return self._references[rule]

    def _view(self, image: np.ndarray, protocol: Protocol) -> View:
        return View(
            image,
            protocol,
            self.task.pair.scale,
            gray_reference=self.reference.ndim == 2,
            device=self.task.runtime.device,
        )

    def _checked(self, image: np.ndarray) -> np.ndarray:
        wanted = self.reference
        if image.dtype != wanted.dtype or image.shape[:2] != wanted.shape[:2]:
            raise Unscorable(
                f"the output is {image.shape[1]}x{image.shape[0]} {image.dtype}, the reference "
                f"{wanted.shape[1]}x{wanted.shape[0]} {wanted.dtype}"
            )
        if image.shape[2:] not in ((), (3,)):
            raise Unscorable(
                f"the output is an array of {image.shape}, neither gray (H x W) nor RGB (H x W x 3)"
            )
        return image

    def sample(self, terms: Terms) -> Sample:
        """The image with the input that a method of these terms gets."""
        degradation = terms.degradation
        if terms.takes_inputs:
            refuse_reference_as_input(
                self.task.pair, degradation, self.protocol.edges, plane=self.protocol.plane
            )
        if degradation not in self._samples:
            self._samples[degradation] = make_sample(
                self.task.pair,
                self.reference,
                degradation,
                self.protocol.edges,
                plane=self.protocol.plane,
            )
        return self._samples[degradation]


def _failed(task: MethodTask, reason: str) -> _Begun:
    return _Begun(task, None, unmeasured(task.metrics, reason))


def _store_output(task: MethodTask, image: np.ndarray, seconds: float) -> StoredOutput:
    png = file_hash(task.output) if task.made else write_in_bits(task.output, image)
    return StoredOutput(pixel_hash(image), png, seconds)


def _finish(begun: _Begun) -> MethodResult:
    """The result, once the file is written."""
    try:
        stored = None if begun.stored is None else begun.stored.result()
    except OSError as error:
        what = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
        raise UserError(
            f"{begun.task.output} cannot be written ({what}); what was scored before is kept, "
            "and the same command goes on from there"
        ) from None
    return MethodResult(begun.task.method, stored, begun.measured)

"""Super-resolves images and has classifiers look at them.

Images are read and prepared, and methods run, in threads ahead of the classifiers; each image goes
through every method, and each method's outputs through every classifier in batches.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from srbench.core.devices import Batches
from srbench.core.records import SILENT, Degradation, Pair, Progress, Sample, Unscorable, reason_of
from srbench.datasets.imagenet import LabelledImage, prepare
from srbench.datasets.samples import make_sample
from srbench.images.pixels import as_rgb
from srbench.methods.contract import Upscaler
from srbench.methods.running.together import upscale_together
from srbench.protocols import Protocol
from srbench.studies.harness import loaded_ahead
from srbench.studies.recognition.accuracy import confidences, finite_rows, true_ranks
from srbench.studies.recognition.classifiers import Classifier

BASELINE = "baseline"
DATASET = "imagenet"
_OUTPUTS_AHEAD = 2
_NOT_FINITE = "the classifier gave NaN or infinite logits"


@dataclass(frozen=True)
class Preparation:
    """How originals become references and inputs; `degradations` holds those of methods by name."""

    resize: int
    crop: int
    scale: int
    protocol: Protocol
    degradations: Mapping[str, Degradation] = field(default_factory=dict)

    def degradation_of(self, method: str) -> Degradation:
        """How the input of a method is made, the protocol's usual way unless said otherwise."""
        return self.degradations.get(method, self.protocol.degradation)


@dataclass
class Looks:
    """What one classifier made of one method's images.

    `ranks` and `confidence` have one entry per image, -1 and NaN where there is none; `reasons` tells
    why by image number.
    """

    ranks: np.ndarray
    confidence: np.ndarray
    reasons: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Prepared:
    """One image's samples by degradation, or why it cannot be read."""

    image: LabelledImage
    samples: dict[str, Sample]
    reason: str = ""


@dataclass
class _Made:
    """One method's outputs of a batch by image number, with their labels, or why there is none."""

    method: str
    count: int
    outputs: dict[int, np.ndarray] = field(default_factory=dict)
    labels: list[int] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)


def _each(classifier: Classifier) -> Callable[[Sequence[np.ndarray]], list[np.ndarray]]:
    return lambda images: list(classifier.logits(images))


class Measurement:
    """Methods and classifiers, ready to work. `upscalers` holds the methods by name."""

    def __init__(
        self,
        upscalers: Mapping[str, Upscaler],
        classifiers: Sequence[Classifier],
        preparation: Preparation,
        *,
        batch_size: int,
        say: Callable[[str], None],
    ) -> None:
        self._upscalers = upscalers
        self._classifiers = [(classifier, Batches(batch_size, say)) for classifier in classifiers]
        self._preparation = preparation
        self._batch_size = batch_size

    def run(
        self, images: Sequence[LabelledImage], progress: Progress = SILENT
    ) -> dict[tuple[str, str], Looks]:
        """Looks by (method, classifier), the originals first as method "baseline"."""
        progress.begin(len(images))
        methods = [BASELINE, *self._upscalers]
        looks = {
            (method, classifier.name): Looks(np.full(len(images), -1), np.full(len(images), np.nan))
            for method in methods
            for classifier, _ in self._classifiers
        }
        for made in self._ahead(images, methods):
            self._look(looks, made)
            if made.method == methods[-1]:
                for _ in range(made.count):
                    progress.advance()
        return looks

    def _ahead(self, images: Sequence[LabelledImage], methods: Sequence[str]) -> Iterator[_Made]:
        """Every method's outputs batch by batch, made in a thread while classifiers look at others."""
        with ThreadPoolExecutor(1) as pool:
            waiting: deque[Future[_Made]] = deque()
            first = 0
            for batch in loaded_ahead(images, self._batch_size, self._prepare):
                for method in methods:
                    waiting.append(pool.submit(self._make, first, batch, method))
                    if len(waiting) > _OUTPUTS_AHEAD:
                        yield waiting.popleft().result()
                first += len(batch)
            while waiting:
                yield waiting.popleft().result()

    def _make(self, first: int, batch: list[_Prepared], method: str) -> _Made:
        made = _Made(method, len(batch))
        together = self._together(batch, method)
        for place, prepared in enumerate(batch):
            number = first + place
            try:
                made.outputs[number] = self._output(prepared, method, together.get(place))
                made.labels.append(prepared.image.label)
            except Exception as error:  # one image must not end the run
                made.reasons[number] = reason_of(error)
        return made

    def _together(self, batch: list[_Prepared], method: str) -> dict[int, np.ndarray]:
        if method == BASELINE:
            return {}
        kind = self._preparation.degradation_of(method)
        samples = {place: item.samples[kind] for place, item in enumerate(batch) if not item.reason}
        return upscale_together(self._upscalers[method], samples)

    def _look(self, looks: dict[tuple[str, str], Looks], made: _Made) -> None:
        numbers, labels = np.array(list(made.outputs), dtype=int), np.array(made.labels, dtype=int)
        for classifier, batches in self._classifiers:
            of_pair = looks[made.method, classifier.name]
            of_pair.reasons.update(made.reasons)
            if made.outputs:
                logits = np.stack(batches.run(_each(classifier), list(made.outputs.values())))
                finite = finite_rows(logits)
                of_pair.ranks[numbers[finite]] = true_ranks(logits[finite], labels[finite])
                of_pair.confidence[numbers[finite]] = confidences(logits[finite])
                of_pair.reasons.update(dict.fromkeys(numbers[~finite].tolist(), _NOT_FINITE))

    def _output(self, prepared: _Prepared, method: str, made: np.ndarray | None) -> np.ndarray:
        if prepared.reason:
            raise Unscorable(prepared.reason)
        if method == BASELINE:
            return next(iter(prepared.samples.values())).reference
        sample = prepared.samples[self._preparation.degradation_of(method)]
        output = as_rgb(self._upscalers[method](sample) if made is None else made)
        if output.shape != sample.reference.shape or output.dtype != np.uint8:
            raise Unscorable(
                f"the output is {output.shape} {output.dtype}, not {sample.reference.shape} uint8"
            )
        return output

    def _prepare(self, image: LabelledImage) -> _Prepared:
        how = self._preparation
        pair = Pair(DATASET, image.path.stem, how.scale, image.path, None)
        degradations = {how.degradation_of(method) for method in (BASELINE, *self._upscalers)}
        try:
            reference = prepare(image.path, resize=how.resize, crop=how.crop)
            samples: dict[str, Sample] = {
                kind: make_sample(pair, reference, kind, how.protocol.edges) for kind in sorted(degradations)
            }
        except Unscorable as error:
            return _Prepared(image, {}, str(error))
        return _Prepared(image, samples)

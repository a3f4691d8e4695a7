"""`srbench recognition` as one function: choose, look, tabulate, write."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from srbench.core.files import ready_folder
from srbench.core.records import SILENT, Progress, UsageError, UserError
from srbench.datasets.imagenet import LabelledImage, choose, find_images
from srbench.methods.contract import Method, Runtime
from srbench.protocol_files import resolve as resolve_protocol
from srbench.runs.choose import Names, choose_methods
from srbench.studies.harness import provenance, versions_of
from srbench.studies.recognition.classifiers import open_classifier
from srbench.studies.recognition.export import write_files
from srbench.studies.recognition.measure import Looks, Measurement, Preparation
from srbench.studies.recognition.results import PairTest, Row, make_rows, make_tests

BATCH = 32


@dataclass(frozen=True)
class Options:
    """What to do; see the help of the command."""

    methods: Names
    classifiers: tuple[str, ...]
    scale: int
    roots: tuple[Path, ...]
    out: Path
    protocol: str = "srbench"
    images: int = 1000
    seed: int = 0
    resize: int = 256
    crop: int = 224
    labels: Path | None = None
    weights: dict[str, Path] = field(default_factory=dict)
    download: bool = False
    device: str = "cpu"
    half: bool = False
    batch_size: int = BATCH


@dataclass(frozen=True)
class Finished:
    """What was done, the methods that "all" left out, with reasons, and remarks by method."""

    rows: list[Row]
    tests: list[PairTest]
    files: list[Path]
    skipped: dict[str, str]
    said: dict[str, str]
    images: int
    seconds: float


def run(
    options: Options,
    *,
    say: Callable[[str], None],
    progress: Progress = SILENT,
) -> Finished:
    """Classifies the outputs of every method.

    `UserError` where something asked for by name cannot run, or no image at all could be classified.
    """
    started = time.perf_counter()
    _check(options)
    protocol = resolve_protocol(options.protocol)
    # The baseline shows the originals already.
    choice = choose_methods(options.methods, options.scale, listed=lambda method: method.kind != "reference")
    methods = {method.name: method for method in choice.required().usable.values()}
    images = choose(find_images(list(options.roots), options.labels), options.images, options.seed)
    if len(images) < options.images:
        say(f"{len(images)} images are here, fewer than the {options.images} asked for; all are used")
    classifiers = [
        open_classifier(
            name,
            device=options.device,
            half=options.half,
            file=options.weights.get(name),
            download=options.download,
        )
        for name in options.classifiers
    ]
    ready_folder(options.out)
    runtime = Runtime(device=options.device, edges=protocol.edges)
    upscalers = {name: method.open(runtime) for name, method in methods.items()}
    inputs = {name: protocol.degradation_for(method.inputs) for name, method in methods.items()}
    preparation = Preparation(options.resize, options.crop, options.scale, protocol, inputs)
    measurement = Measurement(upscalers, classifiers, preparation, batch_size=options.batch_size, say=say)
    looks = measurement.run(images, progress)
    _check_looks(looks)
    rows, tests = make_rows(looks), make_tests(looks)
    said = {name: method.remark for name, method in methods.items() if method.remark}
    seconds = time.perf_counter() - started
    description = _provenance(options, methods, choice.skipped, images, seconds)
    files = write_files(options.out, options.scale, rows, tests, images, looks, said, description)
    return Finished(rows, tests, files, choice.skipped, said, len(images), seconds)


def _check(options: Options) -> None:
    if options.scale < 1 or options.crop < options.scale or options.crop % options.scale:
        raise UsageError(f"--crop {options.crop} is not a multiple of --scale {options.scale}")
    if options.resize < 0 or options.batch_size < 1:
        raise UsageError("--resize must not be negative and --batch-size at least 1")
    if not options.classifiers:
        raise UsageError("--classifiers is empty; give names separated by commas")
    stray = [name for name in options.weights if name not in options.classifiers]
    if stray:
        raise UsageError(f"--classifier-weights {stray[0]}: no such name among --classifiers")


def _check_looks(looks: Mapping[tuple[str, str], Looks]) -> None:
    if not any((of_pair.ranks >= 0).any() for of_pair in looks.values()):
        reasons = [reason for of_pair in looks.values() for reason in of_pair.reasons.values()]
        raise UserError(f"no image could be classified: {reasons[0]}")


def _provenance(
    options: Options,
    methods: dict[str, Method],
    skipped: dict[str, str],
    images: list[LabelledImage],
    seconds: float,
) -> dict[str, Any]:
    facts = {
        "benchmark": "recognition",
        "scale": options.scale,
        "protocol": resolve_protocol(options.protocol).as_dict(),
        "images": len(images),
        "seed": options.seed,
        "resize": options.resize,
        "crop": options.crop,
        "classifiers": {name: str(options.weights.get(name, "published")) for name in options.classifiers},
        "methods": versions_of((name, method.version, method.weights) for name, method in methods.items()),
        "device": options.device,
        "half": options.half,
    }
    packages = ("torch", "torchvision", "timm", "numpy", "pillow")
    return provenance(facts, skipped=skipped, packages=packages, seconds=seconds)

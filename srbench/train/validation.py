"""Validation and final measurement with the package's own inference, protocols and metrics."""

from __future__ import annotations

import copy
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from srbench.core.records import Pair, Unscorable
from srbench.datasets.catalogue import resolve as resolve_dataset
from srbench.datasets.folders import data_roots, find_pairs
from srbench.datasets.samples import load_reference, make_sample
from srbench.methods.contract import Runtime
from srbench.methods.running.inference import NetworkUpscaler
from srbench.metrics.catalogue import METRICS
from srbench.metrics.contract import View
from srbench.metrics.contract import measure as measure_output
from srbench.protocols import PROTOCOLS
from srbench.statistics.intervals import aggregate

if TYPE_CHECKING:
    from torch import nn

    from srbench.core.records import Degradation
    from srbench.methods.networks.specification import NetworkSpec
    from srbench.train.recipe import Recipe

HELD_OUT = 10
METRIC = "psnr_y"
NATURALNESS = "niqe"


def split(files: list[Path]) -> tuple[list[Path], list[Path]]:
    """Training and validation images: a tenth, HELD_OUT at most, is held out, evenly over the files."""
    count = min(HELD_OUT, len(files) // 10)
    if count == 0:
        return files, []
    step = len(files) // count
    held = set(files[step - 1 :: step][:count])
    return [path for path in files if path not in held], sorted(held)


def held_out_pairs(files: list[Path], scale: int) -> tuple[list[Pair], list[str]]:
    """Validation images as pairs whose inputs are made from the references, and why others cannot be used.

    Each is read and measured once, so that a training does not fail at it hours later.
    """
    usable, reasons = [], []
    for path in files:
        pair = Pair("validation", path.stem, scale, path, None)
        try:
            view = View(load_reference(pair), PROTOCOLS.get("srbench"), scale)
            METRICS.get(METRIC).score(view, view)
        except Unscorable as error:
            reasons.append(str(error))
        else:
            usable.append(pair)
    return usable, reasons


def mean_score(
    module: nn.Module, spec: NetworkSpec, pairs: list[Pair], degradation: Degradation, device: str
) -> float:
    """The mean PSNR of the srbench protocol over the pairs; the module stays as it was."""
    # Inference freezes and moves the module that it is given.
    upscale = NetworkUpscaler(copy.deepcopy(module), spec, Runtime(device=device), "the network in training")
    return fmean(_scores(upscale, pair, degradation, "srbench", (METRIC,))[0] for pair in pairs)


def measure(
    module: nn.Module, recipe: Recipe, spec: NetworkSpec, datasets: list[str], roots: list[Path], device: str
) -> dict[tuple[str, str, str], float]:
    """(data set, protocol, metric) to the mean over its images.

    Protocols: `srbench`, and the recipe's degradation under the same measurement where it is another.
    Metrics: the protocol's, and NIQE where its parameters are here.
    """
    upscale = NetworkUpscaler(copy.deepcopy(module), spec, Runtime(device=device), recipe.name)
    protocols: list[tuple[str, Degradation]] = [("srbench", "matlab-bicubic")]
    if recipe.degradation == "pil-lanczos":
        protocols.append(("enhancenet", "pil-lanczos"))
    beside = () if METRICS.get(NATURALNESS).unavailable() else (NATURALNESS,)
    results = {}
    for name in datasets:
        dataset = resolve_dataset(name)
        for protocol, degradation in protocols:
            pairs = find_pairs(dataset, recipe.scale, data_roots(roots), inputs="published")
            metrics = (*PROTOCOLS.get(protocol).metrics, *beside)
            scores = [_scores(upscale, pair, degradation, protocol, metrics) for pair in pairs]
            for metric, values in zip(metrics, zip(*scores, strict=True), strict=True):
                results[name, protocol, metric] = aggregate(values, METRICS.get(metric).aggregate)
    return results


def _scores(
    upscale: NetworkUpscaler,
    pair: Pair,
    degradation: Degradation,
    protocol_name: str,
    metrics: tuple[str, ...],
) -> list[float]:
    protocol = PROTOCOLS.get(protocol_name)
    sample = make_sample(pair, load_reference(pair), degradation, protocol.edges)
    reference = View(sample.reference, protocol, pair.scale)
    output = View(upscale(sample), protocol, pair.scale, gray_reference=sample.reference.ndim == 2)
    measured = measure_output(map(METRICS.get, metrics), output, reference)
    for each in measured:
        if each.value is None:
            raise Unscorable(f"{pair.image}, {each.metric}: {each.status}")
    return [each.value for each in measured if each.value is not None]

"""`srbench bapps-2afc` and `bapps-jnd` as one function: read, measure, score, write."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from srbench.core.files import ready_folder
from srbench.core.records import SILENT, Progress, UsageError, UserError
from srbench.datasets.bapps import Item, Kind, read_split
from srbench.metrics.contract import Metric
from srbench.metrics.deep.gram import GramDistance, variants
from srbench.metrics.deep.lpips import FeatureDistance
from srbench.protocols import PROTOCOLS
from srbench.runs.choose import Choice, choose_metrics
from srbench.studies.bapps.distances import NetworkMetrics, network_groups
from srbench.studies.bapps.export import write_files
from srbench.studies.bapps.half import half_where_faithful
from srbench.studies.bapps.measure import Measurement, SubsetDistances
from srbench.studies.bapps.results import Results, jnd_results, reported_scores, two_afc_results
from srbench.studies.bapps.variants import open_variant, parse_variant
from srbench.studies.harness import provenance, versions_of

BATCH = 50


@dataclass(frozen=True)
class Options:
    """What to measure: `metrics` is "all" or names separated by commas; see the commands' help."""

    kind: Kind
    metrics: str
    split: str
    subsets: tuple[str, ...]
    roots: tuple[Path, ...]
    out: Path
    device: str = "cpu"
    batch_size: int = BATCH
    gram_variants: bool = False
    variants: tuple[str, ...] = ()
    half: bool = False


@dataclass
class Finished:
    """What was done: the results, the files, and the metrics that were left out, with reasons."""

    results: Results
    files: list[Path]
    skipped: dict[str, str] = field(default_factory=dict)
    items: int = 0
    seconds: float = 0.0


def run(
    options: Options,
    *,
    say: Callable[[str], None],
    progress: Progress = SILENT,
) -> Finished:
    """Measures every metric on a split and writes the files; `UserError` where nothing can be measured."""
    if options.batch_size < 1:
        raise UsageError(f"--batch-size must be at least 1, not {options.batch_size}")
    started = time.perf_counter()
    extra = [parse_variant(text) for text in options.variants]
    choice = _chosen(options)
    chosen, skipped = list(choice.usable.values()), choice.skipped
    if options.gram_variants:
        chosen = _with_gram_variants(chosen)
    split = read_split(options.kind, list(options.roots), options.split, options.subsets)
    single = [metric for metric in chosen if not isinstance(metric.compute, FeatureDistance | GramDistance)]
    groups = network_groups(chosen, options.device)
    groups += [open_variant(name, path, options.device) for name, path in extra]
    if options.half and options.device.startswith("cuda"):
        groups = [half_where_faithful(group, say) for group in groups]
    measurement = Measurement(single, groups, device=options.device, batch_size=options.batch_size, say=say)
    ready_folder(options.out)
    progress.begin(sum(len(items) for items in split.values()))
    measured = {name: measurement.subset(items, progress) for name, items in split.items()}
    _check_measured(measured)
    results = _results(options, measured)
    seconds = time.perf_counter() - started
    description = _provenance(options, chosen, groups, skipped, split, seconds)
    files = write_files(options.out, options.kind, results, measured, description)
    return Finished(results, files, skipped, sum(map(len, split.values())), seconds)


def _chosen(options: Options) -> Choice[Metric]:
    """The metrics to measure: "all" means those that compare with a reference; a metric that is named has
    to run, and where variants are given none need be named."""
    if options.variants and not options.metrics:
        return Choice()
    protocol = PROTOCOLS.get("bapps")
    return choose_metrics(options.metrics, protocol, listed=lambda metric: metric.needs_reference).required()


def _with_gram_variants(chosen: list[Metric]) -> list[Metric]:
    """Every reading of the Gram distance behind each one that was chosen."""
    made = []
    for metric in chosen:
        made.append(metric)
        if isinstance(metric.compute, GramDistance):
            for variant in variants(metric.compute.backbone):
                reading = f"{variant.layers}/{variant.features}/{variant.normalisation}"
                made.append(replace(metric, name=f"{metric.name}:{reading}", compute=variant))
    return made


def _check_measured(measured: dict[str, SubsetDistances]) -> None:
    distances = [values for subset in measured.values() for values in subset.distances.values()]
    if distances and all(np.isnan(values).any(axis=1).all() for values in distances):
        reasons = [reason for subset in measured.values() for reason in subset.reasons.values()]
        raise UserError(f"nothing could be measured: {reasons[0]}")


def _results(options: Options, measured: dict[str, SubsetDistances]) -> Results:
    if options.kind == "jnd":
        return jnd_results(measured)
    # The paper's numbers are of the validation split.
    return two_afc_results(measured, reported_scores() if options.split == "val" else {})


def _provenance(
    options: Options,
    chosen: list[Metric],
    groups: list[NetworkMetrics],
    skipped: dict[str, str],
    split: dict[str, list[Item]],
    seconds: float,
) -> dict[str, Any]:
    facts = {
        "benchmark": f"bapps-{options.kind}",
        "split": options.split,
        "subsets": {name: len(items) for name, items in split.items()},
        "protocol": PROTOCOLS.get("bapps").as_dict(),
        "metrics": versions_of((metric.name, metric.version, metric.weights) for metric in chosen),
        "variants": list(options.variants),
        "half_precision": sorted(group.network.backbone.name for group in groups if group.network.half),
        "device": options.device,
        "batch_size": options.batch_size,
    }
    packages = ("torch", "torchvision", "lpips", "numpy")
    return provenance(facts, skipped=skipped, packages=packages, seconds=seconds)

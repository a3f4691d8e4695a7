"""Measures every metric on every distortion and puts the values on the scale of a run's methods."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from srbench.core.figures import Drawn, save, style
from srbench.core.files import write_csv
from srbench.core.records import SILENT, Progress, reason_of
from srbench.datasets.catalogue import resolve as resolve_dataset
from srbench.datasets.folders import find_pairs
from srbench.images.codec import read_image
from srbench.images.pixels import as_rgb, crop_to_multiple
from srbench.metrics.contract import Metric, View
from srbench.protocols import Protocol
from srbench.runs.data import RunData
from srbench.statistics.intervals import aggregate
from srbench.studies.atlas.distortions import DISTORTIONS

COLUMNS = ("metric", "distortion", "level", "unit", "value", "n", "normalised", "reason")
_LEAST_METHODS = 3


def spread_of(run: RunData, metric: str, protocol: str) -> tuple[float, float] | None:
    """Mean and standard deviation of a metric's means over the methods of a run; None for too few methods."""
    references = run.references()
    by_method: dict[str, list[float]] = {}
    for score in run.scores:
        usable = score.value is not None and math.isfinite(score.value) and score.method not in references
        if usable and score.metric == metric and score.protocol == protocol:
            by_method.setdefault(score.method, []).append(float(score.value or 0.0))
    means = [aggregate(values, "mean") for values in by_method.values()]
    if len(means) < _LEAST_METHODS or np.std(means) == 0:
        return None
    return float(np.mean(means)), float(np.std(means, ddof=1))


def atlas(
    folder: Path,
    run: RunData,
    metrics: Sequence[Metric],
    protocol: Protocol,
    *,
    scale: int,
    device: str,
    progress: Progress = SILENT,
) -> list[dict[str, Any]]:
    """A row for each metric, distortion and strength. `normalised` is how many standard deviations of the
    run's methods the value lies above (better) or below (worse) their mean. Of a folder in a published layout
    the references are taken."""
    pairs = find_pairs(resolve_dataset(f"folder:{folder}"), scale, [], inputs="made")
    progress.begin(len(pairs) * len(DISTORTIONS))
    values: dict[tuple[str, str, float], list[float]] = {}
    reasons: dict[tuple[str, str, float], str] = {}
    for pair in pairs:
        reference = np.ascontiguousarray(crop_to_multiple(as_rgb(read_image(pair.reference)), scale))
        beside = View(reference, protocol, scale, device=device)
        for distortion in DISTORTIONS:
            for level in distortion.levels:
                view = View(
                    distortion.apply(reference, level), protocol, scale, gray_reference=False, device=device
                )
                for metric in metrics:
                    place = (metric.name, distortion.name, level)
                    try:
                        values.setdefault(place, []).append(float(metric.score(view, beside)))
                    except Exception as error:
                        reasons[place] = reason_of(error)
            progress.advance()
    spreads = {metric.name: spread_of(run, metric.name, protocol.name) for metric in metrics}
    return [
        _row(metric, distortion.name, level, distortion.unit, values, reasons, spreads[metric.name])
        for metric in metrics
        for distortion in DISTORTIONS
        for level in distortion.levels
    ]


def _row(
    metric: Metric,
    distortion: str,
    level: float,
    unit: str,
    values: dict[tuple[str, str, float], list[float]],
    reasons: dict[tuple[str, str, float], str],
    spread: tuple[float, float] | None,
) -> dict[str, Any]:
    place = (metric.name, distortion, level)
    found = values.get(place, [])
    row: dict[str, Any] = {"metric": metric.name, "distortion": distortion, "level": level, "unit": unit}
    if place in reasons:
        return row | {"value": None, "n": len(found), "normalised": None, "reason": reasons[place]}
    value = aggregate(found, "mean")
    sign = 1 if metric.higher_is_better else -1
    normalised = None if spread is None else sign * (value - spread[0]) / spread[1]
    reason = "" if spread else f"the run has fewer than {_LEAST_METHODS} methods with this metric"
    return row | {"value": value, "n": len(found), "normalised": normalised, "reason": reason}


def write(rows: list[dict[str, Any]], out: Path) -> list[Path]:
    """`atlas.csv` and the figure."""
    out.mkdir(parents=True, exist_ok=True)
    return [write_csv(out / "atlas.csv", COLUMNS, rows), *_figure(rows, out / "atlas")]


def _figure(rows: list[dict[str, Any]], stem: Path) -> list[Path]:
    """Metrics as rows, distortions with rising strength as columns; red is worse than the run's methods."""
    from matplotlib.figure import Figure

    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    columns = list(dict.fromkeys((row["distortion"], row["level"]) for row in rows))
    table = np.full((len(metrics), len(columns)), np.nan)
    for row in rows:
        if row["normalised"] is not None and math.isfinite(row["normalised"]):
            table[metrics.index(row["metric"]), columns.index((row["distortion"], row["level"]))] = row[
                "normalised"
            ]
    with style(8):
        figure = Figure(figsize=(2.2 + 0.42 * len(columns), 1.8 + 0.34 * len(metrics)), layout="constrained")
        axes = figure.add_subplot()
        image = axes.imshow(table, cmap="RdBu", vmin=-4, vmax=4, aspect="auto")
        axes.set_yticks(range(len(metrics)), metrics)
        axes.set_xticks(range(len(columns)), [f"{name} {level:g}" for name, level in columns], rotation=90)
        figure.colorbar(image, ax=axes, label="standard deviations of the run's methods", fraction=0.04)
        caption = f"{max(row['n'] for row in rows)} images; red is worse, blue better than the run's methods."
        return save(Drawn(figure, caption=caption), stem)

"""The files of a recognition run: tables, tests, every image's prediction, provenance."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from srbench.core.files import write_csv, write_text
from srbench.core.records import OK
from srbench.datasets.imagenet import LabelledImage
from srbench.studies.recognition.measure import Looks
from srbench.studies.recognition.results import PairTest, Row, markdown, reported

_FIELDS = ("classifier", "method", "scale", "measure", "value", "low", "high", "n", "expected", "reported")
_PREDICTION_FIELDS = ("image", "label", "method", "classifier", "rank", "confidence", "status")


def write_files(
    out: Path,
    scale: int,
    rows: list[Row],
    tests: list[PairTest],
    images: Sequence[LabelledImage],
    looks: Mapping[tuple[str, str], Looks],
    said: Mapping[str, str],
    provenance: dict[str, Any],
) -> list[Path]:
    """Writes all files into `out`, each complete or not at all; returns their paths.

    `said` are remarks by method.
    """
    out.mkdir(parents=True, exist_ok=True)
    return [
        write_csv(out / "recognition.csv", _FIELDS, _measures(rows, scale)),
        write_text(out / "recognition.md", markdown(rows, scale, len(images), said)),
        write_csv(out / "mcnemar.csv", PairTest.__dataclass_fields__, map(vars, tests)),
        write_csv(out / "predictions.csv", _PREDICTION_FIELDS, _predictions(images, looks)),
        write_text(out / "run.json", json.dumps(provenance, indent=2) + "\n"),
    ]


def _measures(rows: list[Row], scale: int) -> Iterator[dict[str, object]]:
    published = reported(scale)
    for row in rows:
        for measure, value in row.measures().items():
            low, high = _interval(row, measure)
            known = published.get((row.classifier, row.method, measure), [])
            beside = "; ".join(f"{paper} {number:g}" for paper, number in known)
            yield {
                "classifier": row.classifier,
                "method": row.method,
                "scale": scale,
                "measure": measure,
                "value": value,
                "low": low,
                "high": high,
                "n": row.found.n,
                "expected": row.expected,
                "reported": beside,
            }


def _interval(row: Row, measure: str) -> tuple[float, float]:
    low, high = {
        "top1": row.top1_interval,
        "top5": row.top5_interval,
    }.get(measure.partition("_")[0], (math.nan, math.nan))
    return (1 - high, 1 - low) if measure.endswith("error") else (low, high)


def _predictions(
    images: Sequence[LabelledImage], looks: Mapping[tuple[str, str], Looks]
) -> Iterator[dict[str, object]]:
    for (method, classifier), of_pair in looks.items():
        for number, image in enumerate(images):
            status = of_pair.reasons.get(number, OK)
            rank = int(of_pair.ranks[number]) if status == OK else ""
            confidence = float(of_pair.confidence[number])
            values = (image.path.stem, image.label, method, classifier, rank, confidence, status)
            yield dict(zip(_PREDICTION_FIELDS, values, strict=True))

"""What finished folders hold for the papers' tables: runs, recognition and BAPPS, given with `--with DIR`.

A folder fills a cell only where it measured all of what the table did: the same protocol and scale, every
image, as many images as the table names. Where it holds less, the cell says so.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from srbench.core.records import Score, UserError
from srbench.methods.catalogue import METHODS
from srbench.runs.folder import no_run
from srbench.runs.reader import read_run
from srbench.studies.reproduce.cells import Origin, Want, Whole
from srbench.studies.reproduce.evidence import by_want

# How many images the tables of classifiers are of.
_IMAGES = {"imagenet": 50_000, "imagenet1000": 1000}
_CLASSIFIER = "resnet50"  # EnhanceNet's only one, which its rows do not name
_SUBSETS = {
    "colorization": "color",
    "distortions_all": "distortions",
    "frame_interp": "frameinterp",
    "real_all": "real",
    "video_deblur": "deblur",
}
_UNKNOWN = "unknown making"


@dataclass
class Found:
    """What folders fill: scores per image, values of whole sets, reasons and origins, by what is wanted."""

    scores: dict[Want, dict[str, Score]] = field(default_factory=dict)
    wholes: dict[Want, Whole] = field(default_factory=dict)
    reasons: dict[Want, str] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)


def read_finished(folders: Sequence[Path], wants: Iterable[Want]) -> Found:
    """What the folders hold of the wants; of two that hold the same the first one counts.

    `UserError` for a folder that is no run, no recognition folder and none of BAPPS.
    """
    found, wanted = Found(), list(wants)
    for folder in reversed(folders):
        if (folder / "recognition.csv").is_file():
            _from_recognition(folder, wanted, found)
        elif (folder / "2afc.csv").is_file():
            _from_bapps(folder, wanted, found)
        elif (folder / "scores.csv").is_file():
            _from_run(folder, wanted, found)
        else:
            raise UserError(f"--with {no_run(folder)}; also folders of srbench recognition and bapps-2afc do")
    return found


def _from_run(folder: Path, wants: list[Want], found: Found) -> None:
    run = read_run(folder)
    for want, scores in by_want(run.scores, set(wants)).items():
        inputs = run.facts["datasets"].get(f"{want.dataset} x{want.scale}", {}).get("inputs", {})
        if _UNKNOWN in inputs.get(want.protocol, {}).get(want.method, ""):
            found.reasons[want] = f"{folder.name} has low-resolution inputs of unknown making"
            continue
        found.scores[want] = scores
        fact = run.facts["methods"].get(want.method, {})
        what = f"{want.method} of {folder.name}{f' ({remark})' if (remark := fact.get('remark')) else ''}"
        found.origins[want.method] = Origin(run.origins().get(want.method, ""), what)


def _from_recognition(folder: Path, wants: list[Want], found: Found) -> None:
    said = _description(folder)
    rows = {
        (row["method"], row["classifier"], row["measure"]): row for row in _rows(folder / "recognition.csv")
    }
    place = (said.get("scale"), said.get("protocol", {}).get("name"))
    for want in wants:
        images = _IMAGES.get(want.dataset)
        measure, _, classifier = want.metric.partition(":")
        row = rows.get((want.method, classifier or _CLASSIFIER, measure))
        if images is None or row is None or place != (want.scale, want.protocol):
            continue
        count = int(row["n"])
        if count != images or count != int(row["expected"]):
            found.reasons[want] = f"{folder.name} has {count} images, the table has {images}"
            continue
        found.wholes[want] = Whole(float(row["value"]), count, f"{want.method} of {folder.name}")
        if want.method in METHODS:  # else it is outputs of the user's, as its name says
            found.origins[want.method] = Origin(METHODS.get(want.method).origin, want.method)


def _from_bapps(folder: Path, wants: list[Want], found: Found) -> None:
    split = _description(folder).get("split")
    rows = {(row["metric"], row["group"]): row for row in _rows(folder / "2afc.csv")}
    for want in wants:
        if want.metric != "2afc" or not want.dataset.startswith(f"bapps/{split}/"):
            continue
        group = want.dataset.rpartition("/")[2]
        row = rows.get((_metric(want.method), _SUBSETS.get(group, group)))
        if row is None:
            continue
        if row["n"] != row["expected"] or row["subsets"] != row["of_subsets"]:
            found.reasons[want] = f"{folder.name} has not all of this group's triplets"
            continue
        found.wholes[want] = Whole(float(row["value"]), int(row["n"]), f"{want.method} of {folder.name}")


def _metric(printed: str) -> str:
    """The name in `2afc.csv` of a row of TSRN's Table 5."""
    kind, _, network = printed.partition(":")
    family = {"net-f": "feat", "net-g": "gram", "lpips": "lpips"}.get(kind)
    return f"{family}-{network.removesuffix('-lin')}" if family else printed


def _description(folder: Path) -> dict[str, Any]:
    try:
        said = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UserError(f"{folder / 'run.json'} is not there or damaged; run the command again") from None
    if not isinstance(said, dict):
        raise UserError(f"{folder / 'run.json'} describes no run")
    return said


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))

"""What finished folders hold for the papers' tables: runs, recognition and BAPPS, given with `--with DIR`.

A folder fills a cell only where it measured all of what the table did: the same protocol and scale, every
image, as many images as the table names. Where it holds less, the cell says so.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from srbench.core.records import Score, UserError
from srbench.datasets.bapps import is_whole_validation
from srbench.datasets.catalogue import DATASETS
from srbench.datasets.download import published_files
from srbench.methods.catalogue import METHODS
from srbench.runs.folder import no_run
from srbench.runs.reader import read_run
from srbench.studies.bapps.results import GROUPS
from srbench.studies.recognition.measure import BASELINE
from srbench.studies.reproduce.cells import Origin, Want, Whole
from srbench.studies.reproduce.evidence import by_want
from srbench.studies.reproduce.experiments import ACTIVE, GRID, Measured, of_activations, of_grid, of_run

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
_BABOON = re.compile(r"img_001_.*HR")
_IMAGENET = "vgg19-imagenet"
_ORIGINALS = "hr"  # what stands for the originals, which recognition calls its baseline
_PUBLISHED = "published"  # what recognition says of weights that nobody gave


@dataclass
class Found:
    """What folders fill: scores per image, values of whole sets, reasons and origins, by what is wanted."""

    scores: dict[Want, dict[str, Score]] = field(default_factory=dict)
    wholes: dict[Want, Whole] = field(default_factory=dict)
    reasons: dict[Want, str] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    experiments: list[Measured] = field(default_factory=list)


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
        elif (folder / GRID).is_file():
            found.experiments += _checked(of_grid, folder / GRID)
        elif (folder / ACTIVE).is_file():
            found.experiments += _checked(of_activations, folder / ACTIVE)
            _from_activations(folder, wanted, found)
        else:
            others = "recognition, bapps-2afc, experiment esrgan-ablation and figure active"
            raise UserError(f"--with {no_run(folder)}; also folders of srbench {others} do")
    return found


def _checked(read: Callable[[Path], list[Measured]], path: Path) -> list[Measured]:
    """What a folder's table says; `UserError` where it is damaged."""
    try:
        return read(path.parent)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is damaged or was edited by hand ({error})") from None


def _from_activations(folder: Path, wants: list[Want], found: Found) -> None:
    """ESRGAN's 11.17%: of ImageNet's weights, and of the picture that Set14 has as its first."""
    known = {file.sha256 for file in published_files(DATASETS.get("set14")) if _BABOON.search(file.path)}
    for want in wants:
        if want.metric != "active_neurons":
            continue
        rows = [row for row in _rows(folder / ACTIVE) if row["layer"] == "relu5_4" and row["sha256"] in known]
        if not rows:
            found.reasons[want] = f"{folder.name} is not of Set14's baboon"
        elif rows[0]["weights"] != _IMAGENET:
            found.reasons[want] = f"{folder.name} has other weights than ImageNet's ({rows[0]['weights']})"
        else:
            found.wholes[want] = Whole(100 * float(rows[0]["share"]), 1, f"VGG-19 in {folder.name}")


def _from_run(folder: Path, wants: list[Want], found: Found) -> None:
    run = read_run(folder)
    found.experiments += of_run(run, folder)
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
        measure, _, named = want.metric.partition(":")
        classifier = named or _CLASSIFIER
        names = (want.method, BASELINE) if want.method == _ORIGINALS else (want.method,)
        row = next((rows[key] for name in names if (key := (name, classifier, measure)) in rows), None)
        if images is None or row is None or place != (want.scale, want.protocol):
            continue
        reason = _lacks(folder, row, images, said.get("classifiers", {}).get(classifier, ""))
        if reason:
            found.reasons[want] = reason
            continue
        found.wholes[want] = Whole(float(row["value"]), images, f"{want.method} of {folder.name}")
        if want.method in METHODS:  # else it is outputs of the user's, as its name says
            found.origins[want.method] = Origin(METHODS.get(want.method).origin, want.method)


def _lacks(folder: Path, row: dict[str, str], images: int, weights: str) -> str:
    """What a row of `recognition.csv` has less than the table; empty where it has all."""
    count = int(row["n"])
    if count != images or count != int(row["expected"]):
        return f"{folder.name} has {count} images, the table has {images}"
    if weights != _PUBLISHED:
        return f"{folder.name} has other weights of {row['classifier']} than torchvision publishes"
    return "" if row["value"] else f"{folder.name} has no value"


def _from_bapps(folder: Path, wants: list[Want], found: Found) -> None:
    said = _description(folder)
    split, counts = said.get("split"), said.get("subsets", {})
    given = {text.partition("=")[0] for text in said.get("variants", ())}
    rows = {(row["metric"], row["group"]): row for row in _rows(folder / "2afc.csv")}
    for want in wants:
        if want.metric != "2afc" or not want.dataset.startswith(f"bapps/{split}/"):
            continue
        printed = want.dataset.rpartition("/")[2]
        metric, group = _metric(want.method), _SUBSETS.get(printed, printed)
        row = rows.get((metric, group))
        if row is None:
            continue
        complete = row["n"] == row["expected"] and row["subsets"] == row["of_subsets"] and row["value"]
        if not complete or not all(is_whole_validation(name, counts.get(name, 0)) for name in GROUPS[group]):
            found.reasons[want] = f"{folder.name} has not all of this group's triplets"
            continue
        found.wholes[want] = Whole(float(row["value"]), int(row["n"]), f"{metric} of {folder.name}")
        if metric in given:  # a file of the user's, of which nobody knows whether it is the authors'
            found.origins[want.method] = Origin("given weights", metric)


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

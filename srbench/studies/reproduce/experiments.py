"""Experiments of a paper that it shows without a table: what finished folders measured of them.

ESRGAN's are its ablation (Figure 8), network and image interpolation (Figure 10), brightness (Figure 9a) and
active neurons (Figure 6). Nothing of it is printed but the share of active neurons, which is a cell of its
tables too.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from srbench.core.files import write_csv
from srbench.core.records import UserError
from srbench.runs.data import RunData
from srbench.studies.reproduce.records import Paper
from srbench.tables.text import markdown, markdown_head, markdown_row

ABLATION, INTERPOLATION, BRIGHTNESS, ACTIVATIONS = "ablation", "interpolation", "brightness", "activations"
GRID = "table.csv"  # of srbench experiment
ACTIVE = "active.csv"  # of srbench figure active
_GRID_NAME = "esrgan-ablation"
_FAMILY = re.compile(r"(esrgan|mix:rrdb-psnr,esrgan)@(\d+(?:\.\d+)?)")
_KINDS = {"esrgan": "network", "mix:rrdb-psnr,esrgan": "image"}
_DIFFERENCE = "mean level minus the reference's"


@dataclass(frozen=True)
class Measured:
    """A number of an experiment: of which setting, over how many images, under which protocol, whose work."""

    experiment: str
    setting: str
    dataset: str
    scale: int
    protocol: str
    metric: str
    value: float
    n: int
    origin: str


COLUMNS = tuple(Measured.__dataclass_fields__)


def of_run(run: RunData, folder: Path) -> list[Measured]:
    """Interpolations that a run measured on every image, and brightness from the figures beside it."""
    found = []
    origins = run.origins()
    for board in run.boards():
        for method in board.methods:
            family = _FAMILY.fullmatch(method)
            for info in board.metrics if family else ():
                cell = board.cells[method, info.name]
                if family and cell.value is not None and cell.n == cell.expected:
                    setting = f"{_KINDS[family[1]]} interpolation, alpha {float(family[2]):g}"
                    place = (board.dataset, board.scale, board.protocol, info.name)
                    origin = origins.get(method, "")
                    found.append(Measured(INTERPOLATION, setting, *place, cell.value, cell.n, origin))
    for path in sorted((folder / "figures").glob("*_brightness.csv")):
        found += _brightness(path, origins)
    return found


def _brightness(path: Path, origins: dict[str, str]) -> list[Measured]:
    return [
        Measured(
            BRIGHTNESS, row["method"], row["dataset"], int(row["scale"]),
            f"Gaussian of {row['sigma']} pixels", "levels brighter than the reference",
            float(row["value"]), int(row["n"]),
            origins.get(row["method"], ""),
        )
        for row in read_rows(path)
        if row.get("quantity") == _DIFFERENCE and row["method"] != "reference"
    ]  # fmt: skip


def of_grid(folder: Path) -> list[Measured]:
    """The rows of ESRGAN's ablation as `srbench experiment esrgan-ablation` trained them."""
    return [
        Measured(
            ABLATION, row["training"], row["dataset"], int(row["scale"]), row["protocol"], row["metric"],
            float(row["value"]), int(row["n"]), row["origin"],
        )
        for row in read_rows(folder / GRID)
        if row["experiment"] == _GRID_NAME and row["n"]
    ]  # fmt: skip


def of_activations(folder: Path) -> list[Measured]:
    """The share of active neurons after VGG19-54, by image and over all of them."""
    return [
        Measured(
            ACTIVATIONS, "after VGG19-54", row["image"], 1, row["weights"], "active neurons [%]",
            100 * float(row["share"]), int(row["n"]), "",
        )
        for row in read_rows(folder / ACTIVE)
        if row["layer"] == "relu5_4"
    ]  # fmt: skip


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table of srbench's."""
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def of_datasets(measured: Iterable[Measured], datasets: Sequence[str]) -> list[Measured]:
    """Those on these data sets, all where none is named; a share of neurons is of no data set."""
    return [
        one for one in measured if not datasets or one.dataset in datasets or one.experiment == ACTIVATIONS
    ]


def write_measured(measured: Iterable[Measured], path: Path) -> Path:
    """Every number as CSV."""
    return write_csv(path, COLUMNS, map(asdict, measured))


def read_measured(path: Path) -> list[Measured]:
    """What `write_measured` wrote; nothing where there is no file."""
    if not path.is_file():
        return []
    try:
        return [
            Measured(
                **{**row, "scale": int(row["scale"]), "value": float(row["value"]), "n": int(row["n"])}  # type: ignore[arg-type]
            )
            for row in read_rows(path)
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is damaged or was edited by hand ({error})") from None


def section(paper: Paper, measured: Sequence[Measured]) -> str:
    """The experiments as Markdown: what the paper shows, what was measured or the command that does it."""
    if not paper.experiments:
        return ""
    text = "\n## Experiments that the paper shows without a table\n\n"
    for one in paper.experiments:
        text += f"### {markdown(one.title)}\n\n{markdown(one.says)}\n\n"
        rows = [each for each in measured if each.experiment == one.key]
        if not rows:
            text += f"- not measured here: `{one.command}`, then `--with DIR`\n\n"
            continue
        text += markdown_head(["setting", "data", "protocol", "metric", "measured", "n", "origin"], left=4)
        for each in rows:
            data = f"{each.dataset} x{each.scale}" if each.scale > 1 else each.dataset
            cells = (
                each.setting,
                data,
                each.protocol,
                each.metric,
                f"{each.value:.4f}",
                str(each.n),
                each.origin,
            )
            text += markdown_row(map(markdown, cells))
        text += "\n"
    return text.rstrip() + "\n"

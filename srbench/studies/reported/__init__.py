"""Numbers that papers print, as facts: `reported.csv`, one row for each cell of a table.

`value` keeps the digits as printed. `reported.csv` holds the tables of images (PSNR, SSIM, LPIPS, opinion
scores) and, for completeness, those of classifiers and of BAPPS, which `srbench recognition` and
`srbench bapps-2afc` print beside their own measurements from `recognition.csv` and `bapps_2afc.csv`.
`selfexsr_per_image.csv` holds the values per image, of eight methods, that the authors of SelfExSR published
(jbhuang0604/SelfExSR, `quant_eval/result`), to six decimals.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from srbench.images.pixels import border_width

if TYPE_CHECKING:
    from srbench.protocols import Protocol


@dataclass(frozen=True)
class Reported:
    """One printed number; `method` and `metric` are named as the paper's reader named them, `scale` is 0
    where there is none."""

    paper: str
    table: str
    scale: int
    dataset: str
    method: str
    metric: str
    printed: str
    note: str

    @property
    def mark(self) -> str:
        """What stands beside the number: † where it is not printed but follows from others, ‡ where the paper
        calls it significantly better."""
        marks = {"derived": "†", "significantly": "‡"}
        return next((mark for word, mark in marks.items() if self.note.startswith(word)), "")

    @property
    def value(self) -> float:
        """The printed number."""
        return float(self.printed)

    @property
    def digits(self) -> int:
        """Digits after the point, as printed."""
        return len(self.printed.partition(".")[2])


def reported(paper: str) -> list[Reported]:
    """The printed numbers of one paper, in the order of its tables."""
    return [row for row in every_number() if row.paper == paper]


def published(*, scale: int, dataset: str, method: str, metric: str) -> Reported | None:
    """The first printed number of a method on a data set, None where no table has one."""
    wanted = (scale, dataset, method, metric)
    found = (row for row in every_number() if (row.scale, row.dataset, row.method, row.metric) == wanted)
    return next(found, None)


def every_number() -> list[Reported]:
    """All of `reported.csv`."""
    return [
        Reported(
            paper=row["paper"],
            table=row["table"],
            scale=int(row["scale"] or 0),
            dataset=row["dataset"],
            method=row["method"],
            metric=row["metric"],
            printed=row["value"],
            note=row["note"],
        )
        for row in read_table("reported.csv")
    ]


def measures_as_selfexsr(protocol: Protocol, scale: int) -> bool:
    """Whether a protocol measures as the values of `per_image` were: `matlab`, at x4 also `srbench`."""
    usual = (protocol.luma, protocol.gray, protocol.plane) == ("bt601-rounded", "full-range", "colour")
    return usual and border_width(protocol.border, scale) == scale


def per_image(*, scale: int, dataset: str, method: str, metric: str) -> list[float]:
    """The values that authors published image by image, in the images' order; empty where there are none."""
    return _per_image().get((scale, dataset, method, metric), [])


@lru_cache(maxsize=1)
def _per_image() -> dict[tuple[int, str, str, str], list[float]]:
    found: dict[tuple[int, str, str, str], list[float]] = {}
    for row in read_table("selfexsr_per_image.csv"):
        for method in list(row)[4:]:
            if row[method]:
                key = (int(row["scale"]), row["dataset"], method, row["metric"])
                found.setdefault(key, []).append(float(row[method]))
    return found


def read_table(name: str) -> list[dict[str, str]]:
    """The rows of one of the tables beside this."""
    text = (files(__name__) / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))

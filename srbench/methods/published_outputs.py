"""Output images that authors published, as methods: `published:RCAN`.

`published_outputs.csv` lists address, size and SHA-256 of each image, read from the authors' repositories at
a fixed commit: yulunzhang/RCAN and yulunzhang/RDN, `*_TestCode/SR/BI`. The images are fetched and kept like
weights, so that `srbench methods pull published:RCAN` gets them, `--from DIR` too.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.records import Unscorable, UsageError
from srbench.core.weights import WeightFile, locate
from srbench.images.codec import read_image
from srbench.methods.contract import Method, Upscaler

if TYPE_CHECKING:
    import numpy as np

    from srbench.core.records import Pair, Sample

PREFIX = "published:"
_CITATIONS = {
    "RCAN": "Zhang, Li, Li, Wang, Zhong, Fu: Residual Channel Attention Networks, ECCV 2018",
    "RDN": "Zhang, Tian, Kong, Zhong, Fu: Residual Dense Network, CVPR 2018",
}


class OutputFile(WeightFile):
    """One published image; its name is `published/NAME/DATASET/xSCALE/IMAGE`."""

    @property
    def origin(self) -> str:
        """Whose work it is."""
        return "published outputs"


def published_names() -> list[str]:
    """The methods whose outputs are known, with the prefix."""
    return [f"{PREFIX}{name}" for name in _files()]


def published_outputs(name: str) -> Method:
    """The method of `published:NAME`, in upper or lower case; `UsageError` for others."""
    wanted = name.removeprefix(PREFIX).casefold()
    known = next((each for each in _files() if each.casefold() == wanted), None)
    if known is None:
        there = ", ".join(published_names())
        raise UsageError(f"no published outputs are known as '{name}'; there are: {there}")
    files = tuple(_files()[known].values())
    full = f"{PREFIX}{known}"
    return Method(
        name=full,
        summary=f"the output images that the authors of {known} published (Set5)",
        kind="outputs",
        source=f"{files[0].citation}; images: {files[0].homepage}",
        open=lambda _: _upscaler(full, known),
        scales=tuple(sorted({file.scale for file in files if file.scale is not None})),
        weights=files,
    )


def _upscaler(full: str, known: str) -> Upscaler:
    def read(sample: Sample) -> np.ndarray:
        file = _file_of(sample.pair, known)
        return read_image(locate(file, command=f"srbench methods pull {full}"))

    return read


def _file_of(pair: Pair, known: str) -> WeightFile:
    for image in (pair.image, *pair.aliases):
        file = _files()[known].get((pair.dataset, pair.scale, image))
        if file is not None:
            return file
    raise Unscorable(f"the authors of {known} published no output for {pair.image} of {pair.dataset}")


@lru_cache(maxsize=1)
def _files() -> dict[str, dict[tuple[str, int, str], OutputFile]]:
    """By method, and there by data set, scale and image."""
    files: dict[str, dict[tuple[str, int, str], OutputFile]] = {}
    table = Path(__file__).with_name("published_outputs.csv")
    with table.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            scale = int(row["scale"])
            family = row["name"].removesuffix("plus")
            files.setdefault(row["name"], {})[row["dataset"], scale, row["image"]] = OutputFile(
                name=f"published/{row['name']}/{row['dataset']}/x{scale}/{row['image']}",
                sha256=(row["sha256"],),
                homepage=f"https://github.com/yulunzhang/{family}",
                license="none is stated",
                citation=_CITATIONS[family],
                url=row["url"],
                size=int(row["size"]),
                suffix=".png",
                scale=scale,
            )
    return files

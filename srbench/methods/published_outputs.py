"""Output images that authors published, as methods: `published:RCAN`.

`published_outputs.csv` lists address, size and SHA-256 of each image, read from the authors' repositories at
a fixed commit, with the PSNR and SSIM that they published of it, if any (as `basicsr` measures). The images
are fetched and kept like weights, so that `srbench methods pull published:RCAN` gets them, `--from DIR` too.

TSRN's outputs reach `cut` pixels beyond the enlarged input on every side (the comic of Set14 fits its
reference best without them, by more than 1 dB). Its other examples have no published reference: they go by
the name `tsrn-examples` and are there to look at, or to measure without one.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.records import Unscorable, UsageError
from srbench.core.weights import WeightFile, locate
from srbench.images.codec import read_in_bits
from srbench.images.pixels import crop_border
from srbench.methods.contract import Method, Upscaler

if TYPE_CHECKING:
    import numpy as np

    from srbench.core.records import Pair, Sample
    from srbench.images.codec import Bits

PREFIX = "published:"
# By family: the repository, its license, the paper.
_SOURCES = {
    "RCAN": (
        "yulunzhang/RCAN",
        "none is stated",
        "Zhang, Li, Li, Wang, Zhong, Fu: Residual Channel Attention Networks, ECCV 2018",
    ),
    "RDN": (
        "yulunzhang/RDN",
        "none is stated",
        "Zhang, Tian, Kong, Zhong, Fu: Residual Dense Network, CVPR 2018",
    ),
    "ESRGAN": ("xinntao/ESRGAN", "Apache-2.0", "Wang et al.: ESRGAN, ECCV Workshops 2018"),
    "TSRN": (
        "waleedgondal/Texture-based-Super-Resolution-Network",
        "Apache-2.0",
        "Gondal, Schölkopf, Hirsch: The Unreasonable Effectiveness of Texture Transfer, ECCV Workshops 2018",
    ),
}


@dataclass(frozen=True, kw_only=True)
class OutputFile(WeightFile):
    """One published image; its name is `published/NAME/DATASET/xSCALE/IMAGE`.

    `cut` pixels of each side are not of the image; `psnr_y` (dB) and `ssim_y` are what its authors measured.
    """

    cut: int = 0
    psnr_y: float | None = None
    ssim_y: float | None = None

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
    sets = ", ".join(dict.fromkeys(dataset for dataset, _, _ in _files()[known]))
    return Method(
        name=full,
        summary=f"the output images that the authors of {known} published ({sets})",
        kind="outputs",
        source=f"{files[0].citation}; images: {files[0].homepage}",
        open=lambda runtime: _upscaler(full, known, runtime.bits),
        depths=(8, 16),
        scales=tuple(sorted({file.scale for file in files if file.scale is not None})),
        weights=files,
    )


def _upscaler(full: str, known: str, bits: Bits) -> Upscaler:
    def read(sample: Sample) -> np.ndarray:
        file = _file_of(sample.pair, known)
        image = read_in_bits(locate(file, command=f"srbench methods pull {full}"), bits)
        return crop_border(image, file.cut)

    return read


def _file_of(pair: Pair, known: str) -> OutputFile:
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
            repository, license, citation = _SOURCES[row["name"].removesuffix("plus")]
            files.setdefault(row["name"], {})[row["dataset"], scale, row["image"]] = OutputFile(
                name=f"published/{row['name']}/{row['dataset']}/x{scale}/{row['image']}",
                sha256=(row["sha256"],),
                homepage=f"https://github.com/{repository}",
                license=license,
                citation=citation,
                url=row["url"],
                size=int(row["size"]),
                suffix=".png",
                scale=scale,
                cut=int(row["cut"]),
                psnr_y=float(row["psnr_y"]) if row["psnr_y"] else None,
                ssim_y=float(row["ssim_y"]) if row["ssim_y"] else None,
            )
    return files

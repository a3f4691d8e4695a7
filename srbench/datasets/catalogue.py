"""The list of data sets. To add one: an entry here (its images are found by `folders.py`)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from srbench.core.records import UsageError
from srbench.core.registry import Registry
from srbench.core.text import plain
from srbench.datasets.contract import Dataset, RemoteFiles

# The authors' repository at one commit, so that the files behind the hashes cannot move.
_SELFEXSR = (
    "https://raw.githubusercontent.com/jbhuang0604/SelfExSR/18e00f2d1bd3941e9b8d4895d3541543ad86d5b2/data/"
)
_SELFEXSR_HOME = "https://github.com/jbhuang0604/SelfExSR"
_RESEARCH = "images of various origin, redistributed for research; no explicit licence"

DATASETS: Registry[Dataset] = Registry("data set", group="srbench.datasets", record=Dataset)


def _demo_folder() -> Path | None:
    spec = find_spec("skimage")
    return Path(spec.origin).parent / "data" if spec and spec.origin else None


for _dataset in (
    Dataset(
        name="demo",
        title="Demo: six colour photographs that come with scikit-image",
        folders=("demo",),
        images=6,
        homepage="https://scikit-image.org/docs/stable/api/skimage.data.html",
        license="public domain or CC0 (see scikit-image's data/README.txt)",
        citation="van der Walt et al., scikit-image: image processing in Python, PeerJ 2014",
        instructions="nothing to do: it comes with scikit-image",
        folder=_demo_folder(),
        only=(
            "astronaut.png",
            "chelsea.png",
            "coffee.png",
            "hubble_deep_field.jpg",
            "motorcycle_left.png",
            "rocket.jpg",
        ),
    ),
    Dataset(
        name="set5",
        title="Set5",
        folders=("Set5",),
        images=5,
        homepage=_SELFEXSR_HOME,
        license=_RESEARCH,
        citation="Bevilacqua et al., Low-complexity single-image super-resolution, BMVC 2012",
        remote=RemoteFiles(base_url=_SELFEXSR, registry="set5.txt"),
        references_of={8: 4},
        aliases={
            "img_001": "baby",
            "img_002": "bird",
            "img_003": "butterfly",
            "img_004": "head",
            "img_005": "woman",
        },
    ),
    Dataset(
        name="set14",
        title="Set14",
        folders=("Set14",),
        images=14,
        homepage=_SELFEXSR_HOME,
        license=_RESEARCH,
        citation="Zeyde et al., On single image scale-up using sparse-representations, 2010",
        remote=RemoteFiles(base_url=_SELFEXSR, registry="set14.txt"),
        references_of={8: 4},
        aliases={
            "img_001": "baboon",
            "img_002": "barbara",
            "img_003": "bridge",
            "img_004": "coastguard",
            "img_005": "comic",
            "img_006": "face",
            "img_007": "flowers",
            "img_008": "foreman",
            "img_009": "lenna",
            "img_010": "man",
            "img_011": "monarch",
            "img_012": "pepper",
            "img_013": "ppt3",
            "img_014": "zebra",
        },
    ),
    Dataset(
        name="bsd100",
        title="BSD100",
        folders=("BSD100", "B100", "BSDS100"),
        images=100,
        homepage=_SELFEXSR_HOME,
        license="Berkeley Segmentation Dataset: non-commercial research and education",
        citation="Martin et al., A database of human segmented natural images, ICCV 2001",
        remote=RemoteFiles(base_url=_SELFEXSR, registry="bsd100.txt"),
        references_of={8: 4},
    ),
    Dataset(
        name="urban100",
        title="Urban100",
        folders=("Urban100",),
        images=100,
        homepage=_SELFEXSR_HOME,
        license=_RESEARCH,
        citation="Huang et al., Single image super-resolution from transformed self-exemplars, CVPR 2015",
        remote=RemoteFiles(base_url=_SELFEXSR, registry="urban100.txt"),
        references_of={8: 4},
        variants={2: "half-size references"},
        remarks={
            2: "SelfExSR published the full images reduced by 2 as references of x2, with the inputs of x4 "
            "(bicubic: 26.66 dB); later papers score the full images (26.88 dB)"
        },
    ),
    Dataset(
        name="sunhays80",
        title="Sun-Hays80",
        folders=("Sun-Hays80", "SunHays80", "Sun_Hays80"),
        images=80,
        homepage=_SELFEXSR_HOME,
        license=_RESEARCH,
        citation="Sun and Hays, Super-resolution from internet-scale scene matching, ICCP 2012",
        remote=RemoteFiles(base_url=_SELFEXSR, registry="sunhays80.txt"),
        references_of={2: 8, 4: 8},
    ),
    Dataset(
        name="pirm-val",
        title="PIRM 2018 validation",
        folders=("PIRM_valid", "PIRM-val", "PIRM_val"),
        images=100,
        homepage="https://github.com/roimehrez/PIRM2018",
        license="research",
        citation="Blau et al., The 2018 PIRM challenge on perceptual image super-resolution, ECCVW 2018",
        instructions=(
            "get the validation set from the links on https://github.com/roimehrez/PIRM2018 and put its "
            "reference images into a folder PIRM_valid (or PIRM_valid/HR) under a --data-root"
        ),
    ),
    Dataset(
        name="div2k-val",
        title="DIV2K validation",
        folders=("DIV2K_valid", "DIV2K_valid_HR", "DIV2K_val", "DIV2K-val"),
        images=100,
        homepage="https://data.vision.ee.ethz.ch/cvl/DIV2K/",
        license="academic research only",
        citation="Agustsson and Timofte, NTIRE 2017 challenge on single image super-resolution, CVPRW 2017",
        instructions=(
            "get DIV2K_valid_HR.zip from https://data.vision.ee.ethz.ch/cvl/DIV2K/ and unpack it under a "
            "--data-root"
        ),
    ),
):
    DATASETS.add(_dataset.name, _dataset)


def resolve(name: str) -> Dataset:
    """The data set of a name: a registered one, or `folder:DIR` for any folder of references."""
    if not name.startswith("folder:"):
        return DATASETS.get(name)
    folder = Path(name.removeprefix("folder:"))
    title = plain(folder.resolve().name)
    if not title or name == "folder:":
        raise UsageError(f"{name}: a folder is needed")
    return Dataset(
        name=title,
        title=plain(str(folder)),
        folders=(title,),
        images=None,
        homepage=plain(str(folder)),
        license="the user's",
        citation="",
        folder=folder,
    )

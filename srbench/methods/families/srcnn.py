"""SRCNN 9-5-5 and 9-1-5, and MMagic's variant of the latter."""

from __future__ import annotations

from srbench.methods.authors import Source, authors
from srbench.methods.families import matlab
from srbench.methods.families.build import Checkpoint, Family, builder
from srbench.methods.networks.specification import NetworkSpec, only
from srbench.methods.published import published
from srbench.methods.trained import trained


def srcnn(scale: int) -> NetworkSpec:
    """SRCNN 9-5-5, on the enlarged luma."""
    return NetworkSpec(builder("srcnn", "SRCNN"), scale, color="luma", input="enlarged", radius=8)


def authors_955(scale: int) -> NetworkSpec:
    """The authors' SRCNN 9-5-5, on the enlarged luma in whole grey levels."""
    return _authors((9, 5, 5), 8, scale)


def authors_915(scale: int) -> NetworkSpec:
    """The authors' SRCNN 9-1-5, on the enlarged luma in whole grey levels."""
    return _authors((9, 1, 5), 6, scale)


def _authors(sizes: tuple[int, int, int], radius: int, scale: int) -> NetworkSpec:
    build = builder("srcnn", "SRCNN", sizes, 1, "replicate")
    return NetworkSpec(build, scale, color="luma-8bit", input="enlarged", radius=radius)


_CITATION = "Dong, Loy, He, Tang: Image Super-Resolution Using Deep Convolutional Networks, TPAMI 2016"
_HOME = "https://github.com/thomas-koehler/SupER"
_FOLDER = (
    "https://raw.githubusercontent.com/thomas-koehler/SupER/d8c6f2e4b26db002ff55bc2beba18639f1d0bb49"
    "/matlab/algorithms/SRAlgorithms/SRCNN/model"
)
_955 = {
    2: Source(
        "dc06d52ab0ecfb75a4222a33c06c2c23287cf67abbd75b869a178f6305f8cdc1",
        268_933,
        f"{_FOLDER}/9-5-5(ImageNet)/x2.mat",
    ),
    3: Source(
        "fa2ee366d328b942b971c80c24f48dc2b015d5ed4b5790070f720ccfb6ab1578",
        267_591,
        f"{_FOLDER}/9-5-5(ImageNet)/x3.mat",
    ),
    4: Source(
        "3f94150d24e5b60dab2b74f4eaf358aefdc72cbe724d86990435bf877ed452ed",
        269_001,
        f"{_FOLDER}/9-5-5(ImageNet)/x4.mat",
    ),
}
_915 = {
    2: Source(
        "51b748297e8669832a4ad27cc4b7eebc6d65d37a77bcb19bef23c1b5f972ea12",
        38_625,
        f"{_FOLDER}/9-1-5(91%20images)/x2.mat",
    ),
    3: Source(
        "ef05325a96221ab9399db844bc833f687796a1078bfa6aacc6930bde60ca5b10",
        38_483,
        f"{_FOLDER}/9-1-5(91%20images)/x3.mat",
    ),
    4: Source(
        "717c2c6f5196a95959f98953f84a359e56fc415eba190b5db016b25896e74862",
        38_489,
        f"{_FOLDER}/9-1-5(91%20images)/x4.mat",
    ),
}
_ACADEMIC = "for academic purpose only"

SRCNN = srcnn(4)
ENLARGING_SRCNN = NetworkSpec(builder("srcnn", "EnlargingSRCNN"), 4, radius=3)

FAMILY = Family(
    checkpoints=(
        Checkpoint("conv1.weight", srcnn, shape=(64, 1, 9, 9), any_scale=True),
        Checkpoint("conv1.weight", only(ENLARGING_SRCNN), shape=(64, 3, 9, 9)),
    ),
    recipes={"srcnn": srcnn},
    methods=(
        authors(
            "srcnn-955",
            "SRCNN 9-5-5, trained on ImageNet (the authors' weights)",
            _CITATION,
            authors_955,
            matlab.srcnn,
            _955,
            scales=(4, 2, 3),
            homepage=_HOME,
            license=_ACADEMIC,
        ),
        authors(
            "srcnn-915",
            "SRCNN 9-1-5, trained on 91 images (the authors' weights)",
            _CITATION,
            authors_915,
            matlab.srcnn,
            _915,
            scales=(4, 2, 3),
            homepage=_HOME,
            license=_ACADEMIC,
        ),
        trained(
            "srcnn-srbench",
            "SRCNN 9-5-5 on the enlarged luma (colours are bicubic)",
            "Dong et al., SRCNN, TPAMI 2016; a third party's weights: "
            "https://github.com/yjn870/SRCNN-pytorch",
            SRCNN,
        ),
        published(
            "srcnn-mmagic",
            "SRCNN 9-1-5 on RGB (MMagic's variant, not the paper's network)",
            _CITATION,
            ENLARGING_SRCNN,
            by="a third party",
            homepage="https://github.com/open-mmlab/mmagic/tree/main/configs/srcnn",
            sha256=("4186f232",),
            license="Apache-2.0",
        ),
    ),
)

"""FSRCNN and FSRCNN-s."""

from __future__ import annotations

from srbench.methods.authors import Source, authors
from srbench.methods.families import matlab
from srbench.methods.families.build import Checkpoint, Family, builder
from srbench.methods.networks.specification import NetworkSpec
from srbench.methods.trained import trained


def fsrcnn(scale: int) -> NetworkSpec:
    """FSRCNN (56, 12, 4), on the low-resolution luma."""
    build = builder("fsrcnn", "FSRCNN", scale)
    return NetworkSpec(build, scale, color="luma", radius=6 + (scale + 3) // scale)


def fsrcnn_s(scale: int) -> NetworkSpec:
    """FSRCNN-s (32, 5, 1), on the low-resolution luma."""
    build = builder("fsrcnn", "FSRCNN", scale, 32, 5, 1)
    return NetworkSpec(build, scale, color="luma", radius=3 + (scale + 3) // scale)


def authors_fsrcnn(scale: int) -> NetworkSpec:
    """The authors' FSRCNN, on the low-resolution luma in whole grey levels."""
    build = builder("fsrcnn", "AuthorsFSRCNN", scale)
    return NetworkSpec(build, scale, color="luma-8bit", radius=7)


def authors_fsrcnn_s(scale: int) -> NetworkSpec:
    """The authors' FSRCNN-s, on the low-resolution luma in whole grey levels."""
    build = builder("fsrcnn", "AuthorsFSRCNN", scale, 32, 5, 1)
    return NetworkSpec(build, scale, color="luma-8bit", radius=4)


_CITATION = "Dong, Loy, Tang: Accelerating the Super-Resolution Convolutional Neural Network, ECCV 2016"
_HOME = "https://github.com/yaBorn/Super-resolution"
_FOLDER = (
    "https://raw.githubusercontent.com/yaBorn/Super-resolution/c6b50c57f33b044eed1b4d5c20344848842d65e9"
    "/Model/FSRCNN"
)
_FSRCNN = {
    2: Source(
        "1d00d037c4eae56d898e1a1e62b736eb11bb2ec112b2fd29d7ead0bff5e4e8b5",
        59_462,
        f"{_FOLDER}/FSRCNN_x2.mat",
    ),
    3: Source(
        "9cbd62ce9cb8d0236d21c7b1311b1ee7f53ff227fd4a5ea62ddaf347870a80a0",
        59_400,
        f"{_FOLDER}/FSRCNN_x3.mat",
    ),
    4: Source(
        "af005f2ba6e90ef45f1807045c3f78132e15b57d9056e4691c79e34863dbdd4f",
        59_338,
        f"{_FOLDER}/FSRCNN_x4.mat",
    ),
}
_FSRCNN_S = {
    2: Source(
        "eeed898988a960bd0e5313d4e8e8e6491dfde51eb78fb66935170b07452edd04",
        19_290,
        f"{_FOLDER}/FSRCNN-s_x2.mat",
    ),
    3: Source(
        "1252c30126461e0ef4a1acf616e8f9cca4ac8a34285d48e88f6b4d410933876f",
        19_222,
        f"{_FOLDER}/FSRCNN-s_x3.mat",
    ),
    4: Source(
        "6d06bd2293b518338cb89685f2a90b73f50d582bd55f3847197a852186ec6f88",
        19_208,
        f"{_FOLDER}/FSRCNN-s_x4.mat",
    ),
}

FSRCNN = fsrcnn(4)

FAMILY = Family(
    checkpoints=(
        # The tensors of all scales have one shape; only the stride differs.
        Checkpoint("last_part.weight", fsrcnn, any_scale=True),
        Checkpoint("last_part.weight", fsrcnn_s, any_scale=True),
    ),
    recipes={"fsrcnn": fsrcnn},
    methods=(
        *(
            authors(
                name,
                f"{title}, transposed convolution on the luma (the authors' weights)",
                _CITATION,
                network,
                matlab.fsrcnn,
                sources,
                scales=(4, 2, 3),
                homepage=_HOME,
                license="none is stated",
            )
            for name, title, network, sources in (
                ("fsrcnn", "FSRCNN (56, 12, 4)", authors_fsrcnn, _FSRCNN),
                ("fsrcnn-s", "FSRCNN-s (32, 5, 1)", authors_fsrcnn_s, _FSRCNN_S),
            )
        ),
        trained(
            "fsrcnn-srbench",
            "FSRCNN (56, 12, 4), transposed convolution on the luma (colours are bicubic)",
            "Dong et al., FSRCNN, ECCV 2016",
            FSRCNN,
        ),
    ),
)

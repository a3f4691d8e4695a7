"""LapSRN and MS-LapSRN."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from srbench.methods.authors import Source, authors
from srbench.methods.families import matlab
from srbench.methods.families.build import Checkpoint, Family, builder, renamed
from srbench.methods.networks.specification import NetworkSpec
from srbench.methods.published import published

if TYPE_CHECKING:
    from srbench.core.weights import Tensors


def lapsrn(scale: int) -> NetworkSpec:
    """LapSRN without biases, on the low-resolution luma."""
    radius = _of_scale({2: 12, 4: 17, 8: 20}, scale)
    return NetworkSpec(builder("lapsrn", "LapSRN", scale), scale, color="luma", radius=radius)


def _of_scale(radii: dict[int, int], scale: int) -> int:
    if scale not in radii:
        raise ValueError(f"exists for 2x, 4x and 8x, not {scale}x")
    return radii[scale]


def authors_lapsrn(scale: int) -> NetworkSpec:
    """The authors' LapSRN, on the low-resolution luma; for 8x they released five layers a level, not ten."""
    depth = 5 if scale == 8 else 10
    return replace(lapsrn(scale), build=builder("lapsrn", "LapSRN", scale, True, 64, depth))


def ms_lapsrn(scale: int, recursions: int = 8) -> NetworkSpec:
    """MS-LapSRN, five convolutions applied 2, 5 or 8 times, on the low-resolution luma."""
    # The convolutions of the levels, whose pixels are 1, 1/2 and 1/4 of the input's, and two at the ends.
    radius = 2 + -(-5 * recursions * (2 * scale - 2) // scale)
    build = builder("lapsrn", "MSLapSRN", scale, recursions)
    return NetworkSpec(build, scale, color="luma", radius=radius)


_HOME = "https://github.com/phoenix104104/LapSRN"
_FOLDER = (
    "https://raw.githubusercontent.com/phoenix104104/LapSRN/95154bba82a3aab9bdaec8e0eedd4187babc5ed2"
    "/pretrained_models"
)
_CITATION = "Lai, Huang, Ahuja, Yang: Deep Laplacian Pyramid Networks, CVPR 2017"
_LAPSRN = {
    2: Source(
        "e368225004e2d5e49d772c5c4eb16c3f28f7fe3b68fec7a9bb91f55e25602baa",
        1_518_234,
        f"{_FOLDER}/LapSRN_x2.mat",
    ),
    4: Source(
        "1d845a3efdca8848968df9e216931419e3b1122373a233d612b4f599985e6367",
        3_032_853,
        f"{_FOLDER}/LapSRN_x4.mat",
    ),
    8: Source(
        "a887221465fe22ebda8ad5963cf812db807e7a9aa8e9d9453aee60e237af5e10",
        2_486_279,
        f"{_FOLDER}/LapSRN_x8.mat",
    ),
}
_MS_LAPSRN = {
    2: Source(
        "4b214952ef911a2ff95354c0669f3e0766bc6c5decbfca7ddb39834f3998da11",
        920_148,
        f"{_FOLDER}/MSLapSRN_D5R2.mat",
    ),
    5: Source(
        "149e78a5d7ab1024b3947b46d2b26c86759aa90b261be222cc75c60cf384b25c",
        933_421,
        f"{_FOLDER}/MSLapSRN_D5R5.mat",
    ),
    8: Source(
        "96dbabe91e964a83b545dbd98580586c5ae312b4f7294ea10519100d0dd1d52d",
        987_015,
        f"{_FOLDER}/MSLapSRN_D5R8.mat",
    ),
}

LAPSRN = lapsrn(4)
MS_LAPSRN = ms_lapsrn(4)


def lapsrn_names(tensors: Tensors) -> Tensors:
    """twtygqyy/pytorch-LapSRN: one name per level, convolutions at the even places of a sequence."""
    rules: list[tuple[str, str]] = [(r"conv_input\.", "head.")]
    for level in range(3):
        old, new = f"{level + 1}", f"levels.{level}"
        sequence = rf"convt_F{old}\.0\.cov_block"
        rules += [(rf"{sequence}\.{2 * place}\.", f"{new}.body.{place}.") for place in range(10)]
        rules += [
            (rf"{sequence}\.20\.", f"{new}.up_features."),
            (rf"convt_I{old}\.", f"{new}.up_image."),
            (rf"convt_R{old}\.", f"{new}.residual."),
        ]
    return renamed(tensors, tuple(rules))


FAMILY = Family(
    checkpoints=(
        Checkpoint(
            "levels.0.up_image.weight", lapsrn, (2, 4, 8), older=("convt_I1.weight",), rename=lapsrn_names
        ),
        Checkpoint("up_features.weight", ms_lapsrn, any_scale=True),
    ),
    methods=(
        authors(
            "lapsrn",
            "LapSRN, a Laplacian pyramid on the luma (the authors' weights; colours are bicubic)",
            _CITATION,
            authors_lapsrn,
            matlab.lapsrn,
            _LAPSRN,
            scales=(4, 2, 8),
            homepage=_HOME,
            license="none is stated",
        ),
        *(
            authors(
                f"ms-lapsrn-d5r{recursions}",
                f"MS-LapSRN D5R{recursions}, shared pyramid levels on the luma "
                "(the authors' weights; colours are bicubic)",
                "Lai, Huang, Ahuja, Yang: Fast and Accurate Image Super-Resolution with Deep Laplacian "
                "Pyramid Networks, TPAMI 2018",
                partial(ms_lapsrn, recursions=recursions),
                matlab.ms_lapsrn,
                source,
                scales=(4, 2, 8),
                homepage=_HOME,
                license="none is stated",
            )
            for recursions, source in _MS_LAPSRN.items()
        ),
        published(
            "lapsrn-twtygqyy",
            "LapSRN, a two-level Laplacian pyramid on the luma "
            "(a third party's weights; colours are bicubic)",
            _CITATION,
            LAPSRN,
            lapsrn_names,
            by="a third party",
            homepage="https://github.com/twtygqyy/pytorch-LapSRN",
        ),
    ),
    recipes={"lapsrn": lapsrn, "ms-lapsrn": ms_lapsrn},
)

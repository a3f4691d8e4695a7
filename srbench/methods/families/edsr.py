"""EDSR and EDSR-baseline."""

from __future__ import annotations

from srbench.methods.families.build import LEVELS_255, Checkpoint, Family, builder
from srbench.methods.networks.specification import NetworkSpec
from srbench.methods.published import published


def edsr(scale: int) -> NetworkSpec:
    """EDSR, 32 blocks of 256 features."""
    build = builder("edsr", "EDSR", scale)
    return NetworkSpec(build, scale, input_range=LEVELS_255, output_range=LEVELS_255, radius=68)


def edsr_baseline(scale: int) -> NetworkSpec:
    """EDSR-baseline, 16 blocks of 64 features."""
    build = builder("edsr", "EDSR", scale, 64, 16, 1.0)
    return NetworkSpec(build, scale, input_range=LEVELS_255, output_range=LEVELS_255, radius=36)


EDSR = edsr(4)
EDSR_BASELINE = edsr_baseline(4)

_CITATION = "Lim, Son, Kim, Nah, Lee: Enhanced Deep Residual Networks, CVPRW 2017"
_HOME = "https://github.com/sanghyun-son/EDSR-PyTorch"
_FILES = "https://cv.snu.ac.kr/research/EDSR/models/"

FAMILY = Family(
    checkpoints=(
        Checkpoint("body.0.body.2.weight", edsr, (2, 3, 4, 8)),
        Checkpoint("body.0.body.2.weight", edsr_baseline, (2, 3, 4, 8)),
    ),
    methods=(
        published(
            "edsr-baseline",
            "EDSR-baseline, 16 residual blocks of 64 features",
            _CITATION,
            EDSR_BASELINE,
            by="the authors",
            homepage=_HOME,
            sha256=("6b446fab",),
            url=f"{_FILES}edsr_baseline_x4-6b446fab.pt",
            license="MIT",
        ),
        published(
            "edsr",
            "EDSR, 32 residual blocks of 256 features",
            _CITATION,
            EDSR,
            by="the authors",
            homepage=_HOME,
            sha256=("4f62e9ef",),
            url=f"{_FILES}edsr_x4-4f62e9ef.pt",
            license="MIT",
        ),
    ),
    recipes={"edsr": edsr, "edsr-baseline": edsr_baseline},
)

"""EDSR: Lim, Son, Kim, Nah, Lee, "Enhanced Deep Residual Networks for Single Image Super-Resolution",
CVPRW 2017."""

from __future__ import annotations

from dataclasses import replace

from srbench.train.recipe import Recipe, Term

EDSR_BASELINE_RECIPE = Recipe(
    name="edsr-baseline",
    method="edsr-baseline",
    paper="Lim et al., Enhanced Deep Residual Networks, CVPRW 2017",
    summary="EDSR-baseline (16 blocks of 64) with the L1 loss",
    network="edsr-baseline",
    terms=(Term("l1"),),  # section 3.3 and 4.2: L1
    crop=192,  # section 4.2: inputs of 48 x 48
    batch=16,  # section 4.2
    iterations=300_000,
    learning_rate=1e-4,  # section 4.2: Adam, 0.9 and 0.999
    milestones=(200_000,),  # section 4.2: halved every 2e5
    decay=0.5,
    augment="dihedral",  # section 4.2: horizontal flips and rotations
    chosen=(
        "The number of iterations (3e5) is the authors' code's. For 3x and 4x the paper starts from its 2x "
        "network; here the weights are drawn anew."
    ),
)
EDSR_RECIPE = replace(
    EDSR_BASELINE_RECIPE, name="edsr", method="edsr", summary="EDSR (32 blocks of 256) with the L1 loss",
    network="edsr",
)  # fmt: skip
EDSR = (EDSR_BASELINE_RECIPE, EDSR_RECIPE)

"""RCAN: Zhang et al., "Image Super-Resolution Using Very Deep Residual Channel Attention Networks",
ECCV 2018."""

from __future__ import annotations

from srbench.train.recipe import Recipe, Term

RCAN = Recipe(
    name="rcan",
    method="rcan",
    paper="Zhang et al., Very Deep Residual Channel Attention Networks, ECCV 2018",
    summary="RCAN with the L1 loss",
    network="rcan",
    terms=(Term("l1"),),  # section 3.1
    crop=192,  # section 4.1: inputs of 48 x 48
    batch=16,  # section 4.1
    iterations=1_000_000,
    learning_rate=1e-4,  # section 4.1: Adam, 0.9 and 0.999
    milestones=(200_000, 400_000, 600_000, 800_000),  # section 4.1: halved every 2e5
    decay=0.5,
    augment="dihedral",  # section 4.1: rotations and horizontal flips
    chosen="The number of iterations (1e6, as in the authors' code) is chosen.",
)

"""DRCN: Kim, Lee, Lee, "Deeply-Recursive Convolutional Network for Image Super-Resolution", CVPR 2016."""

from __future__ import annotations

from srbench.train.recipe import Recipe, Term

DRCN = Recipe(
    name="drcn",
    method="drcn",
    paper="Kim et al., Deeply-Recursive Convolutional Network, CVPR 2016",
    summary="DRCN with the mean squared error of the result and of every recursion",
    network="drcn",
    terms=(Term("mse"),),  # section 3.3
    supervision=1 / 16,  # section 3.3: the mean over 16 recursions beside the final output
    crop=40,  # section 4: 41 px; the nearest multiple of 4
    batch=64,  # section 4
    iterations=100_000,
    optimizer="sgd",
    learning_rate=1e-2,  # section 4
    momentum=0.9,  # section 4
    weight_decay=1e-4,  # section 4
    milestones=(40_000, 60_000, 80_000, 90_000),
    decay=0.1,  # section 4
    clip_norm=1.0,
    augment="dihedral",
    chosen=(
        "The paper lowers the learning rate by ten where the validation error stalls for five epochs, and "
        "stops below 1e-6; the iterations at which it is lowered are chosen, as are the augmentation and "
        "the clipping of gradients. The weight of the recursions' errors, which the paper lets decay from 1, "
        "stays as large as the result's. The crop is 40 px, where the paper has 41."
    ),
)

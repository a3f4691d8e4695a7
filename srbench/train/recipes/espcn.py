"""ESPCN: Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel
Convolutional Neural Network", CVPR 2016."""

from __future__ import annotations

from srbench.train.recipe import Recipe, Term

ESPCN = Recipe(
    name="espcn",
    method="espcn",
    paper="Shi et al., Real-Time Single Image and Video Super-Resolution, CVPR 2016",
    summary="ESPCN with the mean squared error on the luma",
    network="espcn",
    terms=(Term("mse"),),  # section 3.2, equation 5
    # Section 3.2: 17r x 17r pixels with r = 4, and as many around them as their values depend on.
    crop=100,
    border=16,
    batch=16,
    iterations=100_000,
    optimizer="adam",
    learning_rate=1e-3,  # section 3.2: from 0.01 down to 0.0001 as the error stalls
    schedule="cosine",
    augment="dihedral",
    start_at_bicubic=True,
    validate_every=2000,
    checkpoint_every=2000,
    chosen=(
        "The paper lowers the learning rate from 0.01 to 0.0001 where the error stalls and stops after 100 "
        "epochs without progress, with an optimiser that it does not name; Adam from 1e-3 along a cosine, "
        "the batch, the number of iterations, the augmentation and the start from a network that gives "
        "bicubic enlargement are chosen."
    ),
)

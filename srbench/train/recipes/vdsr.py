"""VDSR: Kim, Lee, Lee, "Accurate Image Super-Resolution Using Very Deep Convolutional Networks",
CVPR 2016."""

from __future__ import annotations

from srbench.train.recipe import Recipe, Term

VDSR = Recipe(
    name="vdsr",
    method="vdsr",
    paper="Kim et al., Accurate Image Super-Resolution Using Very Deep Convolutional Networks, CVPR 2016",
    summary="VDSR with the mean squared error of the residual, high learning rate and clipped gradients",
    network="vdsr",
    # Section 3.2: half the squared error of the residual, added up over a patch of 40 x 40 pixels.
    terms=(Term("mse", weight=0.5 * 40**2),),
    crop=40,  # section 4.2: patches as large as the receptive field, 41 px; the nearest multiple of 4
    batch=64,  # section 5.2
    iterations=9960,  # section 5.2: 80 epochs
    optimizer="sgd",
    learning_rate=0.1,  # section 5.2
    momentum=0.9,  # section 5.2
    weight_decay=1e-4,  # section 5.2
    milestones=(2490, 4980, 7470),  # section 5.2: every 20 epochs
    decay=0.1,  # section 5.2
    clip=2e-5,  # section 3.2: values to +-theta / learning rate; theta is not given and is chosen
    augment="dihedral",  # section 5.1: rotations and flips
    chosen=(
        "The network is trained for one scale, where the paper trains for 2x, 3x and 4x together, and on "
        "patches of 40 px, where the paper has 41. The bound theta of the clipped gradients (2e-5) is "
        "chosen; it decides how far a weight moves in an iteration."
    ),
)

"""FSRCNN: Dong, Loy, Tang, "Accelerating the Super-Resolution Convolutional Neural Network", ECCV 2016."""

from __future__ import annotations

from srbench.train.recipe import Recipe, Term

FSRCNN = Recipe(
    name="fsrcnn",
    method="fsrcnn",
    paper="Dong et al., Accelerating the Super-Resolution Convolutional Neural Network, ECCV 2016",
    summary="FSRCNN (56, 12, 4) with the mean squared error on the luma",
    network="fsrcnn",
    terms=(Term("mse"),),  # section 3.3, equation 2
    # Section 4.1: 10 x 10 input pixels against 21 x 21 at 4x; larger ones here, with a border cut from them.
    crop=96,
    border=4,
    batch=16,
    iterations=100_000,
    optimizer="adam",
    learning_rate=1e-3,
    slow_layers=("last_part.",),  # section 4.1: 1e-3 in convolutions, 1e-4 in the deconvolution
    slow_factor=0.1,
    schedule="cosine",
    augment="dihedral",  # section 4.1: rotations
    shrink=(0.9, 0.8, 0.7, 0.6),  # section 4.1
    start_at_bicubic=True,
    validate_every=2000,
    checkpoint_every=2000,
    chosen=(
        "The paper takes SGD with learning rates of 1e-3 and 1e-4, first on 91 images and then, at half the "
        "rates, with General-100; Adam with the same rates and a cosine in one go is chosen, as are the "
        "batch, the iterations and the crops (the paper's inputs are 10 x 10). The initial weights give "
        "linear enlargement, where the paper draws the last layer from a narrow Gaussian."
    ),
)

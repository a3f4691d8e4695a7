"""SRCNN: Dong, Loy, He, Tang, "Image Super-Resolution Using Deep Convolutional Networks", TPAMI 2016."""

from __future__ import annotations

from srbench.train.recipe import Recipe, Term

SRCNN = Recipe(
    name="srcnn",
    method="srcnn",
    paper="Dong et al., Image Super-Resolution Using Deep Convolutional Networks, TPAMI 2016",
    summary="SRCNN 9-5-5 with the mean squared error on the luma",
    network="srcnn",
    terms=(Term("mse"),),  # section 3.4, equation 4
    # The paper crops 33 px and compares the centre that no padding touches (17 px for 9-5-5); here 48 and
    # 32, multiples of the scale, so that crops fall on the input's grid.
    crop=48,
    border=8,
    batch=16,
    iterations=100_000,
    optimizer="adam",
    learning_rate=1e-3,
    slow_layers=("conv3.",),  # section 3.4: the last layer learns ten times as slowly
    slow_factor=0.1,
    schedule="cosine",
    augment="dihedral",
    start_at_bicubic=True,
    validate_every=2000,
    checkpoint_every=2000,
    chosen=(
        "The paper takes SGD with learning rate 1e-4 (1e-5 in the last layer) for 8e8 back-propagations, "
        "which takes days; Adam with 1e-3 (1e-4) and a cosine is chosen instead. Batch, augmentation and "
        "the initial weights (a network that gives bicubic enlargement) are chosen."
    ),
)

"""ESRGAN: Wang et al., "ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks", ECCVW 2018."""

from __future__ import annotations

from dataclasses import replace

from srbench.train.recipe import Recipe, Term

RRDB_PSNR = Recipe(
    name="rrdb-psnr",
    method="rrdb-psnr",
    paper="Wang et al., ESRGAN, ECCVW 2018",
    summary="RRDB with the L1 loss",
    network="rrdb",  # section 4.1: the deeper of the two settings
    terms=(Term("l1"),),  # section 4.1: "a PSNR-oriented model with the L1 loss"
    crop=128,  # section 4.1
    batch=16,  # section 4.1
    iterations=1_000_000,
    learning_rate=2e-4,  # section 4.1
    milestones=(200_000, 400_000, 600_000, 800_000),  # section 4.1: halved every 2e5
    decay=0.5,
    momentum=0.9,  # section 4.1
    second_momentum=0.999,  # section 4.1
    augment="dihedral",  # section 4.2: flips and 90 degree rotations
    initial_scale=0.1,  # section 3.1 asks for a smaller initialisation; the factor is the authors' code's
    chosen="The number of iterations (1e6, as in the authors' code) is chosen.",
)
ESRGAN_RECIPE = replace(
    RRDB_PSNR,
    name="esrgan",
    method="esrgan",
    summary="ESRGAN: relativistic average adversary and features before activation",
    terms=(
        Term("features", weight=1.0, layers=("conv5_4",)),  # section 3.3: before activation; equation 3
        Term("relativistic", weight=5e-3),  # equations 2 and 3; lambda in section 4.1
        Term("l1", weight=1e-2),  # equation 3; eta in section 4.1
    ),
    iterations=400_000,
    learning_rate=1e-4,  # section 4.1
    milestones=(50_000, 100_000, 200_000, 300_000),  # section 4.1
    discriminator="esrgan",
    start_from="rrdb-psnr",  # section 4.1
    keep="last",
    chosen=(
        "The number of iterations (4e5, as in the authors' code) is chosen. The perceptual loss is the mean "
        "squared difference as in SRGAN, which the paper leaves open; the authors' code takes the absolute "
        "one. With --features FILE a VGG-19 fine-tuned on MINC takes the place of ImageNet's (section 3.3); "
        "the authors' MINC network is a VGG-16, which is not supported."
    ),
)
# Section 4.4 and figure 8: the generator of 16 residual blocks without batch normalisation.
SRRESNET_PLAIN = replace(
    RRDB_PSNR,
    name="srresnet-plain",
    method="msrresnet",
    summary="16 residual blocks without batch normalisation, with the L1 loss",
    network="msrresnet",
    chosen=(
        "The network is MMagic's, which adds to bilinear enlargement. The number of iterations (1e6, as in "
        "the authors' code) is chosen."
    ),
)
ESRGAN = (RRDB_PSNR, ESRGAN_RECIPE, SRRESNET_PLAIN)

"""SRGAN: Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial
Network", CVPR 2017. Sections and equations are the paper's."""

from __future__ import annotations

from dataclasses import replace

from srbench.train.recipe import Recipe, Term

# Section 2.2.1: features of VGG-19 "after activation"; section 3.2: features rescaled by 1/12.75, which is
# a factor of 1 / 12.75^2 = 0.00615 ("0.006") on the squared error.
_VGG22 = Term("features", weight=0.00615, layers=("relu2_2",))  # equation 5, phi 2,2 (section 3.4)
_VGG54 = Term("features", weight=0.00615, layers=("relu5_4",))  # equation 5, phi 5,4 (section 3.4)
_ADVERSARIAL = Term("adversarial", weight=1e-3)  # equations 3 and 6
_TOTAL_VARIATION = Term("total-variation", weight=2e-8)  # arXiv:1609.04802, section 2.2.3: for VGG22

SRRESNET_MSE = Recipe(
    name="srresnet-mse",
    method="srresnet-mse",
    paper="Ledig et al., Photo-Realistic Single Image Super-Resolution, CVPR 2017",
    summary="SRResNet with the mean squared error",
    network="srresnet",  # section 2.1: 16 blocks; targets between -1 and 1
    terms=(Term("mse"),),  # equation 4
    crop=96,  # section 3.2
    batch=16,  # section 3.2
    iterations=1_000_000,  # section 3.2
    learning_rate=1e-4,  # section 3.2
    momentum=0.9,  # section 3.2: Adam's beta 1
    chosen="Adam's beta 2, the initialisation and the augmentation (flips) are chosen.",
)
SRRESNET_VGG22 = replace(
    SRRESNET_MSE,
    name="srresnet-vgg22",
    method="srresnet-vgg22",
    summary="SRResNet with the VGG22 loss and total variation",
    terms=(_VGG22, _TOTAL_VARIATION),
    keep="last",
    chosen=(
        "Equation 5 is taken as the mean over channels too. Adam's beta 2, the initialisation and the "
        "augmentation (flips) are chosen."
    ),
)
_GAN = replace(
    SRRESNET_MSE,
    iterations=200_000,  # section 3.2: 1e5 at 1e-4, another 1e5 at 1e-5
    milestones=(100_000,),
    decay=0.1,
    discriminator="srgan",  # section 2.1, figure 4; alternating updates, k = 1 (section 3.2)
    start_from="srresnet-mse",  # section 3.2: the MSE-based network starts the generator
    keep="last",
    chosen=(
        "Equation 5 is taken as the mean over channels too, equation 6 as that over the batch. Adam's "
        "beta 2, the discriminator's optimiser (the generator's), the initialisation and the augmentation "
        "(flips) are chosen."
    ),
)
SRGAN_MSE = replace(
    _GAN,
    name="srgan-mse",
    method="srgan-mse",
    summary="SRGAN with the mean squared error as content loss",
    terms=(Term("mse"), _ADVERSARIAL),
)
SRGAN_VGG22 = replace(
    _GAN,
    name="srgan-vgg22",
    method="srgan-vgg22",
    summary="SRGAN with the VGG22 loss",
    terms=(_VGG22, _ADVERSARIAL, _TOTAL_VARIATION),
)
SRGAN_VGG54 = replace(
    _GAN,
    name="srgan-vgg54",
    method="srgan-vgg54",
    summary="SRGAN with the VGG54 loss, the paper's SRGAN",
    terms=(_VGG54, _ADVERSARIAL),
)
SRGAN = (SRRESNET_MSE, SRRESNET_VGG22, SRGAN_MSE, SRGAN_VGG22, SRGAN_VGG54)

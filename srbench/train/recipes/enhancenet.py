"""EnhanceNet: Sajjadi, Schölkopf, Hirsch, "EnhanceNet: Single Image Super-Resolution Through Automated
Texture Synthesis", ICCV 2017.

The poster gives the losses and the sizes; the weights of the terms are those of the paper's appendix,
Table 2, as the reimplementation of tensorpack (examples/SuperResolution/enet-pat.py) quotes them.
"""

from __future__ import annotations

from dataclasses import replace

from srbench.train.recipe import Recipe, Term

_EUCLIDEAN = Term("mse")  # poster, "(E)uclidean loss": the mean over pixels and channels
# Poster, "(P)erceptual loss"; layers and weights: appendix, Table 2; unit mean: section 5.3.
_PERCEPTUAL = Term("features", layers=("pool2", "pool5"), layer_weights=(2e-1, 2e-2), scaling="unit-mean")
# Poster, "(T)exture matching loss", patch-wise; 16 px: section 4.2.3; weights: appendix, Table 2.
_TEXTURE = Term(
    "gram-patches",
    layers=("relu1_1", "relu2_1", "relu3_1"),
    layer_weights=(3e-7, 1e-6, 1e-6),
    scaling="unit-mean",
    patch=16,
)

ENET_E = Recipe(
    name="enet-e",
    method="enet-e",
    paper="Sajjadi et al., EnhanceNet, ICCV 2017",
    summary="EnhanceNet with the mean squared error",
    network="enhancenet",  # poster: 10 residual blocks, the residual over bicubic interpolation
    terms=(_EUCLIDEAN,),
    crop=128,  # poster: from 32x32 to 128x128
    batch=16,
    # Poster: at most 24 hours on a K40; the iterations are chosen.
    iterations=500_000,
    learning_rate=1e-4,
    degradation="pil-lanczos",  # measured on the authors' weights; see the protocol `enhancenet`
    milestones=(250_000, 400_000),
    initial_scale=0.1,
    chosen=(
        "Optimiser (Adam), learning rate and its halving, batch, iterations, initialisation and augmentation "
        "(flips) are chosen; the poster gives none of them."
    ),
)
_GAN = replace(
    ENET_E,
    iterations=200_000,
    milestones=(100_000,),
    decay=0.1,
    discriminator="enhancenet",
    discriminator_limit=0.8,  # section 4.2.4 and appendix: trained only while it is right less often
    start_from="enet-e",
    keep="last",
    chosen=(
        "Optimiser (Adam), learning rate and its steps, batch, iterations, augmentation (flips) and the "
        "start from ENet-E are chosen. Where the Euclidean loss stands beside the adversarial one, the "
        "weight of the latter (1e-3, as in SRGAN) is chosen."
    ),
)
ENET_P = replace(
    ENET_E, name="enet-p", method="enet-p", summary="EnhanceNet with a perceptual loss",
    terms=(_PERCEPTUAL,), keep="last",
)  # fmt: skip
ENET_EA = replace(
    _GAN, name="enet-ea", method="enet-ea", summary="EnhanceNet with squared error and adversary",
    terms=(_EUCLIDEAN, Term("adversarial", weight=1e-3)),
)  # fmt: skip
ENET_PA = replace(
    _GAN, name="enet-pa", method="enet-pa", summary="EnhanceNet with perceptual loss and adversary",
    terms=(_PERCEPTUAL, Term("adversarial", weight=1.0)),  # appendix, Table 2
)  # fmt: skip
_TEXTURE_CHOSEN = (
    f"{_GAN.chosen} The texture term compares patches of 16 image pixels, which are 16, 8 and 4 positions of "
    "the three layers; the quoted reimplementation takes 16 positions everywhere and divides each image's "
    "features by its own mean, so that the same weights count for more there."
)
ENET_EAT = replace(
    _GAN, name="enet-eat", method="enet-eat", summary="EnhanceNet with squared error, adversary, texture",
    terms=(_EUCLIDEAN, Term("adversarial", weight=1e-3), _TEXTURE), chosen=_TEXTURE_CHOSEN,
)  # fmt: skip
ENET_PAT = replace(
    _GAN, name="enet-pat", method="enet-pat", summary="EnhanceNet with perceptual loss, adversary, texture",
    terms=(_PERCEPTUAL, Term("adversarial", weight=2.0), _TEXTURE),  # appendix, Table 2
    chosen=_TEXTURE_CHOSEN,
)  # fmt: skip
ENHANCENET = (ENET_E, ENET_P, ENET_EA, ENET_PA, ENET_EAT, ENET_PAT)

"""LapSRN and MS-LapSRN: Lai, Huang, Ahuja, Yang, "Deep Laplacian Pyramid Networks for Fast and Accurate
Super-Resolution", CVPR 2017, and "Fast and Accurate Image Super-Resolution with Deep Laplacian Pyramid
Networks", TPAMI 2018. For 2x and 8x give `--scale`."""

from __future__ import annotations

from dataclasses import replace

from srbench.train.recipe import Recipe, Term

LAPSRN_RECIPE = Recipe(
    name="lapsrn",
    method="lapsrn",
    paper="Lai et al., Deep Laplacian Pyramid Networks, CVPR 2017",
    summary="LapSRN with the Charbonnier loss at every level of the pyramid",
    network="lapsrn",
    terms=(Term("charbonnier"),),  # section 3.2, equation 2: epsilon 1e-3
    supervision=1.0,  # section 3.2: the levels' losses are added up
    crop=128,  # section 3.3
    batch=64,  # section 3.3
    iterations=300_000,
    optimizer="sgd",
    learning_rate=1e-5,  # section 3.3
    momentum=0.9,  # section 3.3
    weight_decay=1e-4,  # section 3.3
    milestones=(50_000, 100_000, 150_000, 200_000, 250_000),  # section 3.3: every 50 epochs of 1000 batches
    decay=0.5,
    augment="dihedral",  # section 3.3: rotations and flips
    shrink=(0.9, 0.8, 0.7, 0.6, 0.5),  # section 3.3: factors from 0.5 to 1
    chosen=(
        "The number of iterations is chosen. The paper scales its images by random factors from 0.5 to 1; "
        "here by five fixed ones. The references of the lower levels are bicubic reductions of the "
        "reference; the transposed convolutions that enlarge the image begin with random weights, where the "
        "paper begins with bilinear ones."
    ),
)
MS_LAPSRN_RECIPE = replace(
    LAPSRN_RECIPE,
    name="ms-lapsrn",
    method="ms-lapsrn",
    paper="Lai et al., Fast and Accurate Image Super-Resolution, TPAMI 2018",
    summary="MS-LapSRN D5R8 for one scale, with the Charbonnier loss at every level",
    network="ms-lapsrn",
    chosen=(
        f"The constants are those of the conference paper. {LAPSRN_RECIPE.chosen} The network is trained for "
        "one scale, where the paper mixes 2x, 4x and 8x."
    ),
)
LAPSRN = (LAPSRN_RECIPE, MS_LAPSRN_RECIPE)

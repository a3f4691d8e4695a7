"""TSRN: Gondal, Schölkopf, Hirsch, "The Unreasonable Effectiveness of Texture Transfer for Single Image
Super-Resolution", ECCVW 2018. For 8x give `--scale 8`; for faces a folder of faces as `--data`."""

from __future__ import annotations

from dataclasses import replace

from srbench.train.recipe import Recipe, Term

_LAYERS = ("relu2_2", "relu3_4", "relu4_4", "relu5_2")  # section 5; the authors' code takes 5_4 as the last
_BATCH = 32  # the authors' code; the paper does not say
_EPOCH = 118_287 // _BATCH  # MS-COCO's training images of 2017

TSRN_MSE = Recipe(
    name="tsrn-mse",
    method="tsrn-mse",
    paper="Gondal et al., The Unreasonable Effectiveness of Texture Transfer, ECCVW 2018",
    summary="TSRN's pretraining with the mean squared error",
    network="tsrn",  # section 4
    terms=(Term("mse"),),  # section 5
    crop=256,  # section 5
    batch=_BATCH,
    iterations=10 * _EPOCH,  # section 5: 10 epochs
    learning_rate=5e-4,  # section 5
    initial_scale=0.1,
    augment="none",  # section 5: centre crops; the crops are random where images are larger
    chosen=(
        "The batch is that of the authors' code. The year of MS-COCO, and so the iterations, and the "
        "initialisation are chosen. "
        "Inputs are MATLAB's bicubic reductions; section 5 says 'bi-cubically' only. Crops are random where "
        "section 5 takes the centre; features see plain images from 0 to 1, as in the authors' code."
    ),
)
TSRN_G = replace(
    TSRN_MSE,
    name="tsrn-g",
    method="tsrn-g",
    summary="TSRN with the Gram loss of whole images",
    terms=(Term("gram", layers=_LAYERS),),  # equation 1, as the only loss (section 5)
    iterations=100 * _EPOCH,  # section 5: 100 epochs
    start_from="tsrn-mse",
    feature_input="plain",  # the authors' code does not standardise
    keep="last",
)
TSRN_S = replace(
    TSRN_G,
    name="tsrn-s",
    method="tsrn-s",
    summary="TSRN with the Gram loss of semantic regions (COCO-Stuff: six largest classes and the rest)",
    terms=(Term("gram-masks", layers=_LAYERS),),  # equations 2 to 4
)
TSRN = (TSRN_MSE, TSRN_G, TSRN_S)

"""Papers of baselines whose authors' weights or outputs can be had: their own rows, and some beside them."""

from __future__ import annotations

from srbench.studies.reproduce.records import Paper, PaperTable

_OWN = {"srcnn": "srcnn-955"}
_SSIM = "LapSRN's script calls MATLAB's ssim, which pads the image; srbench explain measures so"

BASELINES = (
    Paper(
        name="selfexsr",
        title="SelfExSR",
        citation="Huang, Singh, Ahuja: Super-Resolution from Transformed Self-Exemplars, CVPR 2015",
        tables=(PaperTable("readme", "The repository's README", "matlab", methods={"srcnn": "srcnn-915"}),),
    ),
    Paper(
        name="srcnn",
        title="SRCNN",
        citation="Dong, Loy, He, Tang: Image Super-Resolution Using Deep Convolutional Networks, TPAMI 2016",
        tables=(PaperTable("sets", "Set5 and Set14", "srcnn", methods=_OWN),),
    ),
    Paper(
        name="aplus",
        title="A+",
        citation="Timofte, De Smet, Van Gool: A+: Adjusted Anchored Neighborhood Regression, ACCV 2014",
        tables=(PaperTable("sets", "Set5 and Set14 (but for the neighbour embeddings)", "srcnn"),),
    ),
    Paper(
        name="fsrcnn",
        title="FSRCNN",
        citation="Dong, Loy, Tang: Accelerating the Super-Resolution Convolutional Neural Network, ECCV 2016",
        tables=(PaperTable("sets", "Set5 and Set14, its own rows", "srcnn"),),
    ),
    Paper(
        name="vdsr",
        title="VDSR",
        citation="Kim, Lee, Lee: Accurate Image Super-Resolution Using Very Deep CNNs, CVPR 2016",
        tables=(PaperTable("3", "Table 3 (but for RFL and SelfExSR)", "srcnn", methods=_OWN),),
    ),
    Paper(
        name="lapsrn",
        title="LapSRN",
        citation="Lai, Huang, Ahuja, Yang: Deep Laplacian Pyramid Networks, CVPR 2017 and TPAMI 2018",
        tables=(
            PaperTable(
                "3", "Table 3 of CVPR 2017, some rows", "lapsrn", methods=_OWN, elsewhere={"ssim_y": _SSIM}
            ),
            PaperTable("tpami", "MS-LapSRN, TPAMI 2018, its own rows", "lapsrn", elsewhere={"ssim_y": _SSIM}),
        ),
    ),
    Paper(
        name="rcan",
        title="RCAN",
        citation="Zhang et al.: Residual Channel Attention Networks, ECCV 2018",
        tables=(
            PaperTable(
                "2",
                "Table 2, its own rows",
                "basicsr",
                outputs={("rcan", "set5"): "published:RCAN", ("rcan+", "set5"): "published:RCANplus"},
            ),
        ),
    ),
    Paper(
        name="rdn",
        title="RDN",
        citation="Zhang, Tian, Kong, Zhong, Fu: Residual Dense Network, CVPR 2018",
        tables=(
            PaperTable(
                "2",
                "Table 2, its own rows",
                "basicsr",
                outputs={("rdn", "set5"): "published:RDN", ("rdn+", "set5"): "published:RDNplus"},
            ),
        ),
    ),
)

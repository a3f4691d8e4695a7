"""What the rows and columns of the papers' tables mean here: protocol, methods and metrics by our names."""

from __future__ import annotations

from srbench.core.registry import Registry
from srbench.studies.reported import Reported, reported
from srbench.studies.reproduce.baselines import BASELINES
from srbench.studies.reproduce.experiments import ABLATION, ACTIVATIONS, BRIGHTNESS, INTERPOLATION
from srbench.studies.reproduce.records import OwnExperiment, Paper, PaperTable

_MOS = "mean opinion scores need human raters: srbench study create"
_DAALA = {"ssim_y": "ssim_daala"}
_LPIPS = {"lpips:alex": "lpips-alex", "lpips:squeeze": "lpips-squeeze"}
# SRGAN and TSRN print the SRCNN that the authors of SelfExSR published outputs of, EnhanceNet the later one.
_SRCNN_OF_SELFEXSR = {"srcnn": "srcnn-915"}
_TSRN_METHODS = {
    "srresnet": "srresnet-mse",
    "srgan": "srgan-vgg54",
    "mslapsrn": "ms-lapsrn-d5r8",
    **_SRCNN_OF_SELFEXSR,
}
_TSRN_8X = {"tsrn-g": "tsrn-g-8x", "tsrn-s": "tsrn-s-8x"}
_ORIGINALS = {"baseline": "hr"}  # the original images
_ESRGAN_EXPERIMENTS = (
    OwnExperiment(
        ABLATION,
        "Ablation (section 4.4, Figure 8)",
        "From SRGAN on: without batch normalisation, features before activation, relativistic adversary, "
        "RRDB; the paper shows crops. Repeated as short trainings of srbench, not the paper's.",
        "srbench experiment esrgan-ablation --data DIR --data-root DIR",
    ),
    OwnExperiment(
        INTERPOLATION,
        "Network and image interpolation (section 4.5, Figure 10)",
        "alpha from 0 (PSNR-oriented) to 1 (ESRGAN) in steps of 0.2; the paper shows crops.",
        "srbench run --methods esrgan@0:1:0.2,mix:rrdb-psnr,esrgan@0:1:0.2 --datasets set14 --protocol pirm "
        "--metrics rmse_y,pi",
    ),
    OwnExperiment(
        BRIGHTNESS,
        "Brightness of reconstructed images (section 4.4, Figure 9a)",
        "Features before activation keep the brightness, those after it make images dimmer; the paper shows "
        "a histogram of one image.",
        "srbench figure brightness RUN",
    ),
    OwnExperiment(
        ACTIVATIONS,
        "Active neurons (section 3.2, Figure 6)",
        "11.17% of the neurons after VGG19-54 are active for the image baboon, says the paper. The protocol "
        "here names the weights: made ones do not compare.",
        "srbench figure active IMAGE",
    ),
)


PAPERS: Registry[Paper] = Registry("paper", group=None)

for _paper in (
    Paper(
        name="enhancenet",
        title="EnhanceNet",
        citation="Sajjadi, Schölkopf, Hirsch: EnhanceNet, ICCV 2017",
        tables=(
            PaperTable("losses", "PSNR of the losses", "enhancenet"),
            PaperTable("psnr", "PSNR beside other methods", "enhancenet", methods={"srcnn": "srcnn-955"}),
            PaperTable(
                "recognition",
                "Recognition of super-resolved images",
                "enhancenet",
                methods=_ORIGINALS,
                elsewhere={
                    "*": "needs ImageNet images and a classifier: "
                    "srbench recognition --protocol enhancenet --classifiers resnet50 --data-root DIR"
                },
            ),
            PaperTable(
                "user-study",
                "Votes of people (poster)",
                "enhancenet",
                elsewhere={"*": "votes need people: srbench study create --design pair"},
            ),
            PaperTable(
                "runtime",
                "Time per image (poster)",
                "enhancenet",
                elsewhere={"*": "the time depends on the machine: srbench methods bench enet-pat"},
            ),
        ),
    ),
    Paper(
        name="srgan",
        title="SRGAN",
        citation="Ledig et al.: Photo-Realistic Single Image Super-Resolution Using a GAN, CVPR 2017",
        tables=(
            PaperTable("1", "Table 1: loss functions", "srgan", metrics=_DAALA, elsewhere={"mos": _MOS}),
            PaperTable(
                "2",
                "Table 2: other methods",
                "srgan",
                metrics=_DAALA,
                methods=_SRCNN_OF_SELFEXSR,
                elsewhere={"mos": _MOS},
            ),
        ),
    ),
    Paper(
        name="esrgan",
        title="ESRGAN",
        citation="Wang et al.: ESRGAN, ECCV Workshops 2018",
        tables=(
            PaperTable(
                "readme",
                "PSNR-oriented models (the repository's README)",
                "basicsr",
                outputs={("rcan", "set5"): "published:RCAN"},
            ),
            PaperTable(
                "spsr",
                "ESRGAN as measured by others (the README of SPSR, which leaves border and rounding unsaid)",
                "pirm",
                metrics={"perceptual_index": "pi", "lpips:alex": "lpips-alex"},
            ),
            PaperTable(
                "activations",
                "Active neurons of VGG19-54 (section 3.2)",
                "",
                elsewhere={
                    "*": "needs VGG-19 of ImageNet and the image baboon of Set14: srbench figure active IMAGE"
                },
            ),
        ),
        experiments=_ESRGAN_EXPERIMENTS,
    ),
    Paper(
        name="tsrn",
        title="TSRN",
        citation="Gondal, Schölkopf, Hirsch: The Unreasonable Effectiveness of Texture Transfer, ECCVW 2018",
        tables=(
            PaperTable(
                "1",
                "Table 1: recognition at 4x",
                "tsrn",
                methods={**_TSRN_METHODS, **_ORIGINALS},
                elsewhere={
                    "*": "needs ImageNet images and classifiers: "
                    "srbench recognition --scale 4 --protocol tsrn --data-root DIR"
                },
            ),
            PaperTable(
                "2",
                "Table 2: recognition at 8x",
                "tsrn",
                methods={**_TSRN_METHODS, **_TSRN_8X, **_ORIGINALS},
                elsewhere={
                    "*": "needs ImageNet images and classifiers: "
                    "srbench recognition --scale 8 --protocol tsrn --data-root DIR"
                },
            ),
            PaperTable("3", "Table 3: LPIPS at 4x", "tsrn", metrics=_LPIPS, methods=_TSRN_METHODS),
            PaperTable(
                "4",
                "Table 4: LPIPS at 8x",
                "tsrn",
                metrics=_LPIPS,
                methods={**_TSRN_METHODS, **_TSRN_8X},
            ),
            PaperTable(
                "5",
                "Table 5: agreement of metrics with people",
                "bapps",
                elsewhere={
                    "*": "needs BAPPS: srbench bapps-2afc --data-root DIR, which prints LPIPS v0.1 and v0.0 "
                    "beside these numbers, since the paper has them from January 2018"
                },
            ),
            PaperTable(
                "text",
                "Perceptual index in the text",
                "pirm",
                elsewhere={"*": "the paper does not name the images: srbench run --protocol pirm"},
            ),
            PaperTable(
                "runtime",
                "Time per image (section 5)",
                "tsrn",
                elsewhere={"*": "the time depends on the machine: srbench methods bench tsrn-g"},
            ),
        ),
    ),
    *BASELINES,
):
    PAPERS.add(_paper.name, _paper)


def numbers_of(method: str) -> list[tuple[Reported, str]]:
    """What the baselines' own papers print of a method, with the protocol that measures it; each once."""
    found: dict[tuple[str, int, str], tuple[Reported, str]] = {}
    for paper in sorted(BASELINES, key=lambda paper: not method.startswith(paper.name)):
        for row in reported(paper.name):
            table = paper.table(row.table)
            if row.method != "bicubic" and table.method_of(row.method, row.dataset) == method:
                found.setdefault((row.dataset, row.scale, row.metric), (row, table.protocol))
    return list(found.values())

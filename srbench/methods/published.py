"""The networks whose weights somebody has published, as methods.

Downloads that have a stable address are fetched; the others are given with `--from FILE`, and the
homepage says where to look. Where a published file name ends in eight hexadecimal digits, they are the
beginning of its SHA-256; files without a published hash are accepted when every tensor fits.
"""

from __future__ import annotations

from srbench.core.weights import WeightFile
from srbench.methods.families.convert import Renaming, converter
from srbench.methods.families.edsr import EDSR, EDSR_BASELINE
from srbench.methods.families.enhancenet import ENHANCENET, enhancenet_names
from srbench.methods.families.lapsrn import LAPSRN, lapsrn_names
from srbench.methods.families.rcan import RCAN
from srbench.methods.families.rrdb import RRDB_23, rrdb_names
from srbench.methods.families.srcnn import ENLARGING_SRCNN
from srbench.methods.families.srresnet import MSRRESNET, SRRESNET_UNSIGNED, srresnet_names
from srbench.methods.families.tsrn import TSRN, TSRN_8X, tsrn_names
from srbench.methods.families.vdsr import vdsr, vdsr_names
from srbench.methods.networks.method import NetworkMethod, SpecOfScale, network_method
from srbench.methods.networks.specification import NetworkSpec

_ASK = "see the homepage"
_EDSR = "https://cv.snu.ac.kr/research/EDSR/models/"
_MMAGIC = "https://download.openmmlab.com/mmediting/restorers/srresnet_srgan/"
_CITATIONS = {
    "enhancenet": "Sajjadi, Schölkopf, Hirsch: EnhanceNet, ICCV 2017",
    "srcnn": "Dong, Loy, He, Tang: Image Super-Resolution Using Deep Convolutional Networks, TPAMI 2016",
    "vdsr": "Kim, Lee, Lee: Accurate Image Super-Resolution Using Very Deep CNNs, CVPR 2016",
    "lapsrn": "Lai, Huang, Ahuja, Yang: Deep Laplacian Pyramid Networks, CVPR 2017",
    "edsr": "Lim, Son, Kim, Nah, Lee: Enhanced Deep Residual Networks, CVPRW 2017",
    "rcan": "Zhang, Li, Li, Wang, Zhong, Fu: Residual Channel Attention Networks, ECCV 2018",
    "srgan": "Ledig et al.: Photo-Realistic Single Image Super-Resolution Using a GAN, CVPR 2017",
    "esrgan": "Wang et al.: ESRGAN, ECCVW 2018",
    "tsrn": "Gondal, Schölkopf, Hirsch: The Unreasonable Effectiveness of Texture Transfer, ECCVW 2018",
}


def _published(
    name: str,
    summary: str,
    paper: str,
    spec: NetworkSpec | SpecOfScale,
    *renamings: Renaming,
    homepage: str,
    sha256: tuple[str, ...] = (),
    license: str = _ASK,
    url: str | None = None,
    size: int | None = None,
    scales: tuple[int, ...] | None = None,
) -> NetworkMethod:
    fitting = spec(scales[0]) if callable(spec) and scales else spec
    assert isinstance(fitting, NetworkSpec)
    weights = WeightFile(
        name=name,
        sha256=sha256,
        homepage=homepage,
        license=license,
        citation=_CITATIONS[paper],
        url=url,
        size=size,
        convert=converter(fitting, *renamings),
    )
    source = f"{_CITATIONS[paper]}; weights: {homepage}"
    return network_method(
        name=name, summary=summary, source=source, spec=spec, weights=weights, scales=scales
    )


_TSRN_HOME = "https://github.com/waleedgondal/Texture-based-Super-Resolution-Network"
_SRGAN_HOME = "https://github.com/Lornatang/SRGAN-PyTorch"

PRETRAINED = (
    _published(
        "srcnn-mmagic",
        "SRCNN 9-1-5 on RGB (MMagic's variant, not the paper's network)",
        "srcnn",
        ENLARGING_SRCNN,
        homepage="https://github.com/open-mmlab/mmagic/tree/main/configs/srcnn",
        sha256=("4186f232",),
        license="Apache-2.0",
    ),
    _published(
        "vdsr",
        "VDSR, twenty layers on the enlarged luma (a third party's weights; colours are bicubic)",
        "vdsr",
        vdsr,
        vdsr_names,
        scales=(4, 2, 3),
        homepage="https://github.com/twtygqyy/pytorch-vdsr",
    ),
    _published(
        "lapsrn",
        "LapSRN, a two-level Laplacian pyramid on the luma (a third party's weights; colours are bicubic)",
        "lapsrn",
        LAPSRN,
        lapsrn_names,
        homepage="https://github.com/twtygqyy/pytorch-LapSRN",
    ),
    _published(
        "edsr-baseline",
        "EDSR-baseline, 16 residual blocks of 64 features",
        "edsr",
        EDSR_BASELINE,
        homepage="https://github.com/sanghyun-son/EDSR-PyTorch",
        sha256=("6b446fab",),
        url=f"{_EDSR}edsr_baseline_x4-6b446fab.pt",
        license="MIT",
    ),
    _published(
        "edsr",
        "EDSR, 32 residual blocks of 256 features",
        "edsr",
        EDSR,
        homepage="https://github.com/sanghyun-son/EDSR-PyTorch",
        sha256=("4f62e9ef",),
        url=f"{_EDSR}edsr_x4-4f62e9ef.pt",
        license="MIT",
    ),
    _published(
        "rcan",
        "RCAN, 200 blocks with channel attention (RCAN_BIX4.pt of the authors' archive)",
        "rcan",
        RCAN,
        homepage="https://github.com/yulunzhang/RCAN",
    ),
    _published(
        "msrresnet",
        "SRResNet without batch normalisation (MMagic's variant, not the paper's network)",
        "srgan",
        MSRRESNET,
        homepage="https://github.com/open-mmlab/mmagic/tree/main/configs/srgan_resnet",
        sha256=("61556be5",),
        url=f"{_MMAGIC}msrresnet_x4c64b16_1x16_300k_div2k_20200521-61556be5.pth",
        license="Apache-2.0",
    ),
    _published(
        "srgan-mmagic",
        "SRGAN on MMagic's variant of SRResNet, not the paper's network",
        "srgan",
        MSRRESNET,
        homepage="https://github.com/open-mmlab/mmagic/tree/main/configs/srgan_resnet",
        sha256=("a1f0810e",),
        url=f"{_MMAGIC}srgan_x4c64b16_1x16_1000k_div2k_20200606-a1f0810e.pth",
        license="Apache-2.0",
    ),
    _published(
        "srresnet-lornatang",
        "SRResNet as in the paper (a third party's weights, trained on ImageNet)",
        "srgan",
        SRRESNET_UNSIGNED,
        srresnet_names,
        homepage=_SRGAN_HOME,
        sha256=("2096ee7f",),
        license="Apache-2.0",
    ),
    _published(
        "srgan-lornatang",
        "SRGAN as in the paper (a third party's weights, trained on ImageNet)",
        "srgan",
        SRRESNET_UNSIGNED,
        srresnet_names,
        homepage=_SRGAN_HOME,
        sha256=("8c4a7569",),
        license="Apache-2.0",
    ),
    _published(
        "enet-pat",
        "EnhanceNet trained with perceptual, adversarial and texture losses (the authors' weights)",
        "enhancenet",
        ENHANCENET,
        enhancenet_names,
        homepage="https://github.com/msmsajjadi/EnhanceNet-Code",
        sha256=("4250b3dc5e69c5bd625e90543fd588ce2fff88510f874f9e9394c48c44b96434",),
        url="https://raw.githubusercontent.com/msmsajjadi/EnhanceNet-Code/master/weights",
        size=3_418_142,
        license="CC BY-NC-ND 4.0",
    ),
    _published(
        "rrdb-psnr",
        "RRDB with 23 blocks, trained for PSNR",
        "esrgan",
        RRDB_23,
        rrdb_names,
        homepage="https://github.com/XPixelGroup/BasicSR/blob/master/docs/ModelZoo.md",
        sha256=("150ff491",),
    ),
    _published(
        "esrgan",
        "ESRGAN, RRDB with 23 blocks and a relativistic adversary (the authors' weights)",
        "esrgan",
        RRDB_23,
        rrdb_names,
        homepage="https://github.com/xinntao/ESRGAN",
        sha256=("ff704c30",),
        url="https://github.com/xinntao/Real-ESRGAN/releases/download/v0.1.1/"
        "ESRGAN_SRx4_DF2KOST_official-ff704c30.pth",
        license="Apache-2.0",
    ),
    *(
        _published(
            f"tsrn-{letter}{suffix}",
            f"TSRN with {kind} texture loss at {spec.scale}x (tsrn_{file}_{spec.scale}x.pth of the authors)",
            "tsrn",
            spec,
            tsrn_names,
            homepage=_TSRN_HOME,
        )
        for letter, kind, file in (("g", "global", "global"), ("s", "segmented", "segment"))
        for spec, suffix in ((TSRN, ""), (TSRN_8X, "-8x"))
    ),
)

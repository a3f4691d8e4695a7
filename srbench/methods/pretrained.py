"""The networks whose weights somebody has published, as methods.

Where only hashes are known, `--from FILE` takes the file; the homepage says where to look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.methods.architectures import ENHANCENET, LAPSRN, VDSR
from srbench.methods.checkpoints.conversion import converter, enhancenet_names, lapsrn_names, vdsr_names
from srbench.methods.contract import Method, Runtime, Upscaler
from srbench.weights import WeightFile, locate

if TYPE_CHECKING:
    from srbench.methods.specification import NetworkSpec


def network_method(*, name: str, summary: str, source: str, spec: NetworkSpec, weights: WeightFile) -> Method:
    """A method that runs the network of `spec` with one file of published weights."""

    def open_network(runtime: Runtime) -> Upscaler:
        path = locate(weights, command=f"srbench methods pull {name}")
        from srbench.methods.checkpoints.fitting import load_network
        from srbench.methods.inference import NetworkUpscaler

        return NetworkUpscaler(load_network(spec, path), spec, runtime, name)

    return Method(
        name=name,
        summary=summary,
        kind="network",
        source=source,
        open=open_network,
        scales=(spec.scale,),
        weights=(weights,),
    )


PRETRAINED = (
    network_method(
        name="enet-pat",
        summary="EnhanceNet trained with perceptual, adversarial and texture losses (the authors' weights)",
        source="Sajjadi et al., EnhanceNet, ICCV 2017; msmsajjadi/EnhanceNet-Code",
        spec=ENHANCENET,
        weights=WeightFile(
            name="enet-pat",
            sha256=("4250b3dc5e69c5bd625e90543fd588ce2fff88510f874f9e9394c48c44b96434",),
            size=3_418_142,
            url="https://raw.githubusercontent.com/msmsajjadi/EnhanceNet-Code/master/weights",
            homepage="https://github.com/msmsajjadi/EnhanceNet-Code",
            license="CC BY-NC-ND 4.0",
            citation="Sajjadi, Schölkopf, Hirsch: EnhanceNet, ICCV 2017",
            convert=converter(ENHANCENET, enhancenet_names),
        ),
    ),
    network_method(
        name="vdsr",
        summary="VDSR, twenty layers on the enlarged luma (a third party's weights; no colours)",
        source="Kim et al., VDSR, CVPR 2016; weights of twtygqyy/pytorch-vdsr",
        spec=VDSR,
        weights=WeightFile(
            name="vdsr",
            sha256=("a6206f681664359f53e1419d2231b3f8dcb3652cce4a2bb7fee1f291c9a9fc39",),
            size=2_660_776,
            homepage="https://github.com/twtygqyy/pytorch-vdsr",
            license="see the homepage",
            citation="Kim, Lee, Lee: Accurate Image Super-Resolution Using Very Deep CNNs, CVPR 2016",
            convert=converter(VDSR, vdsr_names),
        ),
    ),
    network_method(
        name="lapsrn",
        summary="LapSRN, a two-level Laplacian pyramid on the luma (a third party's weights; no colours)",
        source="Lai et al., LapSRN, CVPR 2017; weights of twtygqyy/pytorch-LapSRN",
        spec=LAPSRN,
        weights=WeightFile(
            name="lapsrn",
            sha256=("dbe9639fe486aa7bab4f1d7075eda56da87423ecc1b7ccab52173986f8fa2620",),
            size=3_483_104,
            homepage="https://github.com/twtygqyy/pytorch-LapSRN",
            license="see the homepage",
            citation="Lai, Huang, Ahuja, Yang: Deep Laplacian Pyramid Networks, CVPR 2017",
            convert=converter(LAPSRN, lapsrn_names),
        ),
    ),
)

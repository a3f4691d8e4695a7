"""The papers' ablations as grids of trainings: what each row changes. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from srbench.core.registry import Registry


@dataclass(frozen=True)
class Row:
    """One training: a recipe with settings as of `--set`; `start` is the label of the row it begins with."""

    label: str
    recipe: str
    settings: tuple[str, ...] = ()
    start: str = ""


@dataclass(frozen=True)
class Experiment:
    """A paper's comparison."""

    name: str
    paper: str
    summary: str
    rows: tuple[Row, ...]


_ENET_E = Row("ENet-E", "enet-e")
_PLAIN = "SRResNet without normalisation"
_TSRN_LAYERS = ("relu2_2", "relu3_4", "relu4_4", "relu5_2")

EXPERIMENTS: Registry[Experiment] = Registry("experiment", group=None)
for _experiment in (
    Experiment(
        "enhancenet-losses",
        "Sajjadi et al., EnhanceNet, ICCV 2017, poster and Table 2",
        "the six combinations of losses",
        (
            _ENET_E,
            Row("ENet-P", "enet-p"),
            *(
                Row(f"ENet-{name.upper()}", f"enet-{name}", start="ENet-E")
                for name in ("ea", "pa", "eat", "pat")
            ),
        ),
    ),
    Experiment(
        "srgan-losses",
        "Ledig et al., SRGAN, CVPR 2017, Table 1",
        "SRResNet and SRGAN with squared error, VGG22 and VGG54",
        (
            Row("SRResNet-MSE", "srresnet-mse"),
            Row("SRResNet-VGG22", "srresnet-vgg22"),
            *(
                Row(f"SRGAN-{name}", f"srgan-{name.lower()}", start="SRResNet-MSE")
                for name in ("MSE", "VGG22", "VGG54")
            ),
        ),
    ),
    Experiment(
        "srgan-depth",
        "Ledig et al., SRGAN, CVPR 2017, supplementary Figure 10",
        "SRResNet with 1 to 16 residual blocks",
        tuple(
            Row(f"SRResNet, blocks={blocks}", "srresnet-mse", (f"blocks={blocks}",))
            for blocks in (1, 2, 4, 8, 16)
        ),
    ),
    Experiment(
        "esrgan-ablation",
        "Wang et al., ESRGAN, ECCVW 2018, Figure 8",
        "no normalisation, features before activation, relativistic adversary, RRDB: one after the other",
        (
            Row("SRResNet", "srresnet-mse"),
            Row(_PLAIN, "srresnet-plain"),
            Row("RRDB", "rrdb-psnr"),
            Row("1: with normalisation", "srgan-vgg54", start="SRResNet"),
            Row(
                "2: without normalisation",
                "esrgan",
                (
                    "network=msrresnet",
                    "terms.features.layers=relu5_4",
                    "terms.relativistic.kind=adversarial",
                ),
                _PLAIN,
            ),
            Row(
                "3: before activation",
                "esrgan",
                ("network=msrresnet", "terms.relativistic.kind=adversarial"),
                _PLAIN,
            ),
            Row("4: relativistic adversary", "esrgan", ("network=msrresnet",), _PLAIN),
            Row("5: RRDB", "esrgan", start="RRDB"),
        ),
    ),
    Experiment(
        "tsrn-layers",
        "Gondal et al., TSRN, ECCVW 2018, Figure 4",
        "the Gram loss on one layer of VGG-19 after the other, and on all",
        (
            Row("TSRN-MSE", "tsrn-mse"),
            *(
                Row(f"TSRN-G, {layer}", "tsrn-g", (f"terms.texture.layers={layer}",), "TSRN-MSE")
                for layer in _TSRN_LAYERS
            ),
            Row("TSRN-G, all", "tsrn-g", start="TSRN-MSE"),
        ),
    ),
):
    EXPERIMENTS.add(_experiment.name, _experiment)

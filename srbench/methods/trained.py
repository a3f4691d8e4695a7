"""Networks whose weights nobody has published: they come from this package's own training.

The one place that says where trained weights lie: `reference_models/NAME/weights.safetensors`, in the
cache (the user's own training), beside the package in a checkout, or inside the wheel, in this order.
`srbench methods pull NAME --from FILE` overrules all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.files import cache_folder
from srbench.core.weights import WeightFile
from srbench.methods.families.convert import converter
from srbench.methods.families.drcn import DRCN
from srbench.methods.families.enhancenet import ENHANCENET
from srbench.methods.families.espcn import ESPCN
from srbench.methods.families.fsrcnn import FSRCNN
from srbench.methods.families.lapsrn import MS_LAPSRN
from srbench.methods.families.srcnn import SRCNN
from srbench.methods.families.srresnet import SRRESNET
from srbench.methods.families.tsrn import TSRN
from srbench.methods.networks.method import NetworkMethod, network_method

if TYPE_CHECKING:
    from srbench.methods.networks.specification import NetworkSpec

FOLDER = "reference_models"
FILE = "weights.safetensors"
_WITHOUT_RECIPE = ("drcn", "ms-lapsrn")


def model_folders() -> tuple[Path, ...]:
    """Folders that may hold trained models, the first one that has a model wins."""
    package = Path(__file__).resolve().parent.parent
    return cache_folder() / FOLDER, package.parent / FOLDER, package / FOLDER


@dataclass(frozen=True)
class TrainedFile(WeightFile):
    """Weights that were trained here or shipped; a file that the user gave stands before them."""

    @property
    def cached(self) -> Path:
        """What the user gave, else the first trained model, else where one would be given."""
        if self.destination.is_file():
            return self.destination
        trained = (folder / self.name / FILE for folder in model_folders())
        return next((path for path in trained if path.is_file()), self.destination)

    @property
    def remark(self) -> str:
        """That these are not the authors' weights, where they were trained here."""
        if self.cached == self.destination:
            return ""
        return "trained with srbench as its card.md says, not the authors' weights"


def _trained(name: str, summary: str, source: str, spec: NetworkSpec) -> NetworkMethod:
    training = _training(name)
    return network_method(
        name=name,
        summary=summary,
        source=source,
        spec=spec,
        training=training,
        weights=TrainedFile(
            name=name,
            sha256=(),
            homepage=training and f"no published weights; {training} makes them",
            license="that of the training run",
            citation=source,
            convert=converter(spec),
        ),
    )


def _training(name: str) -> str:
    """The command that trains a model, empty where there is no recipe for it."""
    if name in _WITHOUT_RECIPE:
        return ""
    recipe = name.removesuffix("-random")
    return f"srbench train {recipe}" if recipe == name else f"srbench train {recipe} --features vgg19-random"


_ENHANCENET = "Sajjadi et al., EnhanceNet, ICCV 2017, Table 2"
_LUMA = " (colours are bicubic)"
_RANDOM = "random VGG-19 features, not the paper's"
_SRGAN = "Ledig et al., SRGAN, CVPR 2017, Tables 1 and 2"

TRAINED = (
    _trained(
        "srcnn",
        f"SRCNN 9-5-5 on the enlarged luma{_LUMA}",
        "Dong et al., SRCNN, TPAMI 2016; a third party's weights: https://github.com/yjn870/SRCNN-pytorch",
        SRCNN,
    ),
    _trained(
        "espcn",
        f"ESPCN, sub-pixel convolution on the luma{_LUMA}",
        "Shi et al., ESPCN, CVPR 2016",
        ESPCN,
    ),
    _trained(
        "fsrcnn",
        f"FSRCNN (56, 12, 4), transposed convolution on the luma{_LUMA}",
        "Dong et al., FSRCNN, ECCV 2016",
        FSRCNN,
    ),
    _trained(
        "drcn",
        f"DRCN, sixteen recursions on the enlarged luma{_LUMA}",
        "Kim et al., DRCN, CVPR 2016",
        DRCN,
    ),
    _trained(
        "ms-lapsrn",
        f"MS-LapSRN D5R8, shared pyramid levels on the luma{_LUMA}",
        "Lai et al., TPAMI 2018",
        MS_LAPSRN,
    ),
    _trained("srresnet-mse", "SRResNet trained with the mean squared error", _SRGAN, SRRESNET),
    _trained("srresnet-vgg22", "SRResNet trained with a VGG22 loss", _SRGAN, SRRESNET),
    _trained("srgan-mse", "SRGAN with a mean squared error content loss", _SRGAN, SRRESNET),
    _trained("srgan-vgg22", "SRGAN with a VGG22 content loss", _SRGAN, SRRESNET),
    _trained("srgan-vgg54", "SRGAN with a VGG54 content loss, the paper's SRGAN", _SRGAN, SRRESNET),
    _trained("enet-e", "EnhanceNet trained with the mean squared error", _ENHANCENET, ENHANCENET),
    _trained("enet-p", "EnhanceNet trained with a perceptual loss", _ENHANCENET, ENHANCENET),
    _trained("enet-ea", "EnhanceNet trained with squared error and adversary", _ENHANCENET, ENHANCENET),
    _trained("enet-pa", "EnhanceNet trained with perceptual loss and adversary", _ENHANCENET, ENHANCENET),
    _trained(
        "enet-eat", "EnhanceNet trained with squared error, adversary and texture", _ENHANCENET, ENHANCENET
    ),
    # The features of a random network in the place of ImageNet's: not the papers' models.
    _trained("enet-pat-random", f"ENet-PAT trained with {_RANDOM}", _ENHANCENET, ENHANCENET),
    _trained("srgan-vgg54-random", f"SRGAN-VGG54 trained with {_RANDOM}", _SRGAN, SRRESNET),
    _trained("tsrn-g-random", f"TSRN-G trained with {_RANDOM}", "Gondal et al., TSRN, ECCVW 2018", TSRN),
)

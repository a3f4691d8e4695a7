"""Methods of networks whose weights come from this package's own training; the families list them.

The one place that says where trained weights lie: `reference_models/NAME/weights.safetensors`, in the
cache (the user's own training), beside the package in a checkout, or inside the wheel, in this order.
`srbench methods pull NAME --from FILE` overrules all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.files import cache_folder
from srbench.core.weights import WeightFile
from srbench.methods.families.build import converter
from srbench.methods.networks.method import NetworkMethod, network_method

if TYPE_CHECKING:
    from srbench.core.records import Degradation
    from srbench.methods.networks.specification import NetworkSpec

FOLDER = "reference_models"
FILE = "weights.safetensors"
OWN = "-srbench"  # ends the names of our trainings of networks whose authors' weights are at hand


def model_folders() -> tuple[Path, ...]:
    """Folders that may hold trained models, the first one that has a model wins."""
    package = Path(__file__).resolve().parent.parent
    return cache_folder() / FOLDER, package.parent / FOLDER, package / FOLDER


def is_shipped(name: str) -> bool:
    """Whether a trained model of this folder's name comes with the package."""
    return any((folder / name / FILE).is_file() for folder in model_folders()[1:])


def hiding(files: Iterable[WeightFile]) -> str:
    """Says where a training of the user's own stands before a model that ships; empty where none does."""
    for file in files:
        if isinstance(file, TrainedFile):
            own = cache_folder() / FOLDER / file.model
            if file.cached == own / FILE and is_shipped(file.model):
                return f"your own training, which hides the model that ships; delete {own} to have that back"
    return ""


@dataclass(frozen=True, kw_only=True)
class TrainedFile(WeightFile):
    """Weights that were trained here or shipped; a file that the user gave stands before them.

    `model` is the name of the trained model's folder.
    """

    model: str

    @property
    def cached(self) -> Path:
        """What the user gave, else the first trained model, else where one would be given."""
        if self.destination.is_file():
            return self.destination
        trained = (folder / self.model / FILE for folder in model_folders())
        return next((path for path in trained if path.is_file()), self.destination)

    @property
    def origin(self) -> str:
        """Whose weights these are."""
        return "given weights" if self.destination.is_file() else "trained with srbench"

    @property
    def remark(self) -> str:
        """That these are not the authors' weights, where they were trained here."""
        if self.cached == self.destination:
            return ""
        return "trained with srbench as its card.md says, not the authors' weights"


def trained(
    name: str,
    summary: str,
    source: str,
    spec: NetworkSpec,
    *,
    recipe: str | None = None,
    trained_on: Degradation | None = "matlab-bicubic",
) -> NetworkMethod:
    """The method of weights that a recipe of this package makes.

    `recipe` is that of the method's name (and of random features, where the name ends so) if None, and
    empty where no recipe makes such weights.
    """
    training = _training(name) if recipe is None else recipe and f"srbench train {recipe}"
    return network_method(
        name=name,
        summary=summary,
        source=source,
        spec=spec,
        training=training,
        trained_on=trained_on,
        weights=(
            TrainedFile(
                name=name,
                sha256=(),
                homepage=training and f"no published weights; {training} makes them",
                license="that of the training run",
                citation=source,
                convert=converter(spec),
                model=name.removesuffix(OWN),
            ),
        ),
    )


def _training(name: str) -> str:
    """The command that trains a model."""
    recipe = name.removesuffix(OWN).removesuffix("-random")
    return f"srbench train {recipe}{' --features vgg19-random' if name.endswith('-random') else ''}"

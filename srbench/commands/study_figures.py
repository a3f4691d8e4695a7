"""`srbench figure recognition|2afc|mos|training|active`: figures of studies, trainings and networks."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from srbench.commands.figures import Caption, Out, written
from srbench.commands.terminal import progress
from srbench.core.registry import split_names


class MeasureName(StrEnum):
    """What of recognition is shown."""

    ERROR = "error"
    ACCURACY = "accuracy"


def figure_recognition(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of srbench recognition.")],
    measure: Annotated[
        MeasureName, typer.Option(help="error as in EnhanceNet, accuracy as in TSRN.")
    ] = MeasureName.ERROR,
    out: Out = None,
    caption: Caption = True,
) -> None:
    """Make EnhanceNet's and TSRN's comparison by recognition as bars, with intervals and reported values."""
    from srbench.studies.recognition.figures import recognition_bars

    stem = out or folder / "figures" / f"recognition_{measure.value}"
    written(lambda: recognition_bars(folder, measure.value), stem, caption=caption)


def figure_2afc(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of srbench bapps-2afc.")],
    groups: Annotated[
        str, typer.Option(help="Groups separated by commas; distortions, real and all without it.")
    ] = "",
    out: Out = None,
    caption: Caption = True,
) -> None:
    """Make TSRN's Figure 8: how often metrics agree with people, with intervals and reported values."""
    from srbench.studies.bapps.figures import agreement_bars

    chosen = tuple(split_names(groups))
    written(lambda: agreement_bars(folder, chosen), out or folder / "figures" / "2afc", caption=caption)


def figure_mos(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="A study of opinion scores with answers.")],
    out: Out = None,
    caption: Caption = True,
) -> None:
    """Make SRGAN's Figure 5: the distribution of opinion scores, with means and their intervals."""
    from srbench.studies.people.figures import of_study

    written(lambda: of_study(study), out or study / "figures" / "mos", caption=caption)


def figure_training(
    folders: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Folders of srbench train (curve.csv).")
    ],
    out: Out = None,
    caption: Caption = True,
) -> None:
    """Make training curves: losses and held-out PSNR over iterations."""
    from srbench.train.figures import training_curves

    usual = (folders[0].parent if folders[0].is_file() else folders[0]) / "figures" / "training"
    written(lambda: training_curves(folders), out or usual, caption=caption)


def figure_active(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Images; maps are of the first.")],
    features: Annotated[
        str | None,
        typer.Option(help="vgg19-imagenet, vgg19-random or a file; ImageNet's where they are here."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Path without suffix.")] = Path("runs/active/active"),
    caption: Caption = True,
) -> None:
    """Make ESRGAN's Figure 6: the share of active neurons of VGG-19, and maps before and after activation."""
    from srbench.train.activations import figure, measure
    from srbench.train.perception import at_hand

    chosen = features or at_hand()
    with progress("images") as bar:
        found, maps = measure(images, chosen, progress=bar)
    written(lambda: figure(found, maps, chosen), out, caption=caption)

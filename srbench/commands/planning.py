"""`srbench study plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from srbench.commands.people import DesignName
from srbench.commands.terminal import console, progress
from srbench.core.records import UsageError


def plan(
    difference: Annotated[
        float, typer.Option(help="mos: points of the scale 1 to 5; 2afc: the share of votes, such as 0.6.")
    ],
    design: Annotated[DesignName, typer.Option(help="mos or 2afc.")] = DesignName.MOS,
    raters: Annotated[str, typer.Option(help="Numbers to try, separated by commas.")] = "8,16,26,40",
    images: Annotated[str, typer.Option(help="Numbers to try, separated by commas.")] = "5,14,30,100",
    repeats: Annotated[int, typer.Option(min=1, help="Ratings of each version by each rater.")] = 1,
    measured: Annotated[
        Path | None, typer.Option("--from", metavar="STUDY", help="Measure the spread in this study.")
    ] = None,
    sd_raters: Annotated[float, typer.Option(min=0, help="Of the difference between raters.")] = 0.3,
    sd_images: Annotated[float, typer.Option(min=0, help="Of the difference between images.")] = 0.4,
    sd_rest: Annotated[float, typer.Option(min=0, help="Of single ratings beside both.")] = 0.9,
) -> None:
    """Say how many raters and images show a difference with power 0.8, by simulation."""
    from srbench.studies.people.database import Study
    from srbench.studies.people.plan import Spread, counts, measured_spread, plan_text, plans

    if design is DesignName.RANKING:
        raise UsageError("plan is for mos and 2afc; a ranking of two versions is a 2afc trial")
    spread = Spread(sd_raters, sd_images, sd_rest)
    if measured is not None:
        with Study(measured) as study:
            spread = measured_spread(study)
    tried = (counts(raters, "--raters"), counts(images, "--images"))
    with progress("sizes") as bar:
        found = plans(
            difference, spread, *tried, repeats,
            choices=design is DesignName.PREFERENCE, progress=bar,
        )  # fmt: skip
    console().print(plan_text(found, difference, spread), markup=False, end="")

"""`srbench study`: studies with people, from the design to the answers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.commands.agreement import atlas
from srbench.commands.terminal import DataRoot, console, notices, progress

if TYPE_CHECKING:
    from srbench.studies.people.create import Created

study_app = typer.Typer(
    no_args_is_help=True, help="Studies with people: opinion scores, preferences, rankings."
)

StudyFolder = Annotated[Path, typer.Argument(metavar="STUDY", help="Folder of a study.")]


class DesignName(StrEnum):
    """What raters are asked."""

    MOS = "mos"
    PREFERENCE = "2afc"
    RANKING = "ranking"


class PairDesign(StrEnum):
    """Which pairs of methods a 2afc study has."""

    ALL = "all"
    SPARSE = "sparse"


class ReferenceShown(StrEnum):
    """Whether the original stands beside."""

    AUTO = "auto"
    SHOWN = "shown"
    HIDDEN = "hidden"


@study_app.callback()
def _study() -> None:
    """Studies with people."""


@study_app.command()
def create(
    run: Annotated[Path, typer.Option(metavar="RUN", help="Folder of a finished run.")],
    out: Annotated[Path, typer.Option(metavar="STUDY", help="New folder of the study.")],
    design: Annotated[
        DesignName, typer.Option(help="mos: rate 1 to 5; 2afc: choose one of two; ranking: order versions.")
    ] = DesignName.MOS,
    methods: Annotated[str, typer.Option(help="Separated by commas; all of the run without it.")] = "",
    datasets: Annotated[str, typer.Option(help="Separated by commas; all of the run without it.")] = "",
    raters: Annotated[int, typer.Option(min=1, help="Places for raters; SRGAN had 26.")] = 26,
    reference: Annotated[
        ReferenceShown, typer.Option(help="The original beside; auto: hidden for mos, else shown.")
    ] = ReferenceShown.AUTO,
    images_per_rater: Annotated[
        int, typer.Option(min=0, help="Images that each rater judges, all equally often; 0: all.")
    ] = 0,
    repeats: Annotated[int, typer.Option(min=0, help="Trials shown twice, for test-retest.")] = 10,
    block: Annotated[int, typer.Option(min=1, help="Trials between two breaks.")] = 100,
    pairs: Annotated[
        PairDesign,
        typer.Option(help="2afc: all pairs of methods, or a random cycle for each image."),
    ] = PairDesign.ALL,
    set_size: Annotated[int, typer.Option(min=2, max=9, help="ranking: versions at once.")] = 6,
    checks: Annotated[
        int,
        typer.Option(min=0, help="2afc, ranking: attention checks, original against nearest."),
    ] = 4,
    calibration: Annotated[
        str,
        typer.Option(
            metavar="SOURCE",
            help="Examples from images outside the test: a data set, folder:DIR, held-out:N of the run's own "
            "images, or none; demo without it (held-out:2 where the run has demo).",
        ),
    ] = "",
    calibration_images: Annotated[int, typer.Option(min=1, help="At most so many; SRGAN had 20.")] = 20,
    crop: Annotated[
        int, typer.Option(min=0, help="Show a square of so many pixels; 0: the whole image.")
    ] = 0,
    open_enrolment: Annotated[
        bool, typer.Option("--open", help="One link for all raters instead of one for each.")
    ] = False,
    title: Annotated[str, typer.Option(help="What raters see at the top.")] = "Image quality study",
    instructions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Text for raters instead of the usual one.")
    ] = None,
    contact: Annotated[str, typer.Option(help="Whom raters can ask.")] = "",
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of every order; drawn and kept in the database without it.")
    ] = None,
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
) -> None:
    """Make a study from the output images of a run: blind, in an order of its own for each rater.

    Keep the folder to yourself: it holds the key to the methods, the raters' links and the answers.
    """
    from srbench.core.registry import split_names
    from srbench.runs.reader import read_run
    from srbench.studies.people.create import create as make
    from srbench.studies.people.create import random_seed, read_instructions
    from srbench.studies.people.records import Settings
    from srbench.studies.people.stimuli import Choice

    settings = Settings(
        design=design.value,
        seed=random_seed() if seed is None else seed,
        raters=raters,
        show_reference=_shows_reference(reference, design),
        images_per_rater=images_per_rater,
        repeats=repeats,
        block=block,
        checks=0 if design is DesignName.MOS else checks,
        pairs=pairs.value,
        set_size=set_size,
        open_enrolment=open_enrolment,
        title=title,
        instructions=read_instructions(instructions),
        contact=contact,
    )
    choice = Choice(
        run=read_run(run),
        folder=run,
        methods=tuple(split_names(methods)),
        datasets=tuple(split_names(datasets)),
        calibration=calibration,
        calibration_images=calibration_images,
        crop=crop,
        roots=list(data_root),
    )
    with progress("pictures") as bar:
        made = make(choice, settings, out, progress=bar)
    _print_created(made, raters)


def _shows_reference(reference: ReferenceShown, design: DesignName) -> bool:
    """Whether the original stands beside; `auto` hides it where single versions are rated."""
    if reference is ReferenceShown.AUTO:
        return design is not DesignName.MOS
    return reference is ReferenceShown.SHOWN


def _print_created(made: Created, raters: int) -> None:
    """What the design lacks, its size, and how to go on."""
    for line in made.remarks:
        notices().print(f"note: {line}", markup=False)
    folder = made.folder
    console().print(
        f"{raters} raters, {made.trials} trials each (of these {made.calibration} examples), "
        f"{len(made.stimuli)} pictures; next: srbench study serve {folder}, or srbench study pack {folder}",
        markup=False,
    )


@study_app.command()
def serve(
    study_folder: StudyFolder,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8765,
    public_url: Annotated[
        str, typer.Option(help="The address that raters use, where a proxy with TLS stands in front.")
    ] = "",
) -> None:
    """Serve a study to raters' browsers until Ctrl-C; it may be stopped and started again at any time."""
    from srbench.studies.people.database import Study
    from srbench.studies.people.serve import serve as run_server

    output = console()
    with Study(study_folder) as study:
        run_server(study, host, port, public_url, say=lambda text: output.print(text, markup=False))


@study_app.command()
def pack(
    study_folder: StudyFolder,
    out: Annotated[Path, typer.Option(metavar="DIR", help="New folder for the pages.")],
) -> None:
    """Write a study as one static folder without a key to the methods, for a file share or a web host.

    Answers stay in the rater's browser and are saved there as a file; take it with srbench study import.
    """
    from srbench.studies.people.database import Study
    from srbench.studies.people.pack import pack as write_pack

    with Study(study_folder) as study:
        links = write_pack(study, out)
    console().print(f"{out}; a link for each rater: {links} (keep that to yourself)", markup=False)


@study_app.command("export")
def export_answers(
    study_folder: StudyFolder,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV file; standard output without it.")
    ] = None,
    identities: Annotated[
        bool, typer.Option("--identities", help="Raters' names instead of numbers, where the study has them.")
    ] = False,
) -> None:
    """Write all answers as a tidy CSV table, one row each; raters are numbers."""
    from srbench.core.files import write_text
    from srbench.studies.people.database import Study
    from srbench.studies.people.transfer import answers_csv

    with Study(study_folder) as study:
        text = answers_csv(study, identities=identities)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out, text)
        console().print(f"{text.count(chr(10)) - 1} rows in {out}", markup=False)


@study_app.command("import")
def import_answers(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Files that packed pages saved (.json), or one table (.csv)."),
    ],
    out: Annotated[
        Path,
        typer.Option(metavar="STUDY", help="The study that was packed; for a table, a new folder."),
    ],
) -> None:
    """Take answers: from packed pages into their study, or anybody's table of ratings as a new study.

    A table has the columns rater, image and, by design, method and rating (1 to 5); left, right and
    preferred; or position, method and rank. Columns dataset, scale, kind and repeats are understood.
    """
    from srbench.studies.people.transfer import import_files

    for line in import_files(files, out):
        console().print(line, markup=False)


class Population(StrEnum):
    """What intervals of MOS generalise over."""

    BOTH = "both"
    RATERS = "raters"
    IMAGES = "images"


@study_app.command()
def analyze(
    study_folder: StudyFolder,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the results; STUDY/results without it.")
    ] = None,
    over: Annotated[
        Population, typer.Option(help="What intervals of MOS are over: other raters, other images, or both.")
    ] = Population.BOTH,
    exclude_screened: Annotated[
        bool, typer.Option("--exclude-screened", help="Leave out raters that BT.500's screening points at.")
    ] = False,
) -> None:
    """Analyse the answers: MOS or preferences with intervals and tests, agreement and screening of raters.

    Writes mos.csv, tests.csv and images.csv, or preferences.csv and scores.csv; raters.csv, summary.md and
    figures.
    """
    from srbench.studies.people.analysis import analyze as analyse
    from srbench.studies.people.database import Study

    folder = out or study_folder / "results"
    with Study(study_folder) as study:
        found = analyse(study, folder, over=over.value, exclude_screened=exclude_screened)
    console().print(found.text, markup=False, end="")
    console().print(f"{len(found.files)} files in {folder}", markup=False)


study_app.command("atlas")(atlas)

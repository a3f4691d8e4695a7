"""`srbench reproduce`, `leaderboard build` and `report`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.commands.terminal import DataRoot, command_group, console, progress
from srbench.core.registry import split_names
from srbench.core.text import size_text

if TYPE_CHECKING:
    from srbench.tables.opinions import Opinions


class PostHocTest(StrEnum):
    """What tells methods apart."""

    WILCOXON_HOLM = "wilcoxon-holm"
    NEMENYI = "nemenyi"


PostHocOption = Annotated[
    PostHocTest,
    typer.Option("--post-hoc", help="What tells methods apart: signed-rank tests of pairs, or mean ranks."),
]

StudyOption = Annotated[
    list[Path],
    typer.Option(
        "--study",
        metavar="STUDY",
        help="A study of opinion scores, whose MOS becomes a column; may be given several times.",
    ),
]

leaderboard_app = command_group("Leaderboards of several runs.")


def reproduce(
    paper: Annotated[str, typer.Argument(help="enhancenet, srgan, esrgan, tsrn, srcnn, …, or all.")],
    datasets: Annotated[
        str, typer.Option(help="Only these data sets, separated by commas; all of the tables without it.")
    ] = "",
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
    method: Annotated[
        list[str],
        typer.Option(
            metavar="SPEC",
            help="Fills the row of its name: outputs:DIR:NAME or a model; may be given several times.",
        ),
    ] = [],  # noqa: B006 - typer copies it
    finished: Annotated[
        list[Path],
        typer.Option(
            "--with",
            metavar="DIR",
            help="A finished run, or a folder of recognition or bapps-2afc, whose values fill cells; "
            "may be given several times.",
        ),
    ] = [],  # noqa: B006 - typer copies it
    out: Annotated[Path, typer.Option(help="Folder for tables and runs; a finished one is reused.")] = Path(
        "runs/reproduce"
    ),
    scores: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Make the tables from the scores that an earlier call left in OUT/scores; measure nothing.",
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    workers: Annotated[int, typer.Option(help="Processes; 0 is one per core.")] = 0,
) -> None:
    """Make a paper's tables again: what it reports beside what is measured under its protocol.

    Cells that cannot be measured here say why. Writes PAPER.csv, PAPER.md, PAPER.tex, the scores behind
    them (scores/) and the runs (runs/).
    """
    from srbench.core.devices import choose_device
    from srbench.studies.reproduce.documents import by_origin, summary
    from srbench.studies.reproduce.evidence import Means, own_methods
    from srbench.studies.reproduce.job import papers_named, rebuild
    from srbench.studies.reproduce.job import reproduce as reproduce_all

    papers = papers_named(paper)
    chosen = tuple(split_names(datasets))
    if scores is None:
        means = Means(tuple(data_root), choose_device(device), workers, own_methods(method))
        with progress("images") as bar:
            made = reproduce_all(papers, chosen, means, out, finished=finished, progress=bar)
    else:
        made = rebuild(papers, chosen, scores, out)
    output = console()
    for reproduction in made:
        for line in summary(reproduction.paper, reproduction.cells):
            output.print(line, markup=False)
    if len(made) > 1:
        cells = [cell for reproduction in made for cell in reproduction.cells]
        measured = sum(cell.measured is not None for cell in cells)
        output.print(f"in all {len(cells)} cells, {measured} measured: {by_origin(cells)}", markup=False)
    output.print(f"tables in {out}", markup=False)


@leaderboard_app.command("build")
def build_leaderboard(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of finished runs.")],
    protocol: Annotated[
        str, typer.Option(help="Only scores under this protocol; tables need it where runs have several.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="Folder for the tables; leaderboards without it and --site.")
    ] = None,
    site: Annotated[
        Path | None, typer.Option(help="Folder for a static site of these runs: tables, methods, runs.")
    ] = None,
    title: Annotated[str, typer.Option(help="Title of the site.")] = "",
    images: Annotated[bool, typer.Option(help="Pages of the site with output images, or without.")] = True,
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
    post_hoc: PostHocOption = PostHocTest.WILCOXON_HOLM,
    study: StudyOption = [],  # noqa: B006 - typer copies it
) -> None:
    """Merge runs into one leaderboard per data set and scale: as CSV and Markdown, or as a static site.

    The site has the leaderboards of all protocols with filters, a page for each method with its card, and the
    page and certificate of each run. Runs that disagree on a number, a weight file, a protocol or a reference
    image are refused.
    """
    from srbench.report.leaderboards import build
    from srbench.report.site import build_site

    opinions = _opinions(study, runs)
    if out is not None or site is None:
        files = build(runs, out or Path("leaderboards"), protocol, post_hoc.value, opinions)
        console().print(f"{len(files)} files: {', '.join(str(path) for path in files)}", markup=False)
    if site is None:
        return
    with progress("pictures") as bar:
        made = build_site(
            runs, site, title=title, protocol=protocol, roots=data_root, with_images=images,
            post_hoc=post_hoc.value, opinions=opinions, progress=bar,
        )  # fmt: skip
    told = f"{made.boards} leaderboards, {made.methods} methods, {made.runs} runs"
    console().print(f"{made.page} ({told})", markup=False)


def report(
    run_folders: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Folders of finished runs, on one page.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the page; report in the first RUN without it.")
    ] = None,
    title: Annotated[str, typer.Option(help="Title of the page.")] = "",
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
    images: Annotated[bool, typer.Option(help="With the output images, or tables and plots only.")] = True,
    originals: Annotated[
        bool,
        typer.Option("--originals", help="The PNG files themselves, where previews would be JPEG for size."),
    ] = False,
    figures: Annotated[
        bool,
        typer.Option("--figures", help="Also the plots and their numbers, in the folder figures."),
    ] = False,
    post_hoc: PostHocOption = PostHocTest.WILCOXON_HOLM,
    study: StudyOption = [],  # noqa: B006 - typer copies it
) -> None:
    """Make a page of a run, or of several: leaderboards, plots, image browser. One folder, works from file://.

    References are shown where the run has the method hr or the data set is found, in the data roots of the
    run or in those given here. Runs that disagree on a number or a file are refused.
    """
    from srbench.report.page import write_report
    from srbench.runs.merging import merge
    from srbench.runs.opinions import with_opinions
    from srbench.runs.reader import read_run

    run = merge([read_run(folder) for folder in run_folders])
    run = with_opinions(run, _opinions(study, run_folders))
    folder = out or run_folders[0] / "report"
    with progress("pictures") as bar:
        made = write_report(
            run,
            run_folders,
            folder,
            title=title,
            roots=data_root,
            with_images=images,
            originals=originals,
            post_hoc=post_hoc.value,
            progress=bar,
        )
    output = console()
    if figures:
        from srbench.report.figures import write_figures

        files = write_figures(run, folder / "figures", post_hoc.value)
        output.print(f"{len(files)} figures in {folder / 'figures'}", markup=False)
    output.print(f"{made.page} ({made.pictures} pictures, {size_text(made.size)})", markup=False)


def _opinions(studies: list[Path], runs: list[Path]) -> list[Opinions]:
    if not studies:
        return []
    from srbench.studies.people.boards import study_opinions

    return study_opinions(studies, runs)

"""`srbench figure list|crops|plane|runtimes|brightness`: figures of runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.commands.terminal import AsJson, DataRoot, command_group, console, notices, print_json
from srbench.core.records import UsageError
from srbench.core.registry import split_names

if TYPE_CHECKING:
    from srbench.core.figures import Drawn

figure_app = command_group("Figures for papers: SVG, PDF and PNG, with their numbers as CSV beside them.")

Runs = Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of finished runs, which agree.")]
Dataset = Annotated[str, typer.Option(help="Where the runs have several.")]
Scale = Annotated[int, typer.Option(min=0, help="Where the runs have several.")]
ProtocolName = Annotated[str, typer.Option("--protocol", help="Where the runs have several.")]
Out = Annotated[
    Path | None, typer.Option(help="Path without suffix; in figures/ of the first folder without it.")
]
Caption = Annotated[bool, typer.Option(help="What a reader must know, below the figure; the files keep it.")]


def written(draw: Callable[[], Drawn], stem: Path, *, caption: bool, size: float = 9) -> None:
    """Draws, writes and names the files."""
    from srbench.core.figures import missing_glyphs, save, stem_of, style

    stem = stem_of(stem)
    with style(size), missing_glyphs() as missing:
        drawn = draw()
        stem.parent.mkdir(parents=True, exist_ok=True)
        files = save(drawn, stem, captioned=caption)
    console().print(", ".join(str(path) for path in files), markup=False)
    if missing:
        letters = "".join(missing)
        notices().print(
            f"the font has no {letters}: boxes stand there in PNG and PDF; rename the methods", markup=False
        )


@figure_app.command("list")
def list_figures(as_json: AsJson = False) -> None:
    """Every figure: what it shows, which paper's figure it repeats, what makes it, what it needs."""
    from srbench.report.catalogue import CATALOGUE

    if as_json:
        print_json([vars(entry) for entry in CATALOGUE])
        return
    output = console()
    for entry in CATALOGUE:
        output.print(f"{entry.name}: {entry.shows}", markup=False)
        if entry.repeats:
            output.print(f"    repeats  {entry.repeats}", markup=False)
        output.print(f"    needs    {entry.needs}", markup=False)
        output.print(f"    command  {entry.command}", markup=False)


@figure_app.command("crops")
def figure_crops(
    run_folders: Runs,
    image: Annotated[str, typer.Option(help="Identifier of the image, e.g. img_001.")],
    box: Annotated[
        list[str],
        typer.Option(metavar="X,Y,W,H", help="A crop, in pixels of the output; several make rows."),
    ],
    methods: Annotated[
        str, typer.Option(help="Names separated by commas, in this order; all without it.")
    ] = "",
    metrics: Annotated[str, typer.Option(help="Scores below each crop; the first two of the run.")] = "",
    dataset: Annotated[str, typer.Option(help="Where several data sets have the image.")] = "",
    scale: Annotated[str, typer.Option(help="Scales separated by commas, a row each; all without it.")] = "",
    protocol: Annotated[str, typer.Option(help="Whose scores; srbench where the run has it.")] = "",
    rows: Annotated[
        int, typer.Option(min=0, help="Rows of the crops of one box at one scale; 0 chooses.")
    ] = 0,
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
    out: Out = None,
    caption: Caption = True,
) -> None:
    """Make a paper's comparison figure: the picture with boxes, and each method's crops with its scores."""
    from srbench.report.crops import Request, crops, parse_box, usual_stem

    request = Request(
        image=image,
        boxes=tuple(parse_box(text) for text in box),
        methods=tuple(split_names(methods)),
        metrics=tuple(split_names(metrics)),
        dataset=dataset,
        protocol=protocol,
        scales=_scales(scale),
        rows=rows,
    )
    stem = out or usual_stem(run_folders[0], request)
    written(lambda: crops(run_folders, request, data_root), stem, caption=caption, size=8)


def _scales(text: str) -> tuple[int, ...]:
    names = split_names(text)
    if not all(name.isdecimal() and int(name) for name in names):
        raise UsageError(f"--scale {text}: give scales separated by commas, e.g. 2,4")
    return tuple(int(name) for name in names)


@figure_app.command("plane")
def figure_plane(
    run_folders: Runs,
    x: Annotated[str, typer.Option(help="A distortion; the run's first of the usual ones without it.")] = "",
    y: Annotated[str, typer.Option(help="A perceptual metric; the first of the usual ones without it.")] = "",
    dataset: Dataset = "",
    scale: Scale = 0,
    protocol: ProtocolName = "",
    out: Out = None,
    caption: Caption = True,
) -> None:
    """Make the perception-distortion plane; families such as `esrgan@0:1:0.1` become curves.

    PIRM's regions stand under its protocol where the distortion is the RMSE.
    """
    from srbench.core.files import file_name
    from srbench.report.data import DISTORTION, PERCEPTION
    from srbench.report.planes import plane
    from srbench.report.selection import first_metric, merged, metric_of, one_board
    from srbench.tables.ranked import of_board, rank

    run = merged(run_folders)
    board = one_board(run, dataset, scale, protocol)
    first = metric_of(board, x) if x else first_metric(board, DISTORTION, "distortion")
    second = metric_of(board, y) if y else first_metric(board, PERCEPTION, "perception")
    name = f"{board.dataset}_x{board.scale}_{board.protocol}_plane_{first.name}_{second.name}"
    ranked = rank(board, of_board(run.scores, board))
    written(
        lambda: plane(ranked, first, second),
        out or run_folders[0] / "figures" / file_name(name),
        caption=caption,
    )


@figure_app.command("runtimes")
def figure_runtimes(
    run_folders: Runs,
    bench: Annotated[Path, typer.Option(metavar="FILE", help="What srbench methods bench --out FILE wrote.")],
    metric: Annotated[str, typer.Option(help="The quality; the run's first metric without it.")] = "",
    dataset: Dataset = "",
    scale: Scale = 0,
    protocol: ProtocolName = "",
    out: Out = None,
    caption: Caption = True,
) -> None:
    """Make time of one image against quality."""
    from srbench.core.files import file_name
    from srbench.report.runtimes import read_timings, runtimes
    from srbench.report.selection import merged, metric_of, one_board

    board = one_board(merged(run_folders), dataset, scale, protocol)
    info = metric_of(board, metric) if metric else board.metrics[0]
    name = f"{board.dataset}_x{board.scale}_{board.protocol}_runtimes_{info.name}"
    written(
        lambda: runtimes(board, info, read_timings(bench)),
        out or run_folders[0] / "figures" / file_name(name),
        caption=caption,
    )


@figure_app.command("brightness")
def figure_brightness(
    run_folders: Runs,
    image: Annotated[str, typer.Option(help="Identifiers separated by commas; all images without it.")] = "",
    methods: Annotated[str, typer.Option(help="Names separated by commas; all without it.")] = "",
    sigma: Annotated[float, typer.Option(min=0.0, help="Of the Gaussian, in pixels; 0: no filter.")] = 3.0,
    dataset: Dataset = "",
    scale: Scale = 0,
    protocol: ProtocolName = "",
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
    out: Out = None,
    caption: Caption = True,
) -> None:
    """Make ESRGAN's Figure 9a: whether outputs are as bright as the reference."""
    from srbench.core.files import file_name
    from srbench.report.brightness import brightness, chosen, measure
    from srbench.report.selection import merged, one_board
    from srbench.tables.ranked import of_board

    run = merged(run_folders)
    board = one_board(run, dataset, scale, protocol)
    known = sorted({score.image for score in of_board(run.scores, board)})
    images = chosen(split_names(image), known, "image")
    others = [name for name in board.methods if name not in board.reference_methods]
    names = chosen(split_names(methods), others, "method")
    found = measure(run, run_folders, board, images, names, data_root, sigma)
    of = images[0] if len(images) == 1 else f"{board.dataset}_x{board.scale}"
    written(
        lambda: brightness(found, board, sigma),
        out or run_folders[0] / "figures" / file_name(f"{of}_brightness"),
        caption=caption,
    )

"""`srbench bapps-2afc`, `bapps-jnd` and `recognition`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srbench.commands.terminal import DataRoot, console, notices, progress, results_table
from srbench.core.records import UsageError
from srbench.core.registry import split_names

if TYPE_CHECKING:
    from srbench.datasets.bapps import Kind
    from srbench.studies.bapps.benchmark import Finished
    from srbench.studies.recognition.benchmark import Finished as RecognitionFinished

_Metrics = Annotated[
    str,
    typer.Option(help="Names separated by commas; all is every metric with a reference that can run here."),
]
_Split = Annotated[str, typer.Option(help="The split to use: val or train.")]
_Subsets = Annotated[
    str,
    typer.Option(help="Subsets separated by commas (traditional, cnn, superres, ...); all that are here."),
]
_Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
_BatchSize = Annotated[int, typer.Option(help="Items that a network sees at once.")]
_Half = Annotated[
    bool,
    typer.Option(
        "--half",
        help="16-bit networks where test distances of all their metrics keep to 0.001 of their value; for a "
        "CUDA device.",
    ),
]
_GramVariants = Annotated[
    bool,
    typer.Option("--gram-variants", help="Also every reading of what TSRN leaves open for the gram metrics."),
]
_Variants = Annotated[
    list[str],
    typer.Option(
        "--variant",
        metavar="NAME=FILE",
        help="An LPIPS network trained as a whole, e.g. lpips-alex-tune=FILE (a state dict of the lpips "
        "package's module); may be given several times.",
    ),
]


def _bapps_command(kind: Kind, purpose: str) -> Callable[..., None]:
    """The command of one of the two tests of BAPPS; `purpose` is its help."""

    def command(
        metrics: _Metrics = "all",
        split: _Split = "val",
        subsets: _Subsets = "",
        data_root: DataRoot = [],  # noqa: B006 - typer copies it
        out: Annotated[Path, typer.Option(help="Folder for the tables.")] = Path(f"runs/bapps-{kind}"),
        device: _Device = "auto",
        batch_size: _BatchSize = 50,
        gram_variants: _GramVariants = False,
        half: _Half = False,
        variant: _Variants = [],  # noqa: B006 - typer copies it
    ) -> None:
        from srbench.studies.bapps.benchmark import Options, run

        options = Options(
            kind=kind,
            metrics=metrics,
            split=split,
            subsets=tuple(split_names(subsets)),
            roots=tuple(data_root),
            out=out,
            device=_chosen(device),
            batch_size=batch_size,
            gram_variants=gram_variants,
            variants=tuple(variant),
            half=half,
        )
        with progress("items") as bar:
            finished = run(options, say=_say, progress=bar)
        _print_bapps(finished)

    command.__name__, command.__doc__ = f"bapps_{kind}", purpose
    return command


bapps_2afc = _bapps_command(
    "2afc",
    """Score metrics by how often they agree with people on BAPPS triplets (TSRN's Table 5).

    Reads 2afc/SPLIT/SUBSET/{ref,p0,p1,judge} under a data root; a part of the data set will do. Metrics
    see whole 64x64 patches (protocol bapps). Writes 2afc.csv, 2afc.md, tests.csv, items.csv, run.json.
    """,
)
bapps_jnd = _bapps_command(
    "jnd",
    """Score metrics by how well they rank BAPPS pairs by "people see no difference" (average precision).

    Reads jnd/SPLIT/SUBSET/{p0,p1,same} under a data root; a part of the data set will do. Metrics see
    whole 64x64 patches (protocol bapps). Writes jnd.csv, jnd.md, items.csv, run.json.
    """,
)


def recognition(
    methods: Annotated[str, typer.Option(help="Names separated by commas, or all.")] = "all",
    classifiers: Annotated[
        str, typer.Option(help="torchvision names (also NAME:WEIGHTS) or timm:NAME, separated by commas.")
    ] = "resnet50,vgg19,densenet169",
    scale: Annotated[int, typer.Option(help="Super-resolution factor; the papers have 4 and 8.")] = 4,
    protocol: Annotated[str, typer.Option(help="Decides how inputs are made.")] = "srbench",
    images: Annotated[int, typer.Option(help="Size of the random subset; 0 takes all images.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the random subset.")] = 0,
    resize: Annotated[int, typer.Option(help="Shorter side before the crop; 0 does not resize.")] = 256,
    crop: Annotated[int, typer.Option(help="Side of the centre crop; a multiple of the scale.")] = 224,
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
    labels: Annotated[
        Path | None, typer.Option(help="File of labels where it does not lie beside the images.")
    ] = None,
    classifier_weights: Annotated[
        list[str],
        typer.Option(metavar="NAME=FILE", help="Weights of a classifier; may be given several times."),
    ] = [],  # noqa: B006 - typer copies it
    pull: Annotated[bool, typer.Option("--pull", help="Download classifiers that are not here.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for the tables.")] = Path("runs/recognition"),
    device: _Device = "auto",
    half: Annotated[
        bool,
        typer.Option(
            "--half", help="16-bit classifiers on a CUDA device, unchecked: close guesses may change places."
        ),
    ] = False,
    batch_size: Annotated[int, typer.Option(help="Images that a classifier sees at once.")] = 32,
) -> None:
    """Measure how well classifiers recognise super-resolved ImageNet images (EnhanceNet, TSRN).

    Reads validation images as ILSVRC2012 files with their labels, as one folder per class, or with
    WordNet identifiers in their names. Writes recognition.csv, recognition.md, mcnemar.csv,
    predictions.csv, run.json.
    """
    from srbench.studies.recognition.benchmark import Options, run

    options = Options(
        methods=methods,
        classifiers=tuple(split_names(classifiers)),
        scale=scale,
        roots=tuple(data_root),
        out=out,
        protocol=protocol,
        images=images,
        seed=seed,
        resize=resize,
        crop=crop,
        labels=labels,
        weights=dict(_named_file(text) for text in classifier_weights),
        download=pull,
        device=_chosen(device),
        half=half,
        batch_size=batch_size,
    )
    with progress("images") as bar:
        finished = run(options, say=_say, progress=bar)
    _print_recognition(finished)


def _print_recognition(finished: RecognitionFinished) -> None:
    from rich.markup import escape

    from srbench.studies.recognition.results import remarks
    from srbench.tables.text import grouped

    output = console()
    shown = results_table(output)
    for heading in ("classifier", "method", "top-1", "95% CI", "top-5", "95% CI", "confidence"):
        shown.add_column(heading, justify="left" if heading in ("classifier", "method") else "right")
    for row in finished.rows:
        intervals = [f"{low:.3f}–{high:.3f}" for low, high in (row.top1_interval, row.top5_interval)]
        shown.add_row(
            escape(row.classifier),
            escape(row.method),
            f"{row.found.top1:.3f}",
            intervals[0],
            f"{row.found.top5:.3f}",
            intervals[1],
            f"{row.found.confidence:.3f}",
        )
    output.print(shown)
    for line in (*remarks(finished.rows), *grouped(finished.said)):
        output.print(line, markup=False)
    for name, reason in finished.skipped.items():
        _say(f"left out: {name}: {reason}")
    output.print(
        f"{finished.images} images ({finished.seconds:.1f} s); files in {finished.files[0].parent}",
        markup=False,
    )


def _named_file(text: str) -> tuple[str, Path]:
    # Names of timm and of torchvision's weights may hold colons, but no equals sign.
    name, separator, file = text.partition("=")
    if not separator or not name or not file:
        raise UsageError(f"--classifier-weights {text}: give NAME=FILE")
    return name, Path(file)


def _print_bapps(finished: Finished) -> None:
    from rich.markup import escape

    from srbench.studies.bapps.export import cell, remarks, shown_name, table_rows
    from srbench.studies.bapps.results import GROUP_TITLES

    groups, metrics = table_rows(finished.results.scores)
    output = console()
    shown = results_table(output, title="per cent, higher is better (reported)")
    shown.add_column("metric")
    for group in groups:
        shown.add_column(GROUP_TITLES.get(group, group), justify="right")
    for name, scores in metrics.items():
        shown.add_row(escape(shown_name(name)), *(escape(cell(score)) for score in scores))
    output.print(shown)
    for line in remarks(finished.results.scores):
        output.print(line, markup=False)
    for name, reason in finished.skipped.items():
        _say(f"left out: {name}: {reason}")
    output.print(
        f"{finished.items} items ({finished.seconds:.1f} s); files in {finished.files[0].parent}",
        markup=False,
    )


def _say(text: str) -> None:
    notices().print(text, markup=False)


def _chosen(device: str) -> str:
    from srbench.core.devices import choose_device

    return choose_device(device)

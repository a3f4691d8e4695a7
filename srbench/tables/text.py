"""What tables print (values, headings, remarks, gaps), plain in Markdown and LaTeX, and a run's leaderboards
as CSV rows and Markdown."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from srbench.statistics.intervals import caption
from srbench.tables.boards import Board, Cell, MetricInfo, by_first_metric
from srbench.tables.opinions import MOS_UNIT

_TWO_DECIMALS = ("dB", MOS_UNIT)
# Gram distances lie between 1e-8 and 1e-4: with a fixed number of decimals most of them would be 0.
SMALL = 1e-3
_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "–": "--",
    "∞": r"$\infty$",
    "×": r"$\times$",
    "≈": r"$\approx$",
    "≠": r"$\neq$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "−": "$-$",
}
_MARKDOWN = re.compile(r"([\\`*_\[\]|~])")


def latex(text: str) -> str:
    """Text that LaTeX prints as it is."""
    return "".join(_LATEX.get(character, character) for character in " ".join(text.split()))


def markdown(text: str) -> str:
    """Text that Markdown shows as it is, also inside a table; HTML in it stays text."""
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(r"\\\1", plain)


def markdown_row(cells: Iterable[str]) -> str:
    """A row of a Markdown table from cells that are Markdown already."""
    return f"| {' | '.join(cells)} |\n"


def markdown_head(cells: Sequence[str], *, left: int = 1) -> str:
    """The head of a Markdown table from cells that are Markdown already, all but the first `left` of them
    over numbers."""
    return markdown_row(cells) + markdown_row(["---"] * left + ["---:"] * (len(cells) - left))


def rounded(value: float, digits: int) -> str:
    """`value` with so many decimals; with so many significant digits where it is nearer to 0 than `SMALL`."""
    if 0 < abs(value) < SMALL:
        return f"{value:#.{digits}g}"
    return f"{value:.{digits}f}"


def format_value(value: float, info: MetricInfo) -> str:
    """A value with as many digits as papers print: dB and opinion scores with two, others with four."""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return rounded(value, decimals(info))


def decimals(info: MetricInfo) -> int:
    """How many decimals of a metric are printed: as many as papers print."""
    return 2 if info.unit in _TWO_DECIMALS else 4


def format_cell(cell: Cell, info: MetricInfo) -> str:
    """A value with a mark where it covers fewer images than the data set has, or a dash."""
    if cell.value is None:
        return "–"
    text = format_value(cell.value, info)
    return text if cell.n == cell.expected else f"{text} ({cell.n} of {cell.expected})"


def format_interval(cell: Cell, info: MetricInfo) -> str:
    """The 95% interval as printed, empty where there is none."""
    if cell.interval is None:
        return ""
    return " – ".join(format_value(bound, info) for bound in (cell.interval.low, cell.interval.high))


def heading(info: MetricInfo) -> str:
    """Title, unit and direction of a metric, as the head of a column."""
    arrow = "↑" if info.higher_is_better else "↓"
    return f"{info.title} {f'[{info.unit}] ' if info.unit else ''}{arrow}"


def board_title(board: Board) -> str:
    """Data set, scale, protocol and number of images of a leaderboard."""
    images = f"{board.images} image{'s' if board.images != 1 else ''}"
    return f"{board.dataset} ×{board.scale}, protocol {board.protocol}, {images}"


def legend(boards: Iterable[Board]) -> list[str]:
    """What the numbers of leaderboards are: the kind of their intervals, and what is no mean over images."""
    shown = list(boards)
    kinds = caption(cell.interval for board in shown for cell in board.cells.values())
    lines = [f"95% interval of the value over images like these: {kinds}"] if kinds else []
    infos = dict.fromkeys(info for board in shown for info in board.metrics)
    lines += [roots] if (roots := root_mean_squares(infos)) else []
    return lines + ([told] if (told := of_sets(shown)) else [])


def of_sets(shown: Iterable[Board]) -> str:
    """Which columns are of whole sets, and of how few images; empty where none is."""
    boards = [board for board in shown if any(info.of_set for info in board.metrics)]
    titles = dict.fromkeys(info.title for board in boards for info in board.metrics if info.of_set)
    if not titles:
        return ""
    counts = ", ".join(dict.fromkeys(str(board.images) for board in boards))
    return (
        f"{', '.join(titles)}: one value for all images together, without an interval; of {counts} images, "
        "and Fréchet distances of fewer than some thousand are biased upwards: compare those of the same "
        "images only"
    )


def root_mean_squares(infos: Iterable[MetricInfo]) -> str:
    """Which columns are root mean squares; empty where every column is a mean over images."""
    titles = [info.title for info in infos if info.aggregate == "root-mean-square"]
    return f"{', '.join(titles)}: the root of the mean of the images' squared values" if titles else ""


def remarks(board: Board) -> list[str]:
    """What readers must know of the board's data set and inputs, and of its methods (see `grouped`)."""
    return [*board.notes, *(board.opinions.lines if board.opinions else ()), *grouped(board.remarks)]


def grouped(by_method: Mapping[str, str]) -> list[str]:
    """Remarks by method as lines: one for each remark, with the methods that it is about."""
    groups: dict[str, list[str]] = {}
    for method, remark in by_method.items():
        groups.setdefault(remark, []).append(method)
    return [f"{', '.join(methods)}: {remark}" for remark, methods in groups.items()]


def gaps(board: Board) -> list[str]:
    """What is missing and why: one line for each set of reasons, with the cells that it holds for."""
    groups: dict[tuple[int, tuple[str, ...]], dict[str, list[str]]] = {}
    for (method, metric), cell in board.cells.items():
        if cell.n < cell.expected or cell.value is None:
            group = groups.setdefault((cell.expected - cell.n, cell.reasons), {})
            group.setdefault(method, []).append(metric)
    return [
        f"{_cells(by_method)}: "
        + (f"{count} of {board.images} images ({_shortened(reasons)})" if count else _shortened(reasons))
        for (count, reasons), by_method in groups.items()
    ]


def _cells(by_method: dict[str, list[str]]) -> str:
    """Methods and metrics in as few words as they allow."""
    metrics = list(by_method.values())
    if all(part == metrics[0] for part in metrics):
        return f"{', '.join(metrics[0])} of {', '.join(by_method)}"
    return "; ".join(f"{', '.join(part)} of {method}" for method, part in by_method.items())


def _shortened(reasons: tuple[str, ...]) -> str:
    shown = "; ".join(reasons[:3])
    return shown if len(reasons) <= 3 else f"{shown}; {len(reasons) - 3} more reasons in scores.csv"


def leaderboard_rows(made: list[Board]) -> tuple[list[str], list[dict[str, Any]]]:
    """Columns and rows of `leaderboard.csv`."""
    metrics = list(dict.fromkeys(info.name for board in made for info in board.metrics))
    columns = ["dataset", "scale", "protocol", "method", "n"]
    for name in metrics:
        columns += [f"{name}{part}" for part in ("", "_low", "_high", "_interval", "_n")]
    columns.append("origin")
    rows = []
    for board in made:
        for method in by_first_metric([board]):
            row: dict[str, Any] = {
                "dataset": board.dataset,
                "scale": board.scale,
                "protocol": board.protocol,
                "method": method,
                "n": board.images,
                "origin": board.origins.get(method, ""),
            }
            for info in board.metrics:
                cell = board.cells[method, info.name]
                row |= {f"{info.name}{part}": value for part, value in _columns(cell).items()}
            rows.append(row)
    return columns, rows


def _columns(cell: Cell) -> dict[str, Any]:
    """The columns of one metric by their endings; the kind of an interval is "t" or "bca"."""
    interval = cell.interval
    return {
        "": cell.value,
        "_low": None if interval is None else interval.low,
        "_high": None if interval is None else interval.high,
        "_interval": None if interval is None else interval.kind,
        "_n": cell.n,
    }


def leaderboard_markdown(made: list[Board]) -> str:
    """`leaderboard.md`: a table per data set, the best value in bold, reasons of gaps below, what the numbers
    are at the end."""
    out = io.StringIO()
    for board in made:
        out.write(f"## {markdown(board_title(board))}\n\n")
        heads = [text for info in board.metrics for text in (markdown(heading(info)), "95% CI")]
        out.write(markdown_head(["method", "n", *heads, "origin"]))
        bests = {info.name: board.best(info) for info in board.metrics}
        for method in by_first_metric([board]):
            texts = []
            for info in board.metrics:
                cell = board.cells[method, info.name]
                text = markdown(format_cell(cell, info))
                texts.append(f"**{text}**" if method in bests[info.name] else text)
                texts.append(markdown(format_interval(cell, info)))
            texts.append(markdown(board.origins.get(method, "")))
            out.write(markdown_row([markdown(method), str(board.images), *texts]))
        out.write("\n")
        out.writelines(f"- {markdown(line)}\n" for line in remarks(board))
        out.writelines(f"- missing: {markdown(line)}\n" for line in gaps(board))
        out.write("\n")
    out.writelines(f"{markdown(line)}.\n" for line in ["Best values in bold", *legend(made)])
    return out.getvalue()

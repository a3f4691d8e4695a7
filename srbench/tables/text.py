"""The files of a run, written from tables: CSV for programs, Markdown for people."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from srbench.core.digits import rounded
from srbench.core.records import Score
from srbench.images.codec import atomic_file
from srbench.tables.boards import Board, Cell, MetricInfo
from srbench.tables.pirm import PirmRow

LEGEND = "\n95% CI: Student's t interval of the mean over images like these. Best values in bold.\n"

SCORE_COLUMNS = ("method", "dataset", "scale", "protocol", "image", "metric", "value", "status", "seconds")
SIGNIFICANCE_COLUMNS = (
    "dataset", "metric", "method_a", "method_b", "n", "median_difference", "statistic", "p_value",
    "p_holm", "significant", "rank_biserial", "scale", "protocol", "note",
)  # fmt: skip


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[dict[str, Any]]) -> None:
    """Writes rows with LF line ends so that `path` is at every moment absent or complete."""
    with atomic_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _text(value) for name, value in row.items()} for row in rows)


def _text(value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else value


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text so that `path` is at every moment absent or complete."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def score_rows(scores: Iterable[Score]) -> Iterator[dict[str, Any]]:
    """The rows of `scores.csv`."""
    return ({name: getattr(score, name) for name in SCORE_COLUMNS} for score in scores)


def leaderboard_rows(made: list[Board]) -> tuple[list[str], list[dict[str, Any]]]:
    """Columns and rows of `leaderboard.csv`."""
    metrics = list(dict.fromkeys(info.name for board in made for info in board.metrics))
    columns = ["dataset", "scale", "protocol", "method", "n"]
    for name in metrics:
        columns += [name, f"{name}_ci", f"{name}_n"]
    rows = []
    for board in made:
        for method in board.methods:
            row: dict[str, Any] = {
                "dataset": board.dataset,
                "scale": board.scale,
                "protocol": board.protocol,
                "method": method,
                "n": board.images,
            }
            for info in board.metrics:
                cell = board.cells[method, info.name]
                row |= {info.name: cell.value, f"{info.name}_n": cell.n, f"{info.name}_ci": _interval(cell)}
            rows.append(row)
    return columns, rows


def _interval(cell: Cell) -> str:
    return (
        "" if cell.interval is None else f"[{rounded(cell.interval[0], 6)}, {rounded(cell.interval[1], 6)}]"
    )


def format_value(value: float, info: MetricInfo) -> str:
    """A value with as many digits as papers print: dB with two, others with four."""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return rounded(value, decimals(info))


def decimals(info: MetricInfo) -> int:
    """How many decimals of a metric are printed."""
    return 2 if info.unit == "dB" else 4


def format_cell(cell: Cell, info: MetricInfo) -> str:
    """A value with a mark where it covers fewer images than the data set has, or a dash."""
    if cell.value is None:
        return "–"
    text = format_value(cell.value, info)
    return text if cell.n == cell.expected else f"{text} ({cell.n} of {cell.expected})"


def leaderboard_markdown(made: list[Board]) -> str:
    """`leaderboard.md`: a table per data set, the best value in bold, reasons of gaps below."""
    out = io.StringIO()
    for board in made:
        out.write(f"## {_escaped(board_title(board))}\n\n")
        heads = [text for info in board.metrics for text in (heading(info), "95% CI")]
        out.write(_markdown_row(["method", "n", *heads]))
        out.write(_markdown_row(["---", "---:", *["---:"] * len(heads)]))
        bests = {info.name: board.best(info) for info in board.metrics}
        for method in board.methods:
            texts = []
            for info in board.metrics:
                cell = board.cells[method, info.name]
                text = format_cell(cell, info)
                texts.append(f"**{text}**" if method in bests[info.name] else text)
                texts.append(format_interval(cell, info))
            out.write(_markdown_row([method, str(board.images), *texts]))
        out.write("\n")
        out.writelines(f"- {_escaped(line)}\n" for line in remarks(board))
        out.writelines(f"- missing: {_escaped(line)}\n" for line in gaps(board))
        out.write("\n")
    return out.getvalue().rstrip() + "\n"


def pirm_markdown(rows: list[PirmRow]) -> str:
    """The section of `leaderboard.md` on the PIRM challenge, of the rows under its protocol."""
    rows = [row for row in rows if row.protocol == "pirm"]
    if not rows:
        return ""
    out = io.StringIO()
    out.write("\n## PIRM 2018 regions\n\n")
    out.write(
        "RMSE is the root of the mean over images of the MSE, PI comes from the means of Ma and NIQE, as the "
        "challenge computes them; the means of the images' own values stand beside.\n\n"
    )
    heads = ["data set", "method", "n", "RMSE ↓", "mean of RMSE", "PI ↓", "mean of PI", "region"]
    out.write(_markdown_row(heads))
    out.write(_markdown_row(["---", "---", *["---:"] * 6]))
    out.writelines(_markdown_row(pirm_cells(row)) for row in rows)
    return out.getvalue()


def pirm_cells(row: PirmRow) -> list[str]:
    """A row of the challenge as printed; a dash for what was not scored."""

    def number(value: float | None) -> str:
        return "–" if value is None else f"{value:.4f}"

    region = "none" if row.region is None else str(row.region)
    numbers = [number(value) for value in (row.rmse, row.rmse_image_mean, row.pi, row.pi_image_mean)]
    return [f"{row.dataset} ×{row.scale}", row.method, str(row.n), *numbers, region]


def format_interval(cell: Cell, info: MetricInfo) -> str:
    """The 95% interval as printed, empty where there is none."""
    if cell.interval is None:
        return ""
    return " – ".join(format_value(bound, info) for bound in cell.interval)


def heading(info: MetricInfo) -> str:
    """Title, unit and direction of a metric, as the head of a column."""
    arrow = "↑" if info.higher_is_better else "↓"
    return f"{info.title} {f'[{info.unit}] ' if info.unit else ''}{arrow}"


def _markdown_row(cells: list[str]) -> str:
    return f"| {' | '.join(_escaped(cell) for cell in cells)} |\n"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def board_title(board: Board) -> str:
    """Data set, scale, protocol and number of images of a leaderboard."""
    images = f"{board.images} image{'s' if board.images != 1 else ''}"
    return f"{board.dataset} ×{board.scale}, protocol {board.protocol}, {images}"


def remarks(board: Board) -> list[str]:
    """What readers must know of the board's methods, see `grouped`."""
    return grouped(board.remarks)


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
        if cell.n < cell.expected:
            group = groups.setdefault((cell.expected - cell.n, cell.reasons), {})
            group.setdefault(method, []).append(metric)
    return [
        f"{_cells(by_method)}: {count} of {board.images} images ({_shortened(reasons)})"
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

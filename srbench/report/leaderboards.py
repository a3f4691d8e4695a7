"""`srbench leaderboard build`: one leaderboard per data set and scale from one or several runs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from srbench.core.files import file_name, ready_folder, write_csv, write_text
from srbench.runs.data import RunData
from srbench.runs.merging import merge, only_protocol
from srbench.runs.opinions import with_opinions
from srbench.runs.reader import read_run
from srbench.tables.boards import Board, MetricInfo
from srbench.tables.opinions import MOS, Opinions
from srbench.tables.ranked import PostHoc, Ranked, of_board, rank
from srbench.tables.text import (
    board_title,
    format_cell,
    format_interval,
    gaps,
    heading,
    legend,
    markdown,
    markdown_head,
    markdown_row,
    remarks,
    rounded,
)

# How many ratings a MOS is the mean of; `mos_n` counts images, as of every metric.
RATINGS = f"{MOS.name}_ratings"


def build(
    folders: list[Path],
    out: Path,
    protocol: str,
    post_hoc: PostHoc = "wilcoxon-holm",
    opinions: Sequence[Opinions] = (),
) -> list[Path]:
    """Merges runs and writes their leaderboards, with a column of opinion scores where there are some;
    returns the files."""
    run = only_protocol(merge([read_run(folder) for folder in folders]), protocol)
    if opinions:
        run = with_opinions(run, opinions)
    ready_folder(out)
    files = []
    for board in run.boards():
        ranked = rank(board, of_board(run.scores, board), post_hoc)
        files += write_tables(ranked, run, out, file_name(f"{board.dataset}_x{board.scale}"))
    return files


def write_tables(ranked: Ranked, run: RunData, out: Path, stem: str) -> list[Path]:
    """Writes a leaderboard as CSV and as Markdown; returns both files."""
    return [
        write_csv(out / f"{stem}.csv", *leaderboard_rows(ranked)),
        write_text(out / f"{stem}.md", leaderboard_markdown(ranked, run)),
    ]


def leaderboard_rows(ranked: Ranked) -> tuple[list[str], list[dict[str, Any]]]:
    """Columns and rows of a leaderboard's CSV file."""
    board = ranked.board
    columns = ["dataset", "scale", "protocol", "method", "images"]
    for info in board.metrics:
        parts = ("", "_low", "_high", "_interval", "_n", "_rank", "_p_best", "_versus_best", "_missing")
        columns += [f"{info.name}{part}" for part in parts]
    if board.opinions is not None:
        columns.append(RATINGS)
    columns.append("origin")
    rows = []
    for method in ranked.methods:
        row: dict[str, Any] = {
            "dataset": board.dataset,
            "scale": board.scale,
            "protocol": board.protocol,
            "method": method,
            "images": board.images,
            "origin": board.origins.get(method, ""),
        }
        for info in board.metrics:
            row |= _csv_cells(ranked, method, info)
        if board.opinions is not None and method in board.opinions.methods:
            row[RATINGS] = board.opinions.methods[method].ratings
        rows.append(row)
    return columns, rows


def _csv_cells(ranked: Ranked, method: str, info: MetricInfo) -> dict[str, Any]:
    cell = ranked.board.cells[method, info.name]
    test = ranked.ranks.get(info.name)
    standing = ranked.standings.get((method, info.name))
    # Six digits: what lies below is not the same on every machine. Values are exact sums.
    interval = cell.interval
    numbers: dict[str, float | None] = {
        "_low": None if interval is None else interval.low,
        "_high": None if interval is None else interval.high,
        "_rank": test.ranks.get(method) if test else None,
    }
    cells = {
        f"{info.name}{part}": None if value is None else rounded(value, 6) for part, value in numbers.items()
    }
    return cells | {
        info.name: cell.value,
        f"{info.name}_interval": cell.interval and cell.interval.kind,
        f"{info.name}_n": cell.n,
        f"{info.name}_p_best": "" if standing is None else f"{standing.p_value:.4g}",
        f"{info.name}_versus_best": "" if standing is None else standing.verdict,
        f"{info.name}_missing": "; ".join(cell.reasons),
    }


def leaderboard_markdown(ranked: Ranked, run: RunData) -> str:
    """A leaderboard as Markdown, with statistics, gaps and provenance below."""
    board = ranked.board
    out = io.StringIO()
    out.write(f"# {markdown(board_title(board))}\n\n")
    heads = [markdown(text) for info in board.metrics for text in (heading(info), "95% interval")]
    out.write(markdown_head(["method", *heads, "origin"]))
    for method in ranked.methods:
        texts = [text for info in board.metrics for text in _markdown_cells(ranked, method, info)]
        out.write(markdown_row([markdown(method), *texts, markdown(board.origins.get(method, ""))]))
    out.write("\n")
    out.writelines(f"- {line}\n" for line in _remarks(ranked, run))
    tested = [info for info in board.metrics if info.name in ranked.ranks]
    if tested:
        out.write("\n## Ranks\n\n")
        out.writelines(f"- {markdown(f'{info.title}: {ranked.rank_text(info.name)}')}.\n" for info in tested)
    out.write("\n## Provenance\n\n")
    out.writelines(f"- {markdown(line)}\n" for line in provenance(board, run))
    return out.getvalue()


def _markdown_cells(ranked: Ranked, method: str, info: MetricInfo) -> tuple[str, str]:
    cell = ranked.board.cells[method, info.name]
    text = markdown(format_cell(cell, info))
    rated = ranked.board.opinions
    if rated is not None and info.name == MOS.name and method in rated.methods:
        text = f"{text}, n = {rated.methods[method].ratings}"
    if method in ranked.board.best(info):
        text = f"**{text}**"
    elif mark := ranked.mark(method, info.name):
        text = f"{text} {mark}"
    return text, markdown(format_interval(cell, info))


def _remarks(ranked: Ranked, run: RunData) -> list[str]:
    board = ranked.board
    lines = [f"Bold: the best value of a column, over all {board.images} images."]
    lines += [f"{markdown(line)}." for line in legend([board])]
    lines += ranked.marks_explained()
    expected = run.facts["datasets"].get(f"{board.dataset} x{board.scale}", {}).get("expected_images")
    if expected and expected != board.images:
        lines.append(f"Not the whole data set: {board.images} of its {expected} images.")
    lines += [f"{markdown(line)}." for line in remarks(board)]
    return lines + [f"Missing: {markdown(line)}." for line in gaps(board)]


def _place(board: Board) -> tuple[str, int, str]:
    return board.dataset, board.scale, board.protocol


def provenance(board: Board, run: RunData) -> list[str]:
    """Where the numbers of a board come from: protocol, images, weights, versions."""
    protocol = run.facts["protocols"].get(board.protocol, {})
    dataset = run.facts["datasets"].get(f"{board.dataset} x{board.scale}", {})
    version, summary = protocol.get("version", "?"), protocol.get("summary", "")
    lines = [f"protocol {board.protocol}, version {version}: {summary}"]
    if dataset:
        cited = filter(None, [run.title_of(board), dataset.get("citation", "")])
        lines.append(f"data set: {'; '.join(cited)}")
    facts = [(name, run.facts["methods"].get(name, {})) for name in board.methods]
    facts += [(info.title, run.facts["metrics"].get(info.name, {})) for info in board.metrics]
    facts += [(one.title, {"weights": one.weights}) for one in run.sets if one.place[1:] == _place(board)]
    for title, fact in facts:
        if fact.get("weights"):
            hashes = ", ".join(f"{file} {digest[:16]}" for file, digest in sorted(fact["weights"].items()))
            lines.append(f"weights of {title} (SHA-256 begins): {hashes}")
    lines = list(dict.fromkeys(lines))
    versions = sorted({record["versions"]["srbench"] for record in run.records if "versions" in record})
    days = sorted({str(record.get("started", ""))[:10] for record in run.records} - {""})
    if versions:
        span = " to ".join(dict.fromkeys((days[0], days[-1]))) if days else "at an unknown time"
        lines.append(f"srbench {', '.join(versions)}; measured {span}")
    return lines

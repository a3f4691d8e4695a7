"""The reproduced tables as CSV for programs, Markdown for reading and LaTeX for papers."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from srbench.core.files import write_csv, write_text
from srbench.studies.reproduce.cells import (
    DIFFERS,
    NOT_RUN,
    PUBLISHED,
    REPRODUCED,
    STAND_IN,
    WITHIN,
    Cell,
    printed,
)
from srbench.studies.reproduce.experiments import Measured, section, write_measured
from srbench.studies.reproduce.records import Paper
from srbench.tables.text import latex, markdown, markdown_head, markdown_row

COLUMNS = (
    "paper", "table", "scale", "dataset", "metric", "method", "reported", "measured", "difference", "status",
    "reason", "n", "protocol", "measured_exact", "origin", "measured_with", "published", "note",
)  # fmt: skip

_MARKS = {REPRODUCED: "✓", WITHIN["dB"]: "≈", WITHIN[""]: "≈", DIFFERS: "≠", STAND_IN: "*"}
_KEY = (
    "✓ equal to the printed digits · ≈ within 0.02 dB, or 0.001 where the unit is not dB · ≠ differs by the "
    "amount in brackets (measured − reported) · * not by the authors' weights or outputs, so that it says "
    "nothing of the paper's number · “published”: no measurement, but the mean of the values per image that "
    "authors published · – could not run, for the reason below the table."
)
_TITLES = {
    "psnr_y": "PSNR [dB]",
    "ssim_y": "SSIM",
    "mos": "mean opinion score",
    "2afc": "2AFC [%]",
    "perceptual_index": "perceptual index",
    "active_neurons": "active neurons [%]",
}


def write_documents(paper: Paper, cells: list[Cell], measured: Sequence[Measured], out: Path) -> list[Path]:
    """Writes `<paper>.csv`, `.md` and `.tex`, and `<paper>_experiments.csv` where something was `measured` of
    what the paper shows without a table; returns the paths."""
    paths = [out / f"{paper.name}.{suffix}" for suffix in ("csv", "md", "tex")]
    write_csv(paths[0], COLUMNS, (_row(cell) for cell in cells))
    write_text(paths[1], paper_markdown(paper, cells) + section(paper, measured))
    write_text(paths[2], paper_latex(paper, cells))
    experiments = out / f"{paper.name}_experiments.csv"
    if measured:
        return [*paths, write_measured(measured, experiments)]
    experiments.unlink(missing_ok=True)
    return paths


def _row(cell: Cell) -> dict[str, object]:
    digits = cell.reported.digits
    return {
        "paper": cell.reported.paper,
        "table": cell.reported.table,
        "scale": cell.reported.scale or "",
        "dataset": cell.reported.dataset,
        "metric": cell.reported.metric,
        "method": cell.reported.method,
        "reported": cell.reported.printed,
        "measured": "" if cell.measured is None else printed(cell.measured, digits),
        "difference": "" if cell.difference is None else f"{cell.difference:+.6f}",
        "status": cell.status,
        "reason": cell.reason,
        "n": cell.n or "",
        "protocol": cell.want.protocol if cell.measured is not None else "",
        "measured_exact": cell.measured,
        "origin": cell.origin.kind,
        "measured_with": cell.origin.what,
        "published": cell.published,
        "note": cell.reported.note,
    }


def summary(paper: Paper, cells: list[Cell]) -> list[str]:
    """The outcome in a few lines: how many cells agree, and what lacks."""
    counts = Counter(cell.status for cell in cells)
    near = counts[WITHIN["dB"]] + counts[WITHIN[""]]
    lines = [
        f"{paper.title}: {len(cells)} cells: {counts[REPRODUCED]} reproduced to the last printed digit, "
        f"{near} close (within 0.02 dB or 0.001), {counts[DIFFERS]} differ, {counts[STAND_IN]} measured with "
        f"stand-ins, {counts[PUBLISHED]} published per image, {counts[NOT_RUN]} could not run"
    ]
    lines += [f"  measured with {by_origin(cells)}"] if any(cell.origin.kind for cell in cells) else []
    differing = [
        f"  differs: {cell.reported.method} on {cell.reported.dataset}{_at(cell.reported.scale)}, "
        f"{cell.reported.metric}: reported {cell.reported.printed}, measured "
        f"{printed(cell.measured, cell.reported.digits)} ({cell.origin.what or 'unknown'})"
        for cell in cells
        if cell.status == DIFFERS and cell.measured is not None
    ]
    # Papers print some numbers in two of their tables.
    return [*lines, *dict.fromkeys(differing), *(f"  {line}" for line in reasons(cells))]


def _at(scale: int) -> str:
    """The scale behind the name of a data set; empty where there is none."""
    return f" x{scale}" if scale else ""


def by_origin(cells: Iterable[Cell]) -> str:
    """How many cells were measured with whose work: "interpolation: 12, authors' weights: 7"."""
    counts = Counter(cell.origin.kind or "unknown" for cell in cells if cell.measured is not None)
    return ", ".join(f"{kind}: {count}" for kind, count in counts.most_common())


def reasons(cells: Iterable[Cell]) -> list[str]:
    """One line for each kind of reason: what it holds for, and the reason."""
    held: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.reason:
            # Reasons that differ in the name of the method only are one kind.
            kind = re.sub(rf"(?<![\w-]){re.escape(cell.want.method)}(?![\w-])", "NAME", cell.reason)
            held.setdefault(kind, []).append(cell)
    return [_reason_line(kind, group) for kind, group in held.items()]


def _reason_line(kind: str, cells: list[Cell]) -> str:
    methods = _unique(cell.reported.method for cell in cells)
    datasets = _unique(cell.reported.dataset for cell in cells)
    metrics = _unique(cell.reported.metric for cell in cells)
    if "NAME" in kind:
        subject = ", ".join(methods)
    else:
        subject = metrics[0] if len(metrics) == 1 else ", ".join(filter(None, datasets))
    why = cells[0].reason if len(methods) == 1 else kind
    return f"{subject} ({len(cells)} cell{'s' if len(cells) > 1 else ''}): {why}"


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _blocks(paper: Paper, cells: list[Cell]) -> Iterator[tuple[str, list[Cell]]]:
    """The cells of one table, metric and scale, with a title."""
    for table in paper.tables:
        of_table = [cell for cell in cells if cell.table is table]
        for metric, scale in dict.fromkeys((cell.reported.metric, cell.reported.scale) for cell in of_table):
            kept = [
                cell for cell in of_table if (cell.reported.metric, cell.reported.scale) == (metric, scale)
            ]
            yield f"{table.title}: {_TITLES.get(metric, metric)}{_at(scale).replace(' ', ', ')}", kept


def _grid(cells: list[Cell]) -> tuple[list[str], list[str], dict[tuple[str, str], Cell]]:
    datasets = _unique(cell.reported.dataset for cell in cells)
    methods = _unique(cell.reported.method for cell in cells)
    return datasets, methods, {(cell.reported.method, cell.reported.dataset): cell for cell in cells}


def _measured(cell: Cell) -> str:
    if cell.published is not None:
        return "published"
    if cell.measured is None:
        return "–"
    text = f"{printed(cell.measured, cell.reported.digits)} {_MARKS[cell.status]}"
    if cell.status in (DIFFERS, STAND_IN) and cell.difference is not None:
        text += f" ({cell.difference:+.{cell.reported.digits}f})"
    return text


def _pair(cell: Cell | None) -> tuple[str, str]:
    if cell is None:
        return "", ""
    reported = "∞" if cell.reported.printed == "inf" else cell.reported.printed
    return reported + cell.reported.mark, _measured(cell)


def _marked(cells: list[Cell]) -> list[str]:
    """What the marks of printed numbers stand for."""
    rows = (cell.reported for cell in cells if cell.reported.mark)
    return list(dict.fromkeys(f"{row.mark} {row.note.partition(';')[0]}" for row in rows))


def _origins(cells: list[Cell]) -> list[str]:
    found = {cell.reported.method: cell.origin.what for cell in cells if cell.origin.what}
    return [f"{method}: {what}" for method, what in found.items()]


def _counts(cells: list[Cell], dataset: str) -> str:
    """Over how many images, or triplets, the measured cells of a column are; empty where there are none."""
    found = sorted({cell.n for cell in cells if cell.reported.dataset == dataset and cell.n})
    return f"n = {', '.join(map(str, found))}" if found else ""


def _origin(cells: list[Cell], method: str) -> str:
    """The column of a row: whose work its measured cells are."""
    return ", ".join(
        _unique(cell.origin.kind for cell in cells if cell.reported.method == method and cell.origin.kind)
    )


def paper_markdown(paper: Paper, cells: list[Cell]) -> str:
    """The tables of a paper as Markdown."""
    out = io.StringIO()
    out.write(f"# {markdown(paper.title)}: reported and measured\n\n{markdown(paper.citation)}.\n\n")
    out.write(f"{markdown(summary(paper, cells)[0])}.\n\n{_KEY}\n\n")
    for title, block in _blocks(paper, cells):
        datasets, methods, grid = _grid(block)
        out.write(f"## {markdown(title)}\n\n")
        if protocol := block[0].want.protocol:
            out.write(f"Protocol {markdown(protocol)}.\n\n")
        heads = [
            text
            for name in datasets
            for text in (f"{markdown(name)} reported", f"measured {_counts(block, name)}".rstrip())
        ]
        out.write(markdown_head(["method", *heads, "origin"]))
        for method in methods:
            texts = [markdown(text) for name in datasets for text in _pair(grid.get((method, name)))]
            out.write(markdown_row([markdown(method), *texts, markdown(_origin(block, method))]))
        out.write("\n")
        out.writelines(f"- {markdown(line)}\n" for line in _marked(block))
        out.writelines(f"- could not run: {markdown(line)}\n" for line in reasons(block))
        out.writelines(f"- measured with {markdown(line)}\n" for line in _origins(block))
        out.write("\n")
    return out.getvalue().rstrip() + "\n"


def _latex_cell(text: str) -> str:
    return latex(text).replace("✓", r"$\checkmark$").replace("†", r"$\dagger$").replace("‡", r"$\ddagger$")


def paper_latex(paper: Paper, cells: list[Cell]) -> str:
    """The tables of a paper as LaTeX (needs the packages booktabs and amssymb)."""
    out = io.StringIO()
    out.write("% needs \\usepackage{booktabs,amssymb}\n")
    for title, block in _blocks(paper, cells):
        datasets, methods, grid = _grid(block)
        out.write("\n\\begin{table}\n  \\centering\n")
        what = f"{paper.title}, {title}: reported (r) and measured (m)"
        protocol = block[0].want.protocol
        caption = f"{what} under the protocol {protocol}" if protocol else what
        counts = ", ".join(
            f"{name} {count}" for name in datasets if (count := _counts(block, name).removeprefix("n = "))
        )
        out.write(f"  \\caption{{{latex(caption + (f'; n: {counts}.' if counts else '.'))}}}\n")
        out.write(f"  \\begin{{tabular}}{{l{'rr' * len(datasets)}l}}\n    \\toprule\n    method")
        out.write(
            "".join(f" & {latex(name)} (r) & (m)" for name in datasets) + " & origin \\\\\n    \\midrule\n"
        )
        for method in methods:
            texts = [text for name in datasets for text in _pair(grid.get((method, name)))]
            texts = [method, *texts, _origin(block, method)]
            row = " & ".join(map(_latex_cell, texts))
            out.write(f"    {row} \\\\\n")
        out.write("    \\bottomrule\n  \\end{tabular}\n\\end{table}\n")
        out.writelines(f"% could not run: {line}\n" for line in reasons(block))
    return out.getvalue()

"""Leaderboards as Markdown, LaTeX, HTML, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from srbench.core.records import Score
from srbench.tables.boards import Board, MetricInfo, boards
from srbench.tables.formats import Format, formatted, grids

PSNR = MetricInfo("psnr_y", "PSNR", "dB", higher_is_better=True, aggregate="mean")
NIQE = MetricInfo("niqe", "NIQE", "", higher_is_better=False, aggregate="mean")
# method -> PSNR and NIQE of two images
VALUES = {"hr": (math.inf, 3.0), "a_b": (28.416, 7.5), "c|d": (30.25, 8.0), "e&f": (29.0, 6.25)}


def made(*datasets: str) -> list[Board]:
    scores = [
        Score(method, dataset, 4, "srbench", image, info.name, value, "ok", 0.0)
        for dataset in datasets
        for method, values in VALUES.items()
        for info, value in zip((PSNR, NIQE), values, strict=True)
        for image in ("one", "two")
    ]
    return boards(
        scores,
        {info.name: info for info in (PSNR, NIQE)},
        method_order=list(VALUES),
        references={"hr"},
        remarks={"a_b": "its 50% remark"},
    )


@pytest.mark.parametrize("layout", ["boards", "paper"])
def test_rows_are_ordered_by_the_first_metric_and_references_come_last(layout: str) -> None:
    (grid,) = grids(made("set5"), layout)  # type: ignore[arg-type]
    assert [row[0].text for row in grid.rows] == ["c|d", "e&f", "a_b", "hr"]


def test_best_and_second_follow_the_direction_of_each_metric() -> None:
    (grid,) = grids(made("set5"), "paper")
    ranks = {row[0].text: (row[1].rank, row[2].rank) for row in grid.rows}
    assert ranks == {
        "c|d": ("best", ""), "e&f": ("second", "best"), "a_b": ("", "second"), "hr": ("", ""),
    }  # fmt: skip


def test_the_paper_layout_sets_data_sets_side_by_side() -> None:
    (grid,) = grids(made("set5", "set14"), "paper")
    assert sorted(grid.groups) == [("", 1), ("", 1), ("set14 ×4", 2), ("set5 ×4", 2)]
    assert (grid.heads[0], grid.heads[-1]) == ("method", "origin")
    assert len(grid.heads) == 6
    assert all(len(row) == 6 for row in grid.rows)


def test_a_method_that_one_data_set_lacks_has_a_dash_there() -> None:
    first, second = made("set14", "set5")
    lacking = [row for row in second.methods if row != "a_b"]
    cells = {key: cell for key, cell in second.cells.items() if key[0] != "a_b"}
    smaller = Board(
        second.dataset, 4, "srbench", 2, tuple(lacking), second.metrics, cells, second.reference_methods, {}
    )
    (grid,) = grids([first, smaller], "paper")
    assert [entry.text for row in grid.rows if row[0].text == "a_b" for entry in row[3:-1]] == ["–", "–"]


@pytest.mark.parametrize("layout", ["boards", "paper"])
def test_latex_has_as_many_cells_in_every_row_as_columns_and_names_its_packages(layout: str) -> None:
    text = formatted(made("set5", "set14"), "latex", layout)  # type: ignore[arg-type]
    for table in re.findall(r"\\begin{tabular}{(.*?)}\n(.*?)\\end{tabular}", text, re.DOTALL):
        rows = [line for line in table[1].splitlines() if line.endswith("\\\\")]
        spans = [sum(int(n) - 1 for n in re.findall(r"multicolumn{(\d+)}", row)) for row in rows]
        counts = {len(re.split(r"(?<!\\)&", row)) + more for row, more in zip(rows, spans, strict=True)}
        assert counts == {len(table[0])}
    assert r"a\_b" in text
    assert r"e\&f" in text
    assert (
        {"toprule", "midrule", "bottomrule"}
        <= set(re.findall(r"\\(\w*rule)", text))
        <= {"toprule", "midrule", "bottomrule", "cmidrule"}
    )
    assert "\\usepackage{booktabs}" in text
    assert not re.search(r"^[^%\n]*[^\\%\n]%", text, re.MULTILINE)


def test_html_is_balanced_and_escaped() -> None:
    class Balance(HTMLParser):
        open_tags: list[str] = []  # noqa: RUF012 - one parser, one test
        cells: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the base class's name
            self.open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open_tags.pop() == tag

        def handle_data(self, data: str) -> None:
            self.cells.append(data)

    parser = Balance()
    parser.feed(formatted(made("set5"), "html"))
    assert parser.open_tags == []
    assert "e&f" in parser.cells


@pytest.mark.parametrize("wanted", ["csv", "json"])
def test_programs_get_every_digit(wanted: Format) -> None:
    text = formatted(made("set5"), wanted)
    rows = json.loads(text) if wanted == "json" else list(csv.DictReader(io.StringIO(text)))
    found = {row["method"]: float(row["psnr_y"]) for row in rows}
    assert found == {method: values[0] for method, values in VALUES.items()}


def test_markdown_rows_have_the_columns_of_the_head() -> None:
    lines = [line for line in formatted(made("set5"), "markdown", "paper").splitlines() if line[:1] == "|"]
    assert {len(re.split(r"(?<!\\)\|", line)) for line in lines} == {6}
    assert any(line.startswith(r"| c\|d | **30.25**") for line in lines)


@pytest.mark.parametrize("layout", ["boards", "paper"])
def test_every_row_says_whose_work_it_is(layout: str) -> None:
    (board,) = made("set5")
    grid = grids([replace(board, origins={"a_b": "authors' weights"})], layout)[0]  # type: ignore[arg-type]
    assert grid.heads[-1] == "origin"
    assert {row[0].text: row[-1].text for row in grid.rows}["a_b"] == "authors' weights"

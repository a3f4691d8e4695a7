"""The written files: full precision, infinities, gaps and names of every kind."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import pytest

from srbench.core.files import cell_text, write_csv, write_text
from srbench.runs.scores_csv import SCORE_COLUMNS, score_rows
from srbench.tables.boards import Board, MetricInfo, boards
from srbench.tables.significance import SIGNIFICANCE_COLUMNS
from srbench.tables.text import (
    format_value,
    gaps,
    leaderboard_markdown,
    leaderboard_rows,
    markdown,
    markdown_head,
    markdown_row,
)
from tests.helpers import rows
from tests.tables.test_boards import INFOS, PSNR, RMSE, score, scores

GRAM = MetricInfo("gram-vgg", "Gram distance (VGG-16)", "", False, "mean")

HOSTILE = [
    "a, b",
    'say "x"',
    "<script>alert(1)</script>",
    "a|b",
    "naïve é 中",
    "line\nbreak",
    "[red]x[/]",
    "=1+1",
]


def made(*parts: list, references: set[str] | None = None) -> list[Board]:
    every = [row for part in parts for row in part]
    return boards(every, INFOS, method_order=["hr"], references=references or set(), remarks={})


def cells(line: str) -> list[str]:
    """The cells of a Markdown table row, split at pipes that are not escaped."""
    return [cell.replace("\0", "|").strip() for cell in line.replace("\\|", "\0").strip()[1:-1].split("|")]


def test_columns_are_those_of_the_design() -> None:
    assert ",".join(SCORE_COLUMNS) == "method,dataset,scale,protocol,image,metric,value,status"
    assert ",".join(SIGNIFICANCE_COLUMNS[:10]) == (
        "dataset,metric,method_a,method_b,n,median_difference,statistic,p_value,p_holm,significant"
    )


@pytest.mark.parametrize("value", [0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, math.inf, -0.0])
def test_values_survive_the_csv_to_the_last_bit(tmp_path: Path, value: float) -> None:
    write_csv(tmp_path / "s.csv", SCORE_COLUMNS, score_rows([score("a", "i", value)]))
    (row,) = rows(tmp_path / "s.csv")
    assert float(row["value"]) == value
    assert math.copysign(1, float(row["value"])) == math.copysign(1, value)


def test_infinity_missing_and_truth_as_text(tmp_path: Path) -> None:
    write_csv(
        tmp_path / "s.csv", ["a", "b", "c", "d"], [{"a": math.inf, "b": None, "c": math.nan, "d": True}]
    )
    assert (tmp_path / "s.csv").read_text() == "a,b,c,d\ninf,,,true\n"


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_survives_the_csv(tmp_path: Path, name: str) -> None:
    missing = score(name, name, None, status=name)
    write_csv(tmp_path / "s.csv", SCORE_COLUMNS, score_rows([missing]))
    (row,) = rows(tmp_path / "s.csv")
    assert (cell_text(row["method"]), cell_text(row["image"]), row["value"]) == (name, name, "")


def test_missing_values_are_empty_with_the_reason(tmp_path: Path) -> None:
    write_csv(tmp_path / "s.csv", SCORE_COLUMNS, score_rows([score("a", "i", None)]))
    assert (tmp_path / "s.csv").read_text().splitlines()[1] == "a,set5,4,srbench,i,psnr_y,,a reason"


def test_leaderboard_rows_with_gaps_and_infinities() -> None:
    columns, found = leaderboard_rows(made(scores({"hr": [math.inf, math.inf], "a": [30.0, None]})))
    of_metric = ["psnr_y", "psnr_y_low", "psnr_y_high", "psnr_y_interval", "psnr_y_n"]
    assert columns == ["dataset", "scale", "protocol", "method", "n", *of_metric, "origin"]
    assert [[r[name] for name in ("method", "n", *of_metric)] for r in found] == [
        ["hr", 2, math.inf, None, None, None, 2],
        ["a", 2, 30.0, None, None, None, 1],
    ]


def test_leaderboard_rows_have_the_interval_and_its_kind() -> None:
    values: list[float | None] = [30.0 + index for index in range(20)]
    _, (many, few) = leaderboard_rows(made(scores({"many": values, "few": values[:19]})))
    assert (many["psnr_y_interval"], few["psnr_y_interval"]) == ("bca", "t")
    assert many["psnr_y_low"] < many["psnr_y"] < many["psnr_y_high"]


def test_columns_of_all_boards_together(tmp_path: Path) -> None:
    columns, found = leaderboard_rows(
        made(scores({"a": [1.0]}), scores({"a": [2.0]}, "rmse_y", dataset="other"))
    )
    write_csv(tmp_path / "l.csv", columns, found)
    by_dataset = {row["dataset"]: row for row in rows(tmp_path / "l.csv")}
    assert (by_dataset["set5"]["psnr_y"], by_dataset["set5"]["rmse_y"]) == ("1.0", "")
    assert (by_dataset["other"]["psnr_y"], by_dataset["other"]["rmse_y"]) == ("", "2.0")


@pytest.mark.parametrize(
    ("value", "info", "text"),
    [
        (28.4180, PSNR, "28.42"),
        (math.inf, PSNR, "∞"),
        (-math.inf, PSNR, "-∞"),
        (0.81008, MetricInfo("ssim_y", "SSIM", "", True, "mean"), "0.8101"),
        (11.5, RMSE, "11.5000"),
        (0.0, GRAM, "0.0000"),
        (0.00123456, GRAM, "0.0012"),
        (3.14159e-4, GRAM, "0.0003142"),
        (1.5e-8, GRAM, "1.500e-08"),
    ],
)
def test_digits_as_papers_print_them(value: float, info: MetricInfo, text: str) -> None:
    assert format_value(value, info) == text


def test_markdown_marks_the_best_the_gaps_and_infinity() -> None:
    text = leaderboard_markdown(
        made(scores({"hr": [math.inf] * 2, "a": [30.0, 31.0], "b": [32.0, None]}), references={"hr"})
    )
    lines = text.splitlines()
    assert lines[0] == "## set5 ×4, protocol srbench, 2 images"
    assert cells(lines[2])[:3] == ["method", "n", "PSNR \\[dB\\] ↑"]
    table = {cells(line)[0]: cells(line) for line in lines[4:7]}
    assert table["hr"][2] == "∞"
    assert table["a"][2] == "**30.50**"
    assert table["b"][2] == "32.00 (1 of 2)"
    assert "- missing: psnr\\_y of b: 1 of 2 images (a reason)" in lines


def test_markdown_says_what_its_numbers_are() -> None:
    rows = scores({"a": [30.0, 31.0]}) + scores({"a": [3.0, 4.0]}, "rmse_y")
    text = leaderboard_markdown(made(rows))
    assert "95% interval of the value over images like these: Student's t (below 20 images" in text
    assert "RMSE: the root of the mean of the images' squared values." in text
    assert "BCa" not in text
    many = leaderboard_markdown(made(scores({"a": [30.0 + index for index in range(20)]})))
    assert "BCa bootstrap (from 20 images on; 9999 resamples, seed 0)" in many
    assert "Student" not in many
    assert "RMSE" not in many


def test_markdown_of_nothing_scored() -> None:
    lines = leaderboard_markdown(made(scores({"a": [None]}))).splitlines()
    assert cells(lines[4])[2] == "–"


@pytest.mark.parametrize("name", HOSTILE)
def test_names_cannot_break_the_markdown(name: str) -> None:
    text = leaderboard_markdown(made(scores({name: [30.0, None]}, dataset=name)))
    lines = text.splitlines()
    assert "<script" not in text
    assert len({len(cells(line)) for line in lines if line.startswith("|")}) == 1
    assert sum(line.startswith("## ") for line in lines) == 1
    assert sum(line.startswith("- ") for line in lines) == 1
    assert len(lines) == 9


def test_a_metric_title_cannot_break_the_table() -> None:
    info = {"psnr_y": MetricInfo("psnr_y", "a|b <i>", "", True, "mean")}
    (board,) = boards(scores({"a": [1.0]}), info, method_order=[], references=set(), remarks={})
    head = leaderboard_markdown([board]).splitlines()[2]
    assert cells(head)[2] == "a|b &lt;i&gt; ↑"


def test_what_readers_must_know_of_methods_stands_below_the_table() -> None:
    remarks = {"a": "trained here | by us", "b": "trained here | by us", "z": "not in this table"}
    rows = scores({"a": [1.0], "b": [2.0], "c": [3.0]})
    (board,) = boards(rows, INFOS, method_order=[], references=set(), remarks=remarks)
    lines = leaderboard_markdown([board]).splitlines()
    assert [line for line in lines if line.startswith("- ")] == ["- a, b: trained here \\| by us"]


def test_writing_is_atomic(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    write_csv(path, ["a"], [{"a": 1}])

    def breaking():  # type: ignore[no-untyped-def]
        yield {"a": 2}
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_csv(path, ["a"], breaking())
    assert path.read_text() == "a\n1\n"
    assert [p.name for p in tmp_path.iterdir()] == ["s.csv"]


def test_files_are_utf8_with_lf(tmp_path: Path) -> None:
    write_text(tmp_path / "t.md", "×\n")
    assert (tmp_path / "t.md").read_bytes() == "×\n".encode()
    write_csv(tmp_path / "t.csv", ["é"], [{"é": "中"}])
    assert list(csv.reader(io.StringIO((tmp_path / "t.csv").read_bytes().decode()))) == [["é"], ["中"]]


def test_gaps_with_the_same_reasons_are_one_line() -> None:
    (board,) = made(
        scores({"a": [None, 1.0], "b": [None, 1.0], "c": [1.0, 1.0]}),
        [score("a", "i0", None, "rmse_y", status="other"), score("a", "i1", 1.0, "rmse_y")],
    )
    assert gaps(board) == [
        "psnr_y of a, b: 1 of 2 images (a reason)",
        "rmse_y of a: 1 of 2 images (other)",
        "rmse_y of b, c: 2 of 2 images (not computed)",
    ]


def test_names_cannot_leave_their_cell() -> None:
    assert (
        markdown_row([markdown("a|b"), markdown("<b>*x*\n_y_")]) == "| a\\|b | &lt;b&gt;\\*x\\* \\_y\\_ |\n"
    )


def test_heads_align_numbers() -> None:
    assert markdown_head(["a", "b", "c"], left=2) == "| a | b | c |\n| --- | --- | ---: |\n"

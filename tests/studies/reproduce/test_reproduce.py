"""The papers' tables: agreement, reasons, files; real images where they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import srbench.runs.images
import srbench.studies.reproduce.evidence
from srbench.core.records import Score
from srbench.datasets.catalogue import DATASETS
from srbench.metrics.catalogue import METRICS
from srbench.studies.reported import Reported, reported
from srbench.studies.reproduce.cells import (
    Evidence,
    Origin,
    Want,
    agreement,
    make_cells,
    printed,
    want_of,
)
from srbench.studies.reproduce.documents import by_origin, paper_latex, paper_markdown, reasons, summary
from srbench.studies.reproduce.papers import PAPERS
from srbench.tables.text import latex, markdown
from tests.helpers import command, references, rows


def _row(text: str, metric: str = "psnr_y") -> Reported:
    return Reported("enhancenet", "losses", 4, "set5", "bicubic", metric, text, "")


def _score(method: str, image: str, value: float | None, status: str = "ok") -> Score:
    return Score(method, "set5", 4, "enhancenet", image, "psnr_y", value, status, 0.0)


def _evidence(scores: list[Score], reasons: dict[Want, str] | None = None) -> Evidence:
    found: dict[Want, dict[str, Score]] = {}
    for score in scores:
        want = Want(score.dataset, score.scale, score.protocol, score.method, score.metric)
        found.setdefault(want, {})[score.image] = score
    return Evidence(found, reasons or {}, {})


def test_reported_numbers_are_complete_and_keep_their_digits():
    assert {paper.name: len(reported(paper.name)) for paper in PAPERS} == {
        "enhancenet": 95,
        "srgan": 111,
        "esrgan": 49,
        "tsrn": 355,
        "selfexsr": 152,
        "srcnn": 20,
        "aplus": 13,
        "fsrcnn": 8,
        "vdsr": 20,
        "lapsrn": 14,
        "rcan": 16,
        "rdn": 12,
    }
    enet = next(row for row in reported("enhancenet") if row.method == "enet-pat")
    assert (enet.printed, enet.value, enet.digits) == ("28.56", 28.56, 2)
    assert next(row for row in reported("enhancenet") if row.printed == "30.90").digits == 2


@pytest.mark.parametrize("paper", PAPERS.names())
def test_every_row_of_a_paper_has_a_table_and_a_metric_or_a_reason(paper: str):
    for row in reported(paper):
        table = PAPERS.get(paper).table(row.table)
        if table.reason(row.metric) is None:
            want = want_of(row, table)
            assert want.metric in METRICS
            assert want.dataset in DATASETS


@pytest.mark.parametrize(
    ("text", "measured", "unit", "status"),
    [
        ("28.42", 28.4177, "dB", "reproduced"),
        ("28.42", 28.4250001, "dB", "within 0.02 dB"),
        ("28.42", 28.44, "dB", "within 0.02 dB"),
        ("28.42", 28.4401, "dB", "differs"),
        ("0.7552", 0.75501, "", "within 0.001"),
        ("0.7552", 0.7572, "", "differs"),
        ("inf", float("inf"), "dB", "reproduced"),
        ("inf", 60.0, "dB", "differs"),
        ("1", 1.0, "", "reproduced"),
    ],
)
def test_agreement(text: str, measured: float, unit: str, status: str):
    assert agreement(_row(text), measured, unit) == status


def test_printing_rounds_half_up_as_decimals_are_read():
    assert printed(0.125, 2) == "0.13"
    assert printed(1.005, 2) == "1.01"
    assert printed(float("inf"), 2) == "∞"


def test_a_mean_over_a_part_of_the_images_is_not_a_reproduction():
    scores = [_score("bicubic", "a", 28.42), _score("bicubic", "b", None, "b.png: damaged")]
    cells = make_cells(PAPERS.get("enhancenet"), _evidence(scores), ("set5",))
    bicubic = next(cell for cell in cells if cell.reported.method == "bicubic")
    assert bicubic.measured is None
    assert bicubic.status == "could not run"
    assert bicubic.reason == "1 of 2 images have no score (b.png: damaged)"


def test_documents_say_what_agrees_and_why_a_cell_is_empty():
    paper = PAPERS.get("enhancenet")
    scores = [
        _score("bicubic", "a", 28.4177),
        _score("enet-pat", "a", 28.58),
        _score("vdsr", "a", 31.5),
    ]
    want = Want("set5", 4, "enhancenet", "srcnn-955", "psnr_y")
    cells = make_cells(paper, _evidence(scores, {want: "weights <srcnn> | are not here"}), ("set5",))
    text = paper_markdown(paper, cells)
    assert "| bicubic | 28.42 | 28.42 ✓ |" in text
    assert "| enet-pat | 28.56 | 28.58 ≈ |" in text
    assert "| vdsr | 31.35 | 31.50 ≠ (+0.15) |" in text
    assert "| srcnn | 30.48 | – |" in text
    assert "weights &lt;srcnn&gt; \\| are not here" in text
    assert "ImageNet" not in text  # only the data sets that were asked for count
    everywhere = paper_markdown(paper, make_cells(paper, _evidence(scores), ()))
    assert r"top1\_error (8 cells): needs ImageNet" in everywhere
    assert "0.000" not in text
    tex = paper_latex(paper, cells)
    assert r"bicubic & 28.42 & 28.42 $\checkmark$ &  \\" in tex
    assert tex.count(r"\begin{tabular}") == tex.count(r"\end{tabular}") == 3
    assert summary(paper, cells)[0].startswith(
        "EnhanceNet: 18 cells: 2 reproduced to the last printed digit, 1"
    )


def test_a_stand_in_reproduces_nothing_and_is_counted_apart():
    paper = PAPERS.get("enhancenet")
    scores = [_score("bicubic", "a", 28.42), _score("enet-e", "a", 31.74)]
    origins = {
        "bicubic": Origin("interpolation", "bicubic"),
        "enet-e": Origin("trained with srbench", "EnhanceNet, retrained"),
    }
    evidence = replace(_evidence(scores), origins=origins)
    cells = make_cells(paper, evidence, ("set5",))
    found = {cell.reported.method: cell.status for cell in cells if cell.table.key == "losses"}
    assert (found["bicubic"], found["enet-e"]) == ("reproduced", "stand-in")
    assert "2 measured with stand-ins" in summary(paper, cells)[0]
    assert by_origin(cells) == "interpolation: 2, trained with srbench: 2"
    assert "| enet-e | 31.74 | 31.74 \\* (+0.00) | trained with srbench |" in paper_markdown(paper, cells)


def test_published_values_per_image_are_never_measurements():
    """SelfExSR's README prints the means of the values per image that its authors published."""
    paper = PAPERS.get("selfexsr")
    cells = make_cells(paper, _evidence([]), ())
    assert {cell.status for cell in cells} == {"published"}
    assert all(cell.measured is None for cell in cells)
    assert "| glasner | 28.84 | published |" in paper_markdown(paper, cells)


def test_marks_of_printed_numbers_are_explained():
    srgan = paper_markdown(PAPERS.get("srgan"), make_cells(PAPERS.get("srgan"), _evidence([]), ()))
    assert srgan.count("3.15‡") == srgan.count("3.72‡") == 1
    assert "- ‡ significantly higher (p &lt; 0.05) than with the other losses of its category" in srgan
    paper = PAPERS.get("tsrn")
    cells = make_cells(paper, _evidence([]), ())
    tsrn = paper_markdown(paper, cells)
    assert "76.0†" in tsrn
    assert "74.9†" in tsrn
    assert "- † derived: the cell is blank" in tsrn
    assert r"76.0$\dagger$" in paper_latex(paper, cells)


def test_values_measured_otherwise_are_not_called_published():
    """SRGAN prints 30.33 for SelfExSR on Set5, too, but measures with the daala tools."""
    cells = make_cells(PAPERS.get("srgan"), _evidence([]), ("set5",))
    assert "selfexsr" in {cell.reported.method for cell in cells}
    assert "published" not in {cell.status for cell in cells}


def test_reasons_of_one_kind_are_one_line():
    wants = [Want("set5", 4, "enhancenet", name, "psnr_y") for name in ("enet-e", "enet-p")]
    evidence = _evidence([], {want: f"train it: srbench train {want.method}" for want in wants})
    cells = [cell for cell in make_cells(PAPERS.get("enhancenet"), evidence, ("set5",)) if cell.want in wants]
    assert reasons(cells) == ["enet-e, enet-p (3 cells): train it: srbench train NAME"]


def test_names_are_plain_text_in_markdown_and_latex():
    assert markdown("a|b <i>*x*_\n`c`") == "a\\|b &lt;i&gt;\\*x\\*\\_ \\`c\\`"
    assert latex("50% of $x_1$ \\cmd{a}~^") == (
        r"50\% of \$x\_1\$ \textbackslash{}cmd\{a\}\textasciitilde{}\textasciicircum{}"
    )


@pytest.fixture
def any_images_are_set5(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets made images stand for a data set's."""
    for module in (srbench.runs.images, srbench.studies.reproduce.evidence):
        monkeypatch.setattr(module, "marked", lambda dataset, *_: dataset)


@pytest.mark.usefixtures("any_images_are_set5")
def test_reproduce_measures_reuses_and_rebuilds(tmp_path: Path):
    references(tmp_path / "data" / "Set5", count=5)
    options = (
        "--datasets",
        "set5,bsd100",
        "--data-root",
        tmp_path / "data",
        "--device",
        "cpu",
        "--workers",
        "1",
    )
    out = tmp_path / "out"
    first = command("reproduce", "srgan", *options, "--out", out)
    assert first.code == 0, first.err
    table = {
        (row["table"], row["dataset"], row["method"], row["metric"]): row for row in rows(out / "srgan.csv")
    }
    nearest = table["2", "set5", "nearest", "psnr_y"]
    assert nearest["reported"] == "26.26"
    assert nearest["status"] == "differs"
    assert nearest["n"] == "5"
    hr = table["2", "set5", "hr", "psnr_y"]
    assert (hr["measured"], hr["status"], hr["difference"]) == ("∞", "reproduced", "+0.000000")
    assert table["2", "bsd100", "nearest", "psnr_y"]["measured"] == ""
    assert table["2", "bsd100", "nearest", "psnr_y"]["reason"].startswith("the data set bsd100 is not here")
    assert "human raters" in table["2", "set5", "nearest", "mos"]["reason"]
    assert "no published weights" in table["1", "set5", "srgan-vgg22", "psnr_y"]["reason"]
    second = command("reproduce", "srgan", *options, "--out", out)
    assert second.out == first.out
    again = command(
        "reproduce", "srgan", "--datasets", "set5,bsd100", "--scores", out / "scores", "--out", tmp_path / "b"
    )
    assert again.code == 0, again.err
    for name in ("srgan.csv", "srgan.md", "srgan.tex"):
        assert (tmp_path / "b" / name).read_bytes() == (out / name).read_bytes()


@pytest.mark.usefixtures("any_images_are_set5")
def test_own_results_fill_a_row(tmp_path: Path):
    references(tmp_path / "data" / "Set5", count=5)
    result = command(
        "reproduce", "enhancenet", "--datasets", "set5", "--data-root", tmp_path / "data",
        "--method", f"outputs:{tmp_path / 'data' / 'Set5'}:a+", "--out", tmp_path / "out", "--workers", "1",
    )  # fmt: skip
    assert result.code == 0, result.err
    row = next(row for row in rows(tmp_path / "out" / "enhancenet.csv") if row["method"] == "a+")
    assert row["measured"] == "∞"


def test_other_images_under_the_name_of_a_data_set_fill_no_cell(tmp_path: Path):
    references(tmp_path / "data" / "Set5", count=5)
    result = command(
        "reproduce", "enhancenet", "--datasets", "set5", "--data-root", tmp_path / "data",
        "--method", "bicubic", "--out", tmp_path / "out", "--workers", "1",
    )  # fmt: skip
    assert result.code == 0, result.err
    row = next(row for row in rows(tmp_path / "out" / "enhancenet.csv") if row["method"] == "bicubic")
    assert row["measured"] == ""
    assert "other images" in row["reason"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("enhan",), "did you mean enhancenet"),
        (("enhancenet", "--datasets", "demo"), "no table of enhancenet uses the data set demo"),
        (("enhancenet", "--datasets", "set6"), "unknown data set 'set6'"),
        (("enhancenet", "--method", "lanczos"), "no table has a row for the method lanczos"),
    ],
)
def test_wrong_usage_is_one_line(arguments: tuple[str, ...], message: str, tmp_path: Path):
    result = command("reproduce", *arguments, "--out", tmp_path / "out")
    assert result.code == 2
    assert message in result.message


def test_scores_that_are_not_there_are_one_line(tmp_path: Path):
    result = command("reproduce", "enhancenet", "--scores", tmp_path, "--out", tmp_path / "out")
    assert result.code == 1
    assert "no such file" in result.message


def test_srgan_tables_on_real_set5(shared: Path, tmp_path: Path):
    result = command(
        "reproduce", "srgan", "--datasets", "set5", "--data-root", shared / "data", "--out", tmp_path,
        "--workers", "1", "--device", "cpu",
    )  # fmt: skip
    assert result.code == 0, result.err
    found = {
        (row["method"], row["metric"]): row["status"]
        for row in rows(tmp_path / "srgan.csv")
        if row["table"] == "2"
    }
    # SRGAN, Table 2 (Ledig et al., CVPR 2017), to the printed digit: the daala tools' dither is theirs.
    assert found["nearest", "psnr_y"] == found["bicubic", "psnr_y"] == found["hr", "ssim_y"] == "reproduced"
    assert found["nearest", "ssim_y"] == found["bicubic", "ssim_y"] == "reproduced"

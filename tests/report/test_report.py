"""The page as files: what is in it, what cannot break it, what is refused."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from srbench.report.data import as_script, number, spearman
from srbench.report.pictures import JPEG_BUDGET, PNG_BUDGET, Encoding, Source, encoding_for
from tests.helpers import command, references, rows
from tests.report.runs import AWKWARD, made_run
from tests.working import run


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_run(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def page(finished: Path) -> Path:
    result = command("report", finished, "--title", "A <b>title</b>")
    assert result.code == 0, result.err
    return finished / "report"


def _data(page: Path) -> dict:  # type: ignore[type-arg]
    text = (page / "index.html").read_text(encoding="utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])  # type: ignore[index]


def test_names_cannot_end_the_script_or_open_elements(page: Path):
    text = (page / "index.html").read_text(encoding="utf-8")
    assert text.count("</script>") == 6
    assert "<b>" not in text
    assert "<title>A &lt;b&gt;title&lt;/b&gt;</title>" in text
    names = [method["name"] for method in _data(page)["boards"][0]["methods"]]
    assert AWKWARD.replace("/", "_") in names


def test_every_picture_of_the_page_is_in_its_folder(page: Path):
    pictures = _data(page)["boards"][0]["pictures"]
    paths = [path for found in pictures["methods"].values() for path in found if path] + pictures["thumbs"]
    assert len(paths) == 4 * 7 + 6 + 7
    for path in paths:
        assert (page / path).is_file()
    assert pictures["methods"][AWKWARD.replace("/", "_")][2] is None


def test_the_page_asks_for_nothing_beyond_its_folder(page: Path):
    for path in [page / "index.html", *(page / "assets").iterdir()]:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|//[a-z]+\.|@import|fetch\(|XMLHttpRequest", text), path


def test_missing_and_infinite_scores_are_said(page: Path):
    board = _data(page)["boards"][0]
    name = AWKWARD.replace("/", "_")
    assert board["values"]["psnr_y"][name][2] is None
    assert any(name in line and "no file for the image c" in line for line in board["gaps"])
    assert board["cells"]["psnr_y"][name]["n"] == 6
    assert board["cells"]["psnr_y"][name]["expected"] == 7
    assert "no file for the image c" in board["cells"]["psnr_y"][name]["reasons"][0]
    assert board["cells"]["psnr_y"]["hr"]["value"] == "inf"
    assert not board["cells"]["psnr_y"][name]["best"]


def test_data_is_json_that_html_does_not_read():
    text = as_script({"a": "</script><!--&\u2028", "n": 1.5})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": "</script><!--&\u2028", "n": 1.5}
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_script({"a": float("inf")})


def test_numbers_for_json():
    assert [number(v) for v in (1 / 3, float("inf"), float("-inf"), float("nan"), None)] == [
        1 / 3, "inf", "-inf", None, None,
    ]  # fmt: skip
    # Rounded to six digits first, ENet-PAT's SSIM on Set5 would print as 0.8161.
    assert [number(v) for v in (0.0, 1.23456789e-7, 0.8160499)] == [0.0, 1.23456789e-7, 0.8160499]


def test_correlation_is_scipys_spearman():
    generator = np.random.default_rng(1)
    a, b = generator.normal(size=40).round(1), generator.normal(size=40)
    b = b + a
    expected = stats.spearmanr(a, b).statistic
    assert spearman(list(zip(a.tolist(), b.tolist(), strict=True))) == pytest.approx(expected, abs=1e-4)
    assert spearman([(1.0, 2.0), (1.0, 3.0), (1.0, 4.0)]) is None
    assert spearman([(1.0, 2.0), (2.0, 3.0)]) is None


def test_large_runs_get_jpeg_previews_within_the_budget(tmp_path: Path):
    path = tmp_path / "a.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (481, 321, 3), dtype=np.uint8)).save(path)
    small = [Source("m", "a", path, 1)]
    assert encoding_for(small).quality == 0
    count = PNG_BUDGET // path.stat().st_size + 1
    assert encoding_for(small * count).quality == 92
    assert 0 < encoding_for(small * 3000).quality < 92
    assert "JPEG previews (quality 85)" in Encoding(85).note
    # BSD100 with ten methods and the references, at the density that the choice counts with.
    assert JPEG_BUDGET > 1100 * 481 * 321 * 0.55


def test_references_come_from_the_data_root_where_the_run_has_none(tmp_path: Path):
    images = references(tmp_path / "data" / "Set5", count=5, size=(34, 41))
    result = command(
        "run", "--methods", "bicubic", "--datasets", "set5", "--data-root", tmp_path / "data", "--out",
        tmp_path / "run", "--workers", "1",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert command("report", tmp_path / "run", "--data-root", tmp_path / "data").code == 0
    paths = _data(tmp_path / "run" / "report")["boards"][0]["pictures"]["methods"]["reference"]
    with Image.open(tmp_path / "run" / "report" / paths[0]) as shown:
        assert shown.size == (40, 32)
    # Another file under the same name is not what the run measured.
    Image.fromarray(np.zeros((34, 41, 3), np.uint8)).save(images / "a.png")
    assert command("report", tmp_path / "run", "--data-root", tmp_path / "data").code == 0
    assert _data(tmp_path / "run" / "report")["boards"][0]["pictures"]["methods"]["reference"][0] is None


def test_a_run_without_images_still_has_a_page(finished: Path, tmp_path: Path):
    result = command("report", finished, "--out", tmp_path / "page", "--no-images")
    assert result.code == 0
    assert _data(tmp_path / "page")["boards"][0]["pictures"] is None


def test_a_report_is_replaced_but_nothing_else(finished: Path, tmp_path: Path):
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text("<h1>mine</h1>")
    refused = command("report", finished, "--out", tmp_path / "page")
    assert refused.code == 1
    assert "is not a report of srbench" in refused.message
    assert command("report", finished, "--out", finished).code == 2


def test_pages_tell_nobodys_folders(page: Path, finished: Path):
    board = _data(page)["boards"][0]
    said = json.dumps([board["gaps"], board["cells"]], ensure_ascii=False)
    assert str(finished.parent) not in said
    assert "…/" in said


def test_colours_and_copies_stand_on_the_page(page: Path):
    data = _data(page)
    names = {method["name"] for board in data["boards"] for method in board["methods"]}
    assert sorted(data["colours"].values()) == list(range(len(names)))
    assert data["boards"][0]["csv"].startswith("dataset,scale,protocol,method,n,psnr_y,")
    assert data["boards"][0]["latex"].startswith("% needs \\usepackage{booktabs}")


def test_references_are_found_where_the_run_had_them(tmp_path: Path):
    references(tmp_path / "mine", count=2)
    for name in ("nearest", "bicubic"):
        run(tmp_path / "mine", tmp_path / name, methods=name)
    made = command(
        "report", tmp_path / "nearest", tmp_path / "bicubic", "--out", tmp_path / "page", "--originals"
    )
    assert made.code == 0, made.err
    (board,) = _data(tmp_path / "page")["boards"]
    assert {method["name"] for method in board["methods"]} == {"nearest", "bicubic"}
    assert set(board["pictures"]["methods"]) == {"reference", "nearest", "bicubic"}
    output = tmp_path / "bicubic" / "images" / "bicubic" / "mine" / "x4" / "a.png"
    shown = tmp_path / "page" / board["pictures"]["methods"]["bicubic"][0]
    assert shown.read_bytes() == output.read_bytes()
    shutil.rmtree(tmp_path / "mine")
    assert command("report", tmp_path / "nearest", "--out", tmp_path / "page").code == 0
    (board,) = _data(tmp_path / "page")["boards"]
    assert "--data-root DIR shows them" in board["pictures"]["note"]


def test_runs_that_are_no_runs_are_one_line(tmp_path: Path):
    assert "no such folder" in command("report", tmp_path / "nowhere").message
    (tmp_path / "empty").mkdir()
    assert "holds no run" in command("report", tmp_path / "empty").message


def test_figures_are_svg_and_png_and_the_same_each_time(finished: Path, tmp_path: Path):
    for name in ("a", "b"):
        result = command("report", finished, "--out", tmp_path / name, "--no-images", "--figures")
        assert result.code == 0, result.err
    made = sorted((tmp_path / "a" / "figures").iterdir())
    names = {path.name for path in made}
    assert {"set_x4_srbench_correlation.svg", "set_x4_srbench_strip_psnr_y.png"} <= names
    assert "set_x4_srbench_ranks_ssim_y.svg" in names
    for path in made:
        if path.suffix == ".svg":
            text = path.read_text(encoding="utf-8")
            assert "<b>" not in text
            assert text == (tmp_path / "b" / "figures" / path.name).read_text(encoding="utf-8")
        elif path.suffix == ".pdf":
            assert path.read_bytes().startswith(b"%PDF")
        elif path.suffix == ".csv":
            assert rows(path)
        else:
            with Image.open(path) as image:
                image.load()


def test_zero_images_in_common_leave_no_ranks(tmp_path: Path):
    first = references(tmp_path / "one" / "set", count=4)
    for image in ("a", "b"):
        (first / f"{image}.png").rename(first / f"x{image}.png")
    run(first, tmp_path / "run", methods="nearest,bicubic,lanczos")
    text = (tmp_path / "run" / "scores.csv").read_text().splitlines()
    kept = [text[0]] + [line for line in text[1:] if line.startswith("nearest") != (",x" in line)]
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "scores.csv").write_text("\n".join(kept) + "\n")
    (tmp_path / "copy" / "run.json").write_bytes((tmp_path / "run" / "run.json").read_bytes())
    assert command("report", tmp_path / "copy", "--figures").code == 0
    board = _data(tmp_path / "copy" / "report")["boards"][0]
    assert board["ranks"] == {}
    assert all(cell["n"] == 2 and not cell["best"] for cell in board["cells"]["psnr_y"].values())

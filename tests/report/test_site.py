"""The static site of runs: the values of the tables, a page per method, no HTML of a submission's own."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from srbench.core.files import file_hash, file_name
from tests.helpers import command, references, rows
from tests.report.runs import AWKWARD, made_run
from tests.working import run

_NAME = AWKWARD.replace("/", "_")


class _Page(HTMLParser):
    """The cells of tables, the addresses and the text of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.cells: dict[str, list[str]] = {}
        self.links: list[str] = []
        self.text = ""
        self._row = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.links += [said[name] for name in ("href", "src") if name in said]
        if said.get("scope") == "row" and "data-value" in said:
            self._row = said["data-value"]
        elif "data-metric" in said and "data-value" in said:
            self.cells.setdefault(f"{self._row} {said['data-metric']}", []).append(said["data-value"])

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    first = made_run(folder / "first")
    images = references(folder / "other", count=5, size=(48, 52))
    run(images, folder / "second", "--protocol", "basicsr", methods="bicubic,lanczos")
    (first / "cards").mkdir()
    table = "| a | b |\n|---|---|\n| 1 | 2 |"
    card = f"# Mine\n\n<script>alert(1)</script> ![far](https://far.example/x.png)\n\n{table}\n"
    (first / "cards" / f"{file_name(_NAME)}.md").write_text(card)
    result = command(
        "leaderboard", "build", first, folder / "second", "--site", folder / "out", "--title", "A <lab>"
    )
    assert result.code == 0, result.err
    assert "2 leaderboards, 5 methods, 2 runs" in result.out
    return folder / "out"


def test_every_value_of_the_tables_stands_on_the_index(made: Path):
    page = _Page(made / "index.html")
    count = 0
    for table in sorted((made / "tables").glob("*.csv")):
        for row in rows(table):
            for metric in ("psnr_y", "ssim_y", "rmse_y"):
                if metric in row:
                    shown = [
                        value.replace("Infinity", "inf") for value in page.cells[f"{row['method']} {metric}"]
                    ]
                    assert row[metric] in shown
                    count += 1
    assert count == 5 * 3 + 2 * 2


def test_every_address_leads_to_a_file_of_the_site(made: Path):
    for path in made.rglob("*.html"):
        for link in _Page(path).links:
            if link.startswith(("data:", "#", "https://far.example/")):  # the last one of a submission's card
                continue
            target = path.parent / unquote(link.partition("#")[0])
            assert target.resolve().is_relative_to(made.resolve()), link
            assert target.is_file(), link


def test_a_method_has_its_scores_of_all_runs_and_its_facts(made: Path):
    page = _Page(made / "methods" / "bicubic.html")
    assert len([key for key in page.cells if key.endswith("psnr_y")]) == 2
    assert "MATLAB imresize" in page.text
    assert {"../runs/run/index.html", "../runs/second/index.html"} <= set(page.links)
    assert "../runs/second/index.html" not in _Page(made / "methods" / "nearest.html").links


def test_names_and_cards_of_submissions_stay_text(made: Path):
    path = made / "methods" / f"{file_name(_NAME)}.html"
    text = path.read_text(encoding="utf-8")
    assert "alert(1)" in _Page(path).text
    assert "<script>alert" not in text
    assert not re.search(r"<img|</script><b>", text)
    assert "<td>2</td>" in text
    assert "as submitted with the run run" in text
    assert "A &lt;lab&gt;" in (made / "index.html").read_text(encoding="utf-8")


def test_runs_are_told_by_hash_and_have_a_certificate(made: Path):
    run_folder = made.parent / "second"
    assert file_hash(run_folder / "scores.csv") in _Page(made / "index.html").text
    (certificate,) = (made / "runs" / "second").glob("certificate.json")
    checked = command("verify", certificate, "--outputs", run_folder, "--data-root", made.parent)
    assert checked.code == 0, checked.err


def test_the_card_of_a_shipped_model_stands_on_its_page_only_for_its_weights(tmp_path: Path):
    from srbench.report.site_data import cards, method_facts
    from srbench.runs.reader import read_run

    measured = read_run(Path("leaderboards/scores/x4"))
    ((said, text),) = cards("srcnn-srbench", measured, [])
    assert "beside its weights" in said
    assert text.startswith("# srcnn")
    facts = dict(method_facts("srcnn-srbench", measured))
    assert facts["SHA-256 of its files"][0].split()[-1] in text
    measured.facts["methods"]["srcnn-srbench"]["weights"] = {"srcnn-srbench": "0" * 64}
    assert cards("srcnn-srbench", measured, []) == []


def test_two_runs_of_one_name_have_a_page_each_and_a_site_is_written_again(tmp_path: Path):
    images = references(tmp_path / "set", count=3, size=(40, 44))
    for name, methods in (("a", "bicubic"), ("b", "nearest")):
        run(images, tmp_path / name / "run", methods=methods)
    folders = [tmp_path / "a" / "run", tmp_path / "b" / "run"]
    site = tmp_path / "site"
    assert command("leaderboard", "build", *folders, "--site", site).code == 0
    assert sorted(path.name for path in (site / "runs").iterdir()) == ["run", "run 2"]
    assert command("leaderboard", "build", folders[0], "--site", site, "--no-images").code == 0
    assert [path.name for path in (site / "methods").iterdir()] == ["bicubic.html"]
    assert not (site / "runs" / "run" / "images").exists()


@pytest.mark.parametrize("where", ["foreign", "around"])
def test_nothing_of_others_is_overwritten(tmp_path: Path, where: str):
    images = references(tmp_path / "set", count=2, size=(40, 44))
    run(images, tmp_path / "around" / "runs" / "mine", methods="bicubic")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "index.html").write_text("<html>mine</html>")
    result = command(
        "leaderboard", "build", tmp_path / "around" / "runs" / "mine", "--site", tmp_path / where
    )
    assert result.code == (1 if where == "foreign" else 2)
    assert "--site" in result.message
    assert (tmp_path / "around" / "runs" / "mine" / "scores.csv").is_file()
    assert (tmp_path / "foreign" / "index.html").read_text() == "<html>mine</html>"

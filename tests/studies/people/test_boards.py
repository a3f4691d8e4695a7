"""MOS as a column of leaderboards and a panel of the report page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srbench.studies.people.records import Trial
from tests.helpers import command, rows
from tests.studies.people.working import answered, finished_run, made_study

pytest.importorskip("choix", reason="no studies: pip install 'srbench[study]'")
QUALITY = {"nearest": 1, "bicubic": 2, "lanczos": 3, "hr": 4}


def _rating(slot: int, method: str, trial: Trial) -> str:
    return str(min(5, QUALITY[method] + (slot + sum(trial.stimuli)) % 2))


@pytest.fixture(scope="module")
def rated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run, and a finished study of it that held two of its five images out."""
    folder = tmp_path_factory.mktemp("rated")
    run = finished_run(folder)
    return run, answered(made_study(run, folder / "study", "--raters", "4"), _rating)


def _given(study: Path) -> dict[str, list[int]]:
    """The ratings by method, as the study exports them."""
    command("study", "export", study, "--out", study / "all.csv")
    found: dict[str, list[int]] = {}
    for row in rows(study / "all.csv"):
        if row["kind"] == "test":
            found.setdefault(row["method"], []).append(int(row["rating"]))
    return found


def test_mos_is_a_column_with_its_n_and_interval(rated: tuple[Path, Path], tmp_path: Path):
    run, study = rated
    result = command("leaderboard", "build", run, "--study", study, "--out", tmp_path)
    assert result.code == 0, result.err
    table = {row["method"]: row for row in rows(tmp_path / "set_x4.csv")}
    given = _given(study)
    command("study", "analyze", study)
    analysed = {row["method"]: row for row in rows(study / "results" / "mos.csv")}
    for method, ratings in given.items():
        assert float(table[method]["mos"]) == pytest.approx(np.mean(ratings))
        assert int(table[method]["mos_ratings"]) == len(ratings) == 12
        assert table[method]["mos_n"] == "3", "two of the five images were held out"
        assert table[method]["mos_interval"] == "crossed"
        assert float(table[method]["mos_low"]) == pytest.approx(float(analysed[method]["low"]), abs=1e-5)
    text = (tmp_path / "set_x4.md").read_text()
    assert f"{np.mean(given['lanczos']):.2f} (3 of 5), n = 12" in text
    assert "study “Image quality study” (study), 4 raters, 12 ratings a method" in text
    assert "12 images found to be those that were shown" in text
    assert "mos of hr, nearest, bicubic, lanczos: 2 of 5 images (not rated in the study)" in text


def test_missing_answers_leave_the_mean_of_all_ratings(tmp_path: Path):
    run = finished_run(tmp_path, count=2)
    lines = [
        "rater,dataset,image,method,rating",
        "1,set,a,bicubic,5",
        "1,set,b,bicubic,1",
        "2,set,b,bicubic,1",
    ]
    (tmp_path / "r.csv").write_text("\n".join(lines))
    command("study", "import", tmp_path / "r.csv", "--out", tmp_path / "theirs")
    result = command("leaderboard", "build", run, "--study", tmp_path / "theirs", "--out", tmp_path / "b")
    assert result.code == 0, result.err
    table = {row["method"]: row for row in rows(tmp_path / "b" / "set_x4.csv")}
    # Three ratings: 7 / 3, and not the mean 3 of the two images' means.
    assert float(table["bicubic"]["mos"]) == pytest.approx(7 / 3)
    assert table["nearest"]["mos"] == ""
    assert "the study keeps no hashes" in (tmp_path / "b" / "set_x4.md").read_text()


def test_the_report_has_a_panel_of_the_ratings(rated: tuple[Path, Path], tmp_path: Path):
    run, study = rated
    result = command("report", run, "--study", study, "--out", tmp_path / "page", "--no-images")
    assert result.code == 0, result.err
    page = (tmp_path / "page" / "index.html").read_text()
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    (board,) = data["boards"]
    assert [one["name"] for one in board["people"]["methods"]] == ["hr", "lanczos", "bicubic", "nearest"]
    for one in board["people"]["methods"]:
        ratings = _given(study)[one["name"]]
        assert one["mean"] == pytest.approx(np.mean(ratings))
        assert one["shares"] == pytest.approx([ratings.count(score) / 12 for score in range(1, 6)])
    assert board["cells"]["mos"]["bicubic"]["value"] == pytest.approx(np.mean(_given(study)["bicubic"]))
    plain = command("report", run, "--out", tmp_path / "plain", "--no-images")
    assert plain.code == 0, plain.err
    assert '"people":null' in (tmp_path / "plain" / "index.html").read_text()


def test_opinions_of_other_outputs_are_refused(rated: tuple[Path, Path], tmp_path: Path):
    run, study = rated
    changed = tmp_path / "run"
    shutil.copytree(run, changed)
    for path in sorted((changed / "images" / "bicubic" / "set" / "x4").iterdir()):
        pixels = np.asarray(Image.open(path)).copy()
        pixels[0, 0, 0] ^= 1
        Image.fromarray(pixels).save(path)
    for arguments in (("leaderboard", "build", changed), ("report", changed)):
        result = command(*arguments, "--study", study, "--out", tmp_path / "out")
        assert "showed another image of bicubic" in result.message
    assert "showed another image" in command("agreement", "--study", study, "--run", changed).message


def test_what_cannot_be_a_column_is_said(rated: tuple[Path, Path], tmp_path: Path):
    run, study = rated
    build = ("leaderboard", "build", run, "--out", tmp_path / "b", "--study", study)
    assert "two studies rated set ×4" in command(*build, "--study", study).message
    choices = made_study(run, tmp_path / "choices", "--design", "2afc", "--raters", "1")
    assert "needs a study of opinion scores" in command(*build[:5], "--study", choices).message
    empty = made_study(run, tmp_path / "empty", "--raters", "1")
    assert "has no answers yet" in command(*build[:5], "--study", empty).message
    assert "has no answers yet" in command("agreement", "--study", empty, "--run", run).message
    (tmp_path / "r.csv").write_text("rater,dataset,image,method,rating\n1,other,a,bicubic,5\n")
    command("study", "import", tmp_path / "r.csv", "--out", tmp_path / "other")
    assert (
        "the study rated other, the run has set ×4"
        in command(*build[:5], "--study", tmp_path / "other").message
    )

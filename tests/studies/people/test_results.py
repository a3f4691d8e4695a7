"""From answers to tables: analysis, transfer, packing, agreement, plan and atlas through the commands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from srbench.studies.people.database import Study
from tests.helpers import command, picture, rows, save
from tests.studies.people.working import finished_run, made_study, stored

pytest.importorskip("krippendorff", reason="no analysis: pip install 'srbench[study]'")
QUALITY = {"nearest": 1.5, "bicubic": 2.5, "lanczos": 3.5, "hr": 4.5}


def _ratings(path: Path, images: str = "abcde") -> Path:
    lines = ["rater,dataset,scale,image,method,rating,kind"]
    for rater in range(6):
        for place, image in enumerate(images):
            for method, quality in QUALITY.items():
                value = min(5, max(1, round(quality + ((rater + place) % 3 - 1) * 0.6)))
                lines.append(f"person {rater},set,4,{image},{method},{value},test")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_table_of_ratings_is_analysed(tmp_path: Path):
    study = tmp_path / "theirs"
    assert command("study", "import", _ratings(tmp_path / "r.csv"), "--out", study).code == 0
    result = command("study", "analyze", study)
    assert result.code == 0, result.err
    table = {row["method"]: row for row in rows(study / "results" / "mos.csv")}
    given = rows(tmp_path / "r.csv")
    for method in QUALITY:
        values = [float(row["rating"]) for row in given if row["method"] == method]
        assert float(table[method]["mos"]) == pytest.approx(sum(values) / len(values))
        assert float(table[method]["low"]) <= float(table[method]["mos"]) <= float(table[method]["high"])
        assert sum(int(table[method][f"score_{score}"]) for score in range(1, 6)) == 30
    order = sorted(QUALITY, key=lambda method: float(table[method]["mos"]))
    assert order == list(QUALITY)
    assert (study / "results" / "distribution.png").is_file()


def test_names_leave_the_database_only_when_asked(tmp_path: Path):
    study = tmp_path / "theirs"
    command("study", "import", _ratings(tmp_path / "r.csv"), "--out", study)
    assert "person" not in command("study", "export", study).out
    assert "person 3" in command("study", "export", study, "--identities").out
    again = tmp_path / "again.csv"
    command("study", "export", study, "--out", again)
    assert command("study", "import", again, "--out", tmp_path / "second").code == 0
    assert stored(tmp_path / "second") == stored(study)


def test_choices_are_counted(tmp_path: Path):
    lines = ["rater,image,left,right,preferred"]
    for rater in range(10):
        for image in "abcde":
            lines.append(
                f"{rater},{image},enet-e,enet-pat,{'enet-e' if (rater, image) < (0, 'c') else 'enet-pat'}"
            )
    (tmp_path / "v.csv").write_text("\n".join(lines))
    assert command("study", "import", tmp_path / "v.csv", "--out", tmp_path / "s").code == 0
    result = command("study", "analyze", tmp_path / "s")
    assert result.code == 0, result.err
    (row,) = rows(tmp_path / "s" / "results" / "preferences.csv")
    assert (row["preferred_a"], row["n"]) == ("2", "50")
    # Clopper-Pearson of 2 in 50, as R's binom.test prints it.
    assert float(row["low"]) == pytest.approx(0.004881433, abs=1e-8)
    assert float(row["high"]) == pytest.approx(0.1371376, abs=1e-6)
    assert "91.0 %" in result.out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rater,image,method\n1,a,x\n", "one of the columns rating, preferred, rank"),
        ("rater,image,method,rating\n1,a,x,6\n", "line 2: a rating is a whole number from 1 to 5"),
        ("rater,image,left,right,preferred\n1,a,x,y,z\n", "preferred is neither left nor right"),
        ("rater,image,method,rating\n,a,x,3\n", "line 2: no rater"),
        ("rater,image,position,method,rank\n1,a,1,x,1\n1,a,1,y,1\n", "ranks of a trial are 1 to 2"),
    ],
)
def test_a_wrong_table_is_refused_in_one_line(tmp_path: Path, text: str, message: str):
    (tmp_path / "t.csv").write_text(text)
    assert message in command("study", "import", tmp_path / "t.csv", "--out", tmp_path / "s").message
    assert not (tmp_path / "s").exists()


def test_a_pack_holds_no_key_and_its_answers_come_back(run_folder: Path, tmp_path: Path):
    study_folder = made_study(run_folder, tmp_path / "s", "--raters", "2")
    pages = tmp_path / "pages"
    assert command("study", "pack", study_folder, "--out", pages).code == 0
    texts = [path.read_text() for path in pages.rglob("*") if path.suffix in (".js", ".html", ".css")]
    for method in ("bicubic", "lanczos", "nearest"):
        assert not any(re.search(rf"\b{method}\b", text) for text in texts)
        assert not any(method in path.name for path in pages.rglob("*"))
    with Study(study_folder) as study:
        rater, name = study.raters()[0], study.meta("study")
        trials = study.trials(0)
        other = study.raters()[1].token
    plan = json.loads((pages / "plans" / f"{rater.token}.js").read_text()[len("window.STUDY_PLAN = ") : -2])
    assert len(plan["trials"]) == len(trials)
    answers = [{"position": i, "value": trial.expected or "4"} for i, trial in enumerate(trials)]
    saved = tmp_path / "answers.json"
    saved.write_text(json.dumps({"format": 1, "study": name, "token": rater.token, "answers": answers}))
    assert f"{len(trials)} new answers" in command("study", "import", saved, "--out", study_folder).out
    assert "0 new answers" in command("study", "import", saved, "--out", study_folder).out
    saved.write_text(json.dumps({"study": name, "token": other, "answers": [{"position": 3, "value": "4"}]}))
    assert "is missing" in command("study", "import", saved, "--out", study_folder).message
    for strange in (
        {"position": 10**30, "value": "4"}, {"position": 0, "value": 4}, {"position": True, "value": "4"},
        {"value": "4"}, [], None,
    ):  # fmt: skip
        saved.write_text(json.dumps({"study": name, "token": other, "answers": [strange]}))
        assert "is damaged" in command("study", "import", saved, "--out", study_folder).message
    odd = {"position": 0, "value": "4", "milliseconds": 10**30, "screen": "=HYPERLINK(1)"}
    with Study(study_folder) as study:
        odd["value"] = study.trials(1)[0].expected or "4"
    saved.write_text(json.dumps({"study": name, "token": other, "answers": [odd]}))
    assert "1 new answers" in command("study", "import", saved, "--out", study_folder).out
    assert "HYPERLINK" not in command("study", "export", study_folder).out
    saved.write_text(json.dumps({"study": "x", "token": other, "answers": []}))
    assert "is not of this study" in command("study", "import", saved, "--out", study_folder).message


def test_agreement_of_an_own_study(tmp_path: Path):
    run = finished_run(tmp_path)
    command("study", "import", _ratings(tmp_path / "r.csv"), "--out", tmp_path / "s")
    result = command("agreement", "--study", tmp_path / "s", "--run", run, "--out", tmp_path / "a")
    assert result.code == 0, result.err
    whole = {row["metric"]: row for row in rows(tmp_path / "a" / "agreement.csv") if row["family"] == "all"}
    assert whole.keys() == {"psnr_y", "ssim_y"}
    assert all(row["n"] == "15" for row in whole.values()), "the original is not compared"


def test_agreement_of_public_opinions_in_their_formats(run_folder: Path, tmp_path: Path):
    images = run_folder / "images"
    named = tmp_path / "images"
    named.mkdir()
    pipal, sriqa, qads = [], [], []
    for image in "abcde":
        (named / f"{image}_Original.png").write_bytes((images / f"hr/set/x4/{image}.png").read_bytes())
        for score, method in enumerate(("nearest", "bicubic", "lanczos")):
            name = f"{image}_{method}.png"
            (named / name).write_bytes((images / f"{method}/set/x4/{image}.png").read_bytes())
            pipal.append(f"{image}_Original.png,{name},{1400 + 50 * score}.5")
            sriqa.append(f"{name},{image}_Original.png,{100 - 20 * score}")
            qads.append(f"0.{score + 3} {name}")
    found = {}
    for kind, lines, options in (
        ("pipal", ["hq_name,dist_name,elo_score", *pipal], ()),
        ("sriqa", sriqa, ("--lower-is-better",)),
    ):
        (tmp_path / f"{kind}.txt").write_text("\n".join(lines))
        result = command(
            "agreement", "--opinions", tmp_path / f"{kind}.txt", "--images", named, "--metrics", "psnr_y",
            "--out", tmp_path / kind, *options,
        )  # fmt: skip
        assert result.code == 0, result.err
        (found[kind],) = [row for row in rows(tmp_path / kind / "agreement.csv") if row["family"] == "all"]
    assert found["pipal"]["srcc"] == found["sriqa"]["srcc"]
    from srbench.studies.agreement.opinions import read_opinions

    (tmp_path / "qads.txt").write_text("\n".join(qads))
    assert read_opinions(tmp_path / "qads.txt")[0].score == 0.3


def test_plan_shows_more_power_with_more_people():
    result = command("study", "plan", "--difference", "0.3", "--raters", "4,30", "--images", "5,40")
    assert result.code == 0, result.err
    few, many = (line.split()[1:] for line in result.out.splitlines()[2:4])
    assert float(few[0]) < float(many[1])
    assert "30 raters and 40 images" in result.out


def test_atlas_orders_strengths(run_folder: Path, tmp_path: Path):
    for name in (("atlas",), ("study", "atlas")):
        result = command(
            *name, "--references", run_folder.parent / "set", "--run", run_folder, "--metrics", "psnr_y",
            "--out", tmp_path / "-".join(name),
        )  # fmt: skip
        assert result.code == 0, result.err
    table = rows(tmp_path / "atlas" / "atlas.csv")
    for kind in {row["distortion"] for row in table}:
        values = [float(row["value"]) for row in table if row["distortion"] == kind]
        assert values == sorted(values, reverse=True), kind


def test_atlas_takes_the_references_of_a_published_layout(run_folder: Path, tmp_path: Path) -> None:
    for role, side in (("HR", 48), ("LR", 12)):
        for number in (1, 2):
            save(tmp_path / "set" / f"img_00{number}_SRF_4_{role}.png", picture(side, side, seed=number))
    result = command(
        "atlas", "--references", tmp_path / "set", "--run", run_folder, "--metrics", "psnr_y",
        "--out", tmp_path / "atlas",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert {row["n"] for row in rows(tmp_path / "atlas" / "atlas.csv")} == {"2"}

"""Metrics against choices: statistics by brute force, own studies and public votes through the command."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from srbench.core.records import UserError
from srbench.statistics.votes import vote_agreement, vote_difference_p
from srbench.studies.agreement.votes import read_votes
from tests.helpers import command, rows
from tests.studies.people.working import answered, finished_run, made_study

ORDER = ("nearest", "bicubic", "lanczos")


def test_shares_by_brute_force():
    rng = np.random.default_rng(0)
    credit, votes = rng.choice([0.0, 0.5, 1.0], 60), rng.integers(1, 9, 60).astype(float)
    wins = rng.binomial(votes.astype(int), 0.6)
    found = vote_agreement(credit, wins / votes, votes, np.repeat(np.arange(12), 5))
    on_side = total = right = decided = most = 0.0
    for c, w, n in zip(credit, wins, votes, strict=True):
        on_side += w if c == 1 else n - w if c == 0 else n / 2
        total += n
        most += max(w, n - w)
        if 2 * w != n:
            decided += 1
            right += 0.5 if c == 0.5 else float((w > n - w) == (c == 1))
    assert found.votes == pytest.approx(on_side / total)
    assert found.majority == pytest.approx(right / decided)
    assert found.people == pytest.approx(most / total)
    for name, (low, high) in found.intervals.items():
        assert low <= getattr(found, name) <= high


def test_a_metric_that_is_always_with_people_reaches_what_can_be_reached():
    share = np.array([0.9, 0.2, 0.7, 0.6])
    found = vote_agreement((share > 0.5) * 1.0, share, np.ones(4), np.arange(4))
    assert found.votes == found.people == pytest.approx(0.75)
    assert found.majority == 1


def test_intervals_cover_what_other_references_would_give():
    """200 made data sets: references differ in how well the metric follows people on them."""
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        chance = np.repeat(rng.beta(6, 3, 40), 6)
        share = np.where(rng.random(240) < chance, 0.8, 0.2)
        low, high = vote_agreement(np.ones(240), share, np.ones(240), np.repeat(np.arange(40), 6)).intervals[
            "votes"
        ]
        covered += low <= 0.2 + 0.6 * 6 / 9 <= high
    assert 0.9 <= covered / 200 <= 0.99


def test_the_permutation_test_holds_its_level_and_sees_a_difference():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(30), 4)
    share, weight = rng.random(120), np.ones(120)
    p = [
        vote_difference_p(rng.integers(0, 2, 120) * 1.0, rng.integers(0, 2, 120) * 1.0, share, weight, groups)
        for _ in range(200)
    ]
    assert 0.01 <= np.mean(np.array(p) < 0.05) <= 0.10
    good = (share > 0.5) * 1.0
    assert vote_difference_p(good, 1 - good, share, weight, groups) < 0.01
    assert vote_difference_p(good, good, share, weight, groups) == 1


@pytest.mark.parametrize("design", ["2afc", "ranking"])
def test_an_own_study_of_choices(tmp_path: Path, design: str):
    run = finished_run(tmp_path)
    options = ("--design", design, "--raters", "3", "--methods", ",".join(ORDER))
    study = made_study(run, tmp_path / "s", *options)
    from srbench.studies.people.database import Study

    with Study(study) as opened:
        method = {one.number: one.method for one in opened.stimuli()}

    def best_first(_: int, __: str, trial) -> str:  # type: ignore[no-untyped-def]
        order = sorted(
            range(len(trial.stimuli)), key=lambda place: -ORDER.index(method[trial.stimuli[place]])
        )
        return str(order[0]) if design == "2afc" else ",".join(map(str, order))

    answered(study, best_first)
    result = command("agreement", "--study", study, "--run", run, "--out", tmp_path / "a")
    assert result.code == 0, result.err
    whole = {row["metric"]: row for row in rows(tmp_path / "a" / "agreement.csv") if row["method"] == "all"}
    scores = {
        (row["method"], row["image"], row["metric"]): float(row["value"]) for row in rows(run / "scores.csv")
    }
    with Study(study) as opened:
        images = sorted({one.image for one in opened.stimuli() if one.role == "test"})
    for metric in ("psnr_y", "ssim_y"):
        pairs = [(ORDER[b], ORDER[a]) for b in range(3) for a in range(b)]
        right = [scores[x, image, metric] > scores[y, image, metric] for x, y in pairs for image in images]
        assert whole[metric]["n"] == "9"
        assert float(whole[metric]["votes"]) == pytest.approx(np.mean(right))
        assert float(whole[metric]["people"]) == 1
    assert (tmp_path / "a" / "agreement.md").read_text() in result.out
    assert (tmp_path / "a" / "agreement.svg").is_file()


def test_public_votes(tmp_path: Path):
    run = finished_run(tmp_path)
    named = tmp_path / "images"
    named.mkdir()
    lines = ["sr_pair_names,group,name1_column,name2_column,score1_column,score2_column"]
    for image in "abcde":
        shutil.copy(run / f"images/hr/set/x4/{image}.png", named / f"{image}.png")
        for method in ORDER:
            shutil.copy(run / f"images/{method}/set/x4/{image}.png", named / f"{image}_{method}.png")
        lines.append(f"x,mad,{image}_lanczos.png,{image}_nearest.png,0.75,0.25")
    (tmp_path / "votes.csv").write_text("\n".join(lines))
    arguments = ("agreement", "--opinions", tmp_path / "votes.csv", "--images", named, "--metrics", "psnr_y")
    result = command(*arguments, "--out", tmp_path / "a")
    assert result.code == 0, result.err
    (row,) = [row for row in rows(tmp_path / "a" / "agreement.csv") if row["method"] == "all"]
    assert (row["n"], row["references"], row["people"]) == ("5", "5", "0.75")
    assert float(row["votes"]) == 0.75, "lanczos has the higher PSNR on these images"
    assert "have no direction" in command(*arguments, "--higher-is-better").message


@pytest.mark.parametrize(
    "row", ["a_x.png,b_y.png,1,0", "a_x.png,a_y.png,0,0", "a_x.png,,1,0", "a_x.png,a_y.png,one,0"]
)
def test_votes_that_say_nothing_are_refused(tmp_path: Path, row: str):
    (tmp_path / "v.csv").write_text(f"name1_column,name2_column,score1_column,score2_column\n{row}\n")
    with pytest.raises(UserError, match="line 2"):
        read_votes(tmp_path / "v.csv")

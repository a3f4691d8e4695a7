"""Certificates: they hold for the run that they were made from, and for nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from srbench.core.records import UserError
from srbench.report.certificates import read_certificate
from tests.helpers import command, picture, references, save
from tests.working import run


@pytest.fixture
def certified(tmp_path: Path) -> Path:
    references(tmp_path / "data" / "mine", count=2)
    run(tmp_path / "data" / "mine", tmp_path / "run", "--metrics", "psnr_y,ssim_y", methods="hr,bicubic")
    assert command("certify", tmp_path / "run").code == 0
    return tmp_path / "run"


def _verify(certified: Path, *more: str | Path) -> tuple[int, str]:
    ended = command(
        "verify", certified / "certificate.json", "--data-root", certified.parent / "data", "--device", "cpu",
        *(more or ("--outputs", certified)),
    )  # fmt: skip
    return ended.code, ended.out


def test_a_certificate_holds_for_its_outputs_wherever_they_lie(certified: Path, tmp_path: Path) -> None:
    assert _verify(certified) == (0, "8 of 8 scores agree\n")
    shutil.copytree(certified / "images", tmp_path / "elsewhere")
    assert _verify(certified, "--outputs", tmp_path / "elsewhere") == (0, "8 of 8 scores agree\n")
    text = (certified / "certificate.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert "Infinity" not in text


def test_other_outputs_references_and_numbers_are_told(certified: Path) -> None:
    data = certified.parent / "data" / "mine"
    save(certified / "images" / "bicubic" / "mine" / "x4" / "a.png", picture(32, 40, 9))
    code, out = _verify(certified)
    assert code == 1
    assert "the output of bicubic for mine x4 a has other pixels" in out
    assert "psnr_y of bicubic, mine x4 a, protocol srbench: certified" in out
    assert "6 of 8 scores agree" in out
    said = json.loads((certified / "certificate.json").read_text())
    place = next(i for i, row in enumerate(said["scores"]) if row[3:6] == ["bicubic", "b", "psnr_y"])
    said["scores"][place][-1] += 0.01
    (certified / "certificate.json").write_text(json.dumps(said))
    assert "5 of 8 scores agree" in _verify(certified)[1]
    save(data / "b.png", picture(32, 40, 8))
    assert "the reference of mine x4 b is another file here" in _verify(certified)[1]
    (certified / "images" / "hr" / "mine" / "x4" / "a.png").unlink()
    assert "certified inf, here no output a.png" in _verify(certified)[1]


def test_a_submission_is_checked_as_a_whole(certified: Path) -> None:
    data = ("--data-root", certified.parent / "data", "--device", "cpu")
    assert command("leaderboard", "check", certified, *data).code == 0
    (certified / "store.sqlite").unlink()  # a submission may come without it
    scores = certified / "scores.csv"
    lines = scores.read_text().splitlines()
    value = lines[1].split(",")[6]
    scores.write_text("\n".join([lines[0], lines[1].replace(value, "99.9"), *lines[2:]]) + "\n")
    forged = command("leaderboard", "check", certified, *data)
    assert forged.code == 1
    assert "certified 99.9" in forged.out


@pytest.mark.parametrize("also_in_the_facts", [False, True])
def test_a_submission_cannot_be_silent_about_an_image(certified: Path, also_in_the_facts: bool) -> None:
    (certified / "store.sqlite").unlink()
    scores = certified / "scores.csv"
    lines = scores.read_text().splitlines()
    scores.write_text("\n".join(line for line in lines if line.split(",")[4] != "b") + "\n")
    if also_in_the_facts:
        said = json.loads((certified / "run.json").read_text())
        del said["datasets"]["mine x4"]["images"]["b"]
        (certified / "run.json").write_text(json.dumps(said))
    data = ("--data-root", certified.parent / "data", "--device", "cpu")
    cut = command("leaderboard", "check", certified, *data)
    assert cut.code == 1
    assert "psnr_y of bicubic, mine x4, protocol srbench: neither score nor reason for 1 of 2 images (b)" in (
        cut.out
    )


@pytest.mark.parametrize("protocol", ["srcnn", "own.toml"])
def test_an_honest_run_holds_where_planes_and_gray_have_rules_of_their_own(
    tmp_path: Path, protocol: str
) -> None:
    data = tmp_path / "data" / "mine"
    save(data / "a.png", picture(36, 44, 1))
    save(data / "b.png", picture(36, 44, 2)[..., 0])
    given = []
    if protocol == "own.toml":
        (tmp_path / protocol).write_text(
            'like = "srbench"\nown_degradation = "matlab-bicubic-double"\nown_gray = "replicate"\n'
        )
        protocol = str(tmp_path / protocol)
        given = ["--protocol", protocol]
    run(data, tmp_path / "run", "--protocol", protocol, methods="bicubic")
    roots = ("--data-root", tmp_path / "data", "--device", "cpu")
    checked = command("leaderboard", "check", tmp_path / "run", *roots, *given)
    assert (checked.code, checked.out) == (0, "4 of 4 scores agree\n")


def test_another_protocol_and_files_that_are_none(certified: Path, tmp_path: Path) -> None:
    said = json.loads((certified / "certificate.json").read_text())
    said["protocols"]["srbench"]["border"] = 7
    (certified / "certificate.json").write_text(json.dumps(said))
    ended = command("verify", certified / "certificate.json", "--outputs", certified, "--device", "cpu")
    assert (ended.code, "border is 4, certified was 7" in ended.message) == (1, True)
    for text in ("{", "[]", "{}"):
        (tmp_path / "c.json").write_text(text)
        with pytest.raises(UserError, match="is no certificate"):
            read_certificate(tmp_path / "c.json")

"""`srbench compare` and `srbench table`: from a finished run, nothing recomputed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import srbench.runs.work
from srbench.core.records import UsageError, UserError
from srbench.report.comparison import compare_run
from srbench.report.power import powers
from srbench.statistics.intervals import mean_interval
from srbench.statistics.pairs import wilcoxon
from srbench.statistics.power import images_needed, signed_rank_power
from tests.helpers import command, references, rows, values
from tests.working import FILES, run


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    run(references(folder / "mine", count=7), folder / "out", methods="hr,nearest,bicubic,lanczos")
    return folder / "out"


def test_all_pairs_as_in_significance_csv(finished: Path) -> None:
    written = rows(finished / "significance.csv")
    found = [item.row for item in compare_run(finished, [], "").pairs]
    assert [(r["metric"], r["method_a"], r["method_b"]) for r in written] == [
        (r["metric"], r["method_a"], r["method_b"]) for r in found
    ]
    assert [float(r["p_holm"]) for r in written] == [r["p_holm"] for r in found]
    assert len(found) == 2 * 3


def test_holm_is_over_the_pairs_that_are_shown(finished: Path) -> None:
    (item,) = compare_run(finished, ["bicubic", "nearest"], "psnr_y").pairs
    scores = values(finished / "scores.csv")
    a, b = (
        [float(scores[m, i, "psnr_y"]) for i in "abcdefg"]
        for m in (item.row["method_a"], item.row["method_b"])
    )
    assert item.row["p_value"] == item.row["p_holm"] == wilcoxon(a, b).p_value
    assert item.row["n"] == 7


def test_the_reference_is_compared_only_when_asked_for(finished: Path) -> None:
    assert all(
        "hr" not in (c.row["method_a"], c.row["method_b"]) for c in compare_run(finished, [], "").pairs
    )
    (item,) = compare_run(finished, ["hr", "bicubic"], "psnr_y").pairs
    assert item.row["p_value"] == 2 / 2**7


def test_the_command_prints_names_p_values_and_marks(finished: Path) -> None:
    ended = command("compare", finished, "bicubic", "nearest", "--metric", "psnr_y")
    assert (ended.code, ended.err) == (0, "")
    title, head, line, *_ = ended.out.splitlines()
    assert title.split() == ["mine", "×4", "srbench,", "psnr_y"]
    assert head.split()[:3] == ["A", "B", "n"]
    assert line.split()[0] == "bicubic"
    assert "nearest" in line
    assert "0.0156*" in line  # 2 / 2^7: bicubic is better on every image


def test_compare_counts_images_and_bounds_the_mean_difference(finished: Path) -> None:
    found = compare_run(finished, ["bicubic", "nearest", "lanczos"], "psnr_y")
    pair = next(item for item in found.pairs if item.row["method_b"] == "nearest")
    scores = values(finished / "scores.csv")
    differences = [
        float(scores["bicubic", image, "psnr_y"]) - float(scores["nearest", image, "psnr_y"])
        for image in "abcdefg"
    ]
    assert pair.wins == (sum(d > 0 for d in differences), 0, sum(d < 0 for d in differences))
    assert pair.mean == pytest.approx(sum(differences) / 7)
    assert pair.interval == mean_interval(differences)
    assert [test.n for test in found.ranks.values()] == [7]
    assert found.warnings() == []
    shown = command("compare", finished, "bicubic", "nearest", "lanczos", "--metric", "psnr_y").out
    assert "Friedman p =" in shown
    assert "(exact)" in shown
    assert "Nemenyi" not in shown
    assert "7/0/0" in shown
    assert "Student's t" in shown


def test_swapping_two_methods_mirrors_the_comparison(finished: Path) -> None:
    """The pair is always in the order of its names, so the swap is one of names."""
    (item,) = compare_run(finished, ["bicubic", "nearest"], "ssim_y").pairs
    scores = values(finished / "scores.csv")
    a, b = ([float(scores[m, i, "ssim_y"]) for i in "abcdefg"] for m in ("nearest", "bicubic"))
    mirrored = mean_interval([x - y for x, y in zip(a, b, strict=True)])
    assert item.interval is not None
    assert mirrored is not None
    assert (item.interval.low, item.interval.high) == pytest.approx((-mirrored.high, -mirrored.low))


def test_compare_warns_of_too_few_images_for_the_pairs(tmp_path: Path) -> None:
    run(references(tmp_path / "mine", count=5), tmp_path / "out", methods="nearest,bicubic")
    assert "power: 5 images are too few" in command("compare", tmp_path / "out", "--metric", "psnr_y").out
    run(references(tmp_path / "six", count=6), tmp_path / "more", methods="nearest,bicubic,lanczos")
    said = command("compare", tmp_path / "more", "--metric", "psnr_y").out
    # 2 / 2^6 = 0.03125 is below 0.05, but not for each of three pairs.
    assert "0.09375 after Holm's correction for 3 pairs" in said
    assert "power" not in command("compare", tmp_path / "more", "bicubic", "nearest").out


@pytest.mark.parametrize(
    ("methods", "metric", "said"),
    [
        (["bicubic"], "", "needs two or more methods"),
        (["bicubic", "vdsr"], "", "the run has no method 'vdsr'; it has: bicubic, hr, lanczos, nearest"),
        ([], "niqe", "the run has no metric 'niqe'; it has: psnr_y, ssim_y"),
    ],
)
def test_wrong_usage(finished: Path, methods: list[str], metric: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        compare_run(finished, methods, metric)
    assert command("compare", finished, *methods, "--metric", metric).code == 2


def test_one_method_cannot_be_compared(tmp_path: Path) -> None:
    run(references(tmp_path / "mine"), tmp_path / "out", methods="bicubic")
    with pytest.raises(UserError, match="has no two methods with scores"):
        compare_run(tmp_path / "out", [], "")


@pytest.mark.parametrize("name", ["compare", "table"])
def test_a_folder_that_holds_no_run(tmp_path: Path, name: str) -> None:
    for folder, said in ((tmp_path, "holds no run; srbench run makes"), (tmp_path / "no", "no such folder")):
        ended = command(name, folder)
        assert ended.code == 1
        assert said in ended.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["compare", "table", "report"])
def test_what_is_meant_is_named_where_it_can_be_told(finished: Path, name: str) -> None:
    file = command(name, finished / "scores.csv")
    assert (file.code, f"give its folder {finished}" in file.message) == (1, True)
    above = command(name, finished.parent)
    assert (above.code, f"there are runs in {finished}" in above.message) == (1, True)


def test_table_writes_the_files_again_and_computes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(references(tmp_path / "mine"), tmp_path / "out", methods="hr,bicubic")
    before = {name: (tmp_path / "out" / name).read_bytes() for name in FILES[:-1]}
    for name in FILES[:-1]:
        (tmp_path / "out" / name).unlink()
    monkeypatch.setattr(srbench.runs.work, "load_reference", lambda _: pytest.fail("something was computed"))
    ended = command("table", tmp_path / "out")
    assert (ended.code, ended.err) == (0, "")
    assert "mine ×4, protocol srbench, 3 images" in ended.out
    assert "∞" in ended.out
    assert {name: (tmp_path / "out" / name).read_bytes() for name in FILES[:-1]} == before


def test_power_says_how_many_images_would_do(finished: Path) -> None:
    shown = command("compare", finished, "bicubic", "nearest", "--metric", "psnr_y", "--power")
    assert (shown.code, shown.err) == (0, "")
    (pair,) = compare_run(finished, ["bicubic", "nearest"], "psnr_y").pairs
    (found,) = powers(compare_run(finished, ["bicubic", "nearest"], "psnr_y"), None)
    scores = values(finished / "scores.csv")
    differences = [
        float(scores["bicubic", image, "psnr_y"]) - float(scores["nearest", image, "psnr_y"])
        for image in "abcdefg"
    ]
    assert (found.n, found.difference) == (7, pair.mean)
    assert found.deviation == pytest.approx(np.std(differences, ddof=1))
    effect = np.mean(differences) / np.std(differences, ddof=1)
    assert found.power == pytest.approx(signed_rank_power(effect, 7, 0.05))
    assert found.needed == images_needed(effect, 0.05)
    assert str(found.needed) in shown.out


def test_power_of_a_difference_that_is_asked_about(finished: Path) -> None:
    found = compare_run(finished, ["bicubic", "nearest"], "psnr_y")
    (small,), (large,) = powers(found, 0.05), powers(found, 5.0)
    assert (small.power or 0) <= (large.power or 0)
    assert large.needed == 6
    assert "in whose unit it is" in command("compare", finished, "--power", "--difference", "0.1").message
    with pytest.raises(UsageError, match="other than 0"):
        powers(found, 0.0)


def test_power_corrects_for_the_pairs_that_are_shown(finished: Path) -> None:
    one = powers(compare_run(finished, ["bicubic", "nearest"], "psnr_y"), 0.5)[0]
    three = next(
        row
        for row in powers(compare_run(finished, ["bicubic", "nearest", "lanczos"], "psnr_y"), 0.5)
        if set(row.row.values()) >= {"bicubic", "nearest"}
    )
    assert (three.needed or 10**6) > (one.needed or 10**6)

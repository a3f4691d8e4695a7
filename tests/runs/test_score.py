"""`srbench score`: any images, with or without references."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from srbench.core.files import cell_text
from srbench.core.records import UserError
from srbench.metrics.catalogue import METRICS
from srbench.metrics.contract import View
from srbench.metrics.luma.distortion import psnr
from srbench.protocols import PROTOCOLS
from srbench.runs.score import ImageScore, candidates, score_images
from tests.helpers import Result, command, picture, rows, save

SRBENCH = PROTOCOLS.get("srbench")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for index, name in enumerate("abc"):
        reference = picture(32, 40, index)
        save(tmp_path / "ref" / f"{name}_HR.png", reference)
        save(tmp_path / "out" / f"{name}_SR_x4.png", np.roll(reference, 1, axis=1))
    return tmp_path / "out", tmp_path / "ref"


def scored(
    images: Path, reference: Path | None, *metrics: str, protocol: str = "srbench"
) -> list[ImageScore]:
    return score_images(
        candidates(images, reference), [METRICS.get(name) for name in metrics], PROTOCOLS.get(protocol), 4,
        device="cpu",
    )  # fmt: skip


def score(*arguments: str | Path) -> Result:
    return command("score", *arguments, "--device", "cpu")


def test_one_file_with_its_reference(folders: tuple[Path, Path]) -> None:
    (found,) = scored(folders[0] / "a_SR_x4.png", folders[1] / "a_HR.png", "psnr_y")
    reference = picture(32, 40, 0)
    views = View(np.roll(reference, 1, axis=1), SRBENCH, 4), View(reference, SRBENCH, 4)
    assert (found.image, found.value) == ("a", psnr(views[0].luma, views[1].luma))


def test_two_processes_give_the_same(folders: tuple[Path, Path]) -> None:
    def found(workers: int) -> list[tuple[str, str, float | None]]:
        made = score_images(
            candidates(*folders), [METRICS.get(name) for name in ("psnr_y", "ssim_y")], SRBENCH, 4,
            device="cpu", workers=workers,
        )  # fmt: skip
        return [(row.image, row.metric, row.value) for row in made]

    assert found(2) == found(1)


def test_folders_are_matched_by_name(folders: tuple[Path, Path]) -> None:
    found = candidates(*folders)
    assert [(c.path.name, c.reference and c.reference.name) for c in found] == [
        (f"{name}_SR_x4.png", f"{name}_HR.png") for name in "abc"
    ]


def test_an_image_without_or_with_two_references_is_a_reason(folders: tuple[Path, Path]) -> None:
    images, references = folders
    save(images / "lonely.png", picture(32, 40))
    save(references / "b.png", picture(32, 40))
    found = {row.image: row for row in scored(images, references, "psnr_y")}
    assert "no reference in" in found["lonely"].status
    assert "several references fit b_SR_x4.png: b.png, b_HR.png" in found["b_SR_x4"].status
    assert found["a_SR_x4"].value is not None


def test_another_size_and_damaged_files_are_reasons(folders: tuple[Path, Path]) -> None:
    images, references = folders
    save(images / "a_SR_x4.png", picture(32, 36))
    (images / "b_SR_x4.png").write_bytes((images / "b_SR_x4.png").read_bytes()[:200])
    (references / "c_HR.png").write_text("not an image")
    statuses = [row.status for row in scored(images, references, "psnr_y")]
    assert statuses[0] == "the output is 36x32, the reference 40x32"
    assert statuses[1].startswith("b_SR_x4.png: damaged")
    assert statuses[2] == "c_HR.png: not an image that can be read"


def test_gray_and_colour_are_compared_fairly(tmp_path: Path) -> None:
    gray = picture(32, 32, channels=1)
    colour = np.dstack([gray] * 3)
    g, c = save(tmp_path / "g.png", gray), save(tmp_path / "c.png", colour)
    for image, reference in ((g, c), (c, g), (g, g), (c, c)):
        (found,) = scored(image, reference, "psnr_y")
        assert found.value == math.inf


def test_two_files_of_one_stem_are_two_images(tmp_path: Path) -> None:
    reference = save(tmp_path / "ref" / "a.png", picture(32, 32))
    save(tmp_path / "out" / "a.png", picture(32, 32, 1))
    save(tmp_path / "out" / "a.bmp", picture(32, 32, 2))
    ended = score(tmp_path / "out", "--reference", reference.parent, "--csv", tmp_path / "s.csv")
    assert ended.code == 0
    found = rows(tmp_path / "s.csv")
    assert len({(row["image"], row["metric"]) for row in found}) == len(found) == 4
    psnrs = [float(row["value"]) for row in found if row["metric"] == "psnr_y"]
    assert f"{sum(psnrs) / 2:.2f}" in ended.out


def test_many_reasons_are_grouped_and_cut(tmp_path: Path) -> None:
    for index in range(12):
        save(tmp_path / "out" / f"{index:02}.png", picture(32, 32, index))
    save(tmp_path / "ref" / "other.png", picture(32, 32))
    ended = score(tmp_path / "out", "--reference", tmp_path / "ref")
    missing = [line for line in ended.out.splitlines() if line.startswith("missing: ")]
    assert len(missing) == 11
    assert missing[-1] == "missing: 3 more; --csv FILE has every reason"
    assert "no score could be computed: 00: no reference in" in ended.message


def test_references_are_cut_to_a_multiple_of_the_scale_as_in_runs(tmp_path: Path) -> None:
    reference = picture(35, 43)
    save(tmp_path / "ref" / "a.png", reference)
    save(tmp_path / "cut" / "a.png", reference[:32, :40])
    save(tmp_path / "out" / "a.png", np.roll(reference[:32, :40], 1, axis=0))
    (found,) = scored(tmp_path / "out", tmp_path / "ref", "psnr_y")
    assert found.value == scored(tmp_path / "out", tmp_path / "cut", "psnr_y")[0].value
    save(tmp_path / "out" / "a.png", reference[:31, :40])
    (other,) = scored(tmp_path / "out", tmp_path / "ref", "psnr_y")
    assert other.status == "the output is 40x31, the reference 43x35"


def test_missing_and_empty_places(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    with pytest.raises(UserError, match="no such file or folder"):
        candidates(tmp_path / "no", None)
    with pytest.raises(UserError, match="no such file or folder"):
        candidates(folders[0], tmp_path / "no")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no image files"):
        candidates(tmp_path / "empty", None)
    with pytest.raises(UserError, match=r"empty holds no image files \(.*png.*\)"):
        candidates(folders[0], tmp_path / "empty")
    with pytest.raises(UserError, match=r"http://x\.com/a\.png is an address; download it first"):
        candidates(Path("http://x.com/a.png"), None)
    with pytest.raises(UserError, match="give a folder of references"):
        candidates(folders[0], folders[1] / "a_HR.png")


def test_the_command_prints_a_row_per_image_and_the_mean(folders: tuple[Path, Path], tmp_path: Path) -> None:
    ended = score(*folders[:1], "--reference", folders[1], "--csv", tmp_path / "s.csv")
    assert (ended.code, ended.err) == (0, "")
    found = rows(tmp_path / "s.csv")
    assert list(found[0]) == ["image", "metric", "value", "status", "seconds"]
    assert [(r["image"], r["metric"]) for r in found] == [
        (f"{name}_SR_x4", metric) for name in "abc" for metric in ("psnr_y", "ssim_y")
    ]
    mean = sum(float(row["value"]) for row in found if row["metric"] == "psnr_y") / 3
    assert f"{mean:.2f}" in next(line for line in ended.out.splitlines() if "mean" in line)


def test_a_reference_without_an_image_is_missing(folders: tuple[Path, Path]) -> None:
    (folders[0] / "b_SR_x4.png").unlink()
    found = {row.image: row for row in scored(*folders, "psnr_y", "niqe")}
    assert (found["b"].value, found["b"].status) == (None, "no image for the reference b_HR.png")
    ended = score(folders[0], "--reference", folders[1])
    assert ended.code == 0
    assert ended.out.count("(2 of 3)") == 2
    assert "missing: b, psnr_y, ssim_y: no image for the reference b_HR.png" in ended.out
    # One image was asked for, and it is there.
    assert [c.image for c in candidates(folders[0] / "a_SR_x4.png", folders[1])] == ["a_SR_x4"]


@pytest.mark.parametrize("scale", ["-4", "0"])
def test_a_scale_is_positive(folders: tuple[Path, Path], scale: str) -> None:
    ended = score(folders[0], "--reference", folders[1], "--protocol", "basicsr", "--scale", scale)
    assert ended.code == 2
    assert "scale" in ended.message


def test_a_root_mean_square_has_a_row_of_its_own(folders: tuple[Path, Path]) -> None:
    found = scored(*folders, "rmse_y")
    squares = [row.value**2 for row in found if row.value is not None]
    ended = score(folders[0], "--reference", folders[1], "--metrics", "psnr_y,rmse_y")
    lines = {line.split()[0]: line for line in ended.out.splitlines()}
    assert f"{math.sqrt(sum(squares) / 3):.4f}" in lines["root"]
    assert "root mean square" in lines["root"]
    assert f"{sum(row.value for row in scored(*folders, 'psnr_y')) / 3:.2f}" in lines["mean"]  # type: ignore[misc]
    assert f"{sum(math.sqrt(s) for s in squares) / 3:.4f}" not in ended.out


def test_a_mean_over_fewer_images_says_so(folders: tuple[Path, Path]) -> None:
    (folders[1] / "b_HR.png").unlink()
    ended = score(folders[0], "--reference", folders[1])
    assert ended.code == 0
    assert "(2 of 3)" in ended.out
    assert "missing: b_SR_x4, psnr_y, ssim_y: no reference in" in ended.out


def test_identical_images_are_infinite(folders: tuple[Path, Path], tmp_path: Path) -> None:
    ended = score(
        folders[1], "--reference", folders[1], "--csv", tmp_path / "s.csv", "--metrics", "psnr_y,rmse_y"
    )
    assert ended.code == 0
    assert ended.out.count("∞") >= 4
    assert {(r["metric"], r["value"]) for r in rows(tmp_path / "s.csv")} == {
        ("psnr_y", "inf"),
        ("rmse_y", "0.0"),
    }


def test_the_protocol_and_scale_decide(folders: tuple[Path, Path], tmp_path: Path) -> None:
    found = []
    for scale in (2, 4):
        score(
            folders[0], "--reference", folders[1], "--protocol", "basicsr", "--scale", scale,
            "--csv", tmp_path / "s.csv",
        )  # fmt: skip
        found.append(rows(tmp_path / "s.csv")[0]["value"])
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--metrics", "psnr_z"], 2, "unknown metric 'psnr_z'; did you mean psnr_y"),
        (["--metrics", ","], 2, "--metrics is empty"),
        (["--metrics", "psnr_y"], 2, "psnr_y compares with a reference; give --reference"),
        (["--metrics", "psnr_y,ssim_y"], 2, "give --reference"),
        ([], 1, "give --reference"),
        (["--protocol", "no"], 2, "unknown protocol 'no'"),
        (["--csv", "/no/such/folder/s.csv"], 2, "--csv: the folder /no/such/folder does not exist"),
        (["--csv", "/proc/s.csv"], 1, "/proc cannot be written to"),
        pytest.param(
            ["--reference", ".", "--device", "abacus"], 2, "unknown device 'abacus'", marks=pytest.mark.slow
        ),
    ],
)
def test_wrong_usage_is_one_line(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, options: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(folders[1])
    ended = command("score", folders[0], *options)
    assert ended.code == code
    assert said in ended.message


def test_when_nothing_could_be_scored_the_command_fails(tmp_path: Path) -> None:
    small = save(tmp_path / "small.png", picture(8, 8))
    ended = score(small, "--reference", small, "--metrics", "psnr_y")
    assert ended.code == 1
    assert "no score could be computed" in ended.message
    assert "8x8 pixels leave nothing after a 4-pixel border crop" in ended.out


@pytest.mark.parametrize("name", ["a, b", 'q"uote', "<b>x", "a|b", "naïve 中", "[red]x", "-dash"])
def test_any_file_name_is_shown_as_it_is(tmp_path: Path, name: str) -> None:
    path = save(tmp_path / "out" / f"{name}.png", picture(32, 32))
    ended = score(path, "--reference", path, "--csv", tmp_path / "s.csv")
    assert ended.code == 0
    assert name in ended.out
    assert {cell_text(row["image"]) for row in rows(tmp_path / "s.csv")} == {name}


def test_a_protocol_of_the_users_own(folders: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('like = "srbench"\nborder = 8\n')
    wide = score(
        *folders[:1],
        "--reference",
        folders[1],
        "--protocol",
        tmp_path / "mine.toml",
        "--csv",
        tmp_path / "s.csv",
    )
    assert wide.code == 0
    reference = picture(32, 40, 0)[8:-8, 8:-8]
    value = next(float(row["value"]) for row in rows(tmp_path / "s.csv") if row["metric"] == "psnr_y")
    moved = np.roll(picture(32, 40, 0), 1, axis=1)[8:-8, 8:-8]
    nothing = replace(SRBENCH, border=0)
    assert value == psnr(View(moved, nothing, 4).luma, View(reference, nothing, 4).luma)

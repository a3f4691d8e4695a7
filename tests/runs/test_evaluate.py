"""What a run computes: everything once, and after a change what the change touches and nothing else."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srbench.core.files import file_hash
from srbench.core.records import Pair, Unscorable
from srbench.core.weights import WeightFile
from srbench.images.codec import read_image
from srbench.images.resize import imresize
from srbench.methods.catalogue import METHODS
from srbench.metrics.catalogue import METRICS
from srbench.protocols import PROTOCOLS
from srbench.runs.plan import output_path
from tests.helpers import command, picture, references, rows, save, values
from tests.working import FILES, Work, method, run


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return references(tmp_path / "mine")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_a_second_run_computes_nothing_and_changes_nothing(images: Path, out: Path, work: Work) -> None:
    assert "3 images computed" in run(images, out)
    assert len(work.since_last()[0]) == 6
    before = {name: (out / name).read_bytes() for name in FILES[:3] + FILES[4:6]}
    assert "nothing to compute" in run(images, out)
    assert work.since_last() == ([], [])
    assert {name: (out / name).read_bytes() for name in before} == before


def test_another_metric_or_method_adds_just_itself(images: Path, out: Path, work: Work) -> None:
    run(images, out, methods="bicubic")
    work.since_last()
    run(images, out, "--metrics", "psnr_y,rmse_y", methods="bicubic")
    assert work.since_last() == ([], ["rmse_y"] * 3)
    run(images, out, methods="nearest")
    assert work.since_last() == ([("nearest", i) for i in "abc"], ["psnr_y"] * 3 + ["ssim_y"] * 3)
    assert len(rows(out / "scores.csv")) == 3 * 3 + 2 * 3


@pytest.mark.parametrize("change", ["deleted", "edited", "truncated"])
def test_a_changed_output_image_is_made_again(images: Path, out: Path, work: Work, change: str) -> None:
    run(images, out)
    before = values(out / "scores.csv")
    path = out / "images" / "bicubic" / "mine" / "x4" / "b.png"
    kept = read_image(path)
    work.since_last()
    if change == "deleted":
        path.unlink()
    elif change == "edited":
        save(path, 255 - kept)
    else:
        path.write_bytes(path.read_bytes()[:100])
    run(images, out)
    assert work.since_last()[0] == [("bicubic", "b")]
    assert np.array_equal(read_image(path), kept)
    assert values(out / "scores.csv") == before


def test_a_changed_reference_recomputes_its_image_only(images: Path, out: Path, work: Work) -> None:
    run(images, out)
    before = values(out / "scores.csv")
    work.since_last()
    save(images / "b.png", picture(32, 40, seed=99))
    run(images, out)
    assert work.since_last()[0] == [("nearest", "b"), ("bicubic", "b")]
    after = values(out / "scores.csv")
    assert {key[1] for key in before if before[key] != after[key]} == {"b"}
    save(images / "b.png", picture(32, 40, seed=1))
    run(images, out)
    assert values(out / "scores.csv") == before


def test_a_changed_low_resolution_file_recomputes_its_image_only(
    tmp_path: Path, out: Path, work: Work
) -> None:
    layout = tmp_path / "mine" / "image_SRF_4"
    for name in "ab":
        save(layout / f"{name}_SRF_4_HR.png", picture(32, 40, ord(name)))
        save(layout / f"{name}_SRF_4_LR.png", imresize(picture(32, 40, ord(name)), 1 / 4))
    run(tmp_path / "mine", out)
    work.since_last()
    low = read_image(layout / "a_SRF_4_LR.png").copy()
    low[0, 0] ^= 255
    save(layout / "a_SRF_4_LR.png", low)
    run(tmp_path / "mine", out)
    assert work.since_last()[0] == [("nearest", "a"), ("bicubic", "a")]


def test_a_changed_weight_file_recomputes_what_uses_it(images: Path, out: Path, work: Work) -> None:
    file = WeightFile(name="w", sha256=("0" * 64,), homepage="", license="", citation="")
    file.cached.parent.mkdir(parents=True)
    file.cached.write_bytes(b"one")
    calls: list[str] = []

    def upscale(sample):  # type: ignore[no-untyped-def]
        calls.append(sample.pair.image)
        return np.roll(sample.reference, len(file.cached.read_bytes()), axis=0)

    work.add(method("weighted", upscale, weights=(file,)))
    run(images, out, methods="weighted,nearest")
    run(images, out, methods="weighted,nearest")
    assert calls == ["a", "b", "c"]
    work.since_last()
    file.cached.write_bytes(b"three")
    run(images, out, methods="weighted,nearest")
    assert calls == ["a", "b", "c"] * 2
    assert work.since_last()[0] == []
    hashed = json.loads((out / "run.json").read_text())["methods"]["weighted"]["weights"]["w"]
    assert hashed == file_hash(file.cached)


def test_a_changed_version_of_a_metric_or_method_recomputes_it(images: Path, out: Path, work: Work) -> None:
    run(images, out)
    work.since_last()
    work.add_metric(dataclasses.replace(METRICS.get("ssim_y"), version=1001))
    run(images, out)
    assert work.since_last() == ([], ["ssim_y"] * 6)
    work.add(dataclasses.replace(METHODS.get("nearest"), version=1001))
    run(images, out)
    assert work.since_last()[0] == [("nearest", i) for i in "abc"]


def test_a_changed_protocol_measures_again_and_upscales_only_if_needed(
    images: Path, out: Path, work: Work
) -> None:
    run(images, out)
    before = values(out / "scores.csv")
    work.since_last()
    protocol = PROTOCOLS.get("srbench")
    changed = dataclasses.replace(protocol, version=protocol.version + 1, luma="bt601")
    work.add_protocol(changed)
    run(images, out)
    assert work.since_last() == ([], ["psnr_y"] * 6 + ["ssim_y"] * 6)
    after = values(out / "scores.csv")
    assert all(before[key] != after[key] for key in before)
    work.add_protocol(dataclasses.replace(protocol, edges="symmetric"))
    run(images, out)
    assert len(work.since_last()[0]) == 6


def test_two_protocols_and_two_scales_live_in_one_folder(images: Path, out: Path) -> None:
    run(images, out)
    first = rows(out / "scores.csv")
    run(images, out, "--protocol", "srgan")
    run(images, out, scale=2)
    found = rows(out / "scores.csv")
    assert {(row["scale"], row["protocol"]) for row in found} == {
        ("4", "srbench"), ("4", "srgan"), ("2", "srbench"),
    }  # fmt: skip
    assert [row for row in found if (row["scale"], row["protocol"]) == ("4", "srbench")] == first
    assert len(rows(out / "leaderboard.csv")) == 6


def test_an_image_that_left_the_data_set_leaves_the_tables(images: Path, out: Path) -> None:
    run(images, out)
    (images / "c.png").unlink()
    run(images, out)
    assert {row["image"] for row in rows(out / "scores.csv")} == {"a", "b"}
    assert {row["n"] for row in rows(out / "leaderboard.csv")} == {"2"}


def test_odd_sizes_are_cropped_and_every_scale_works(tmp_path: Path, out: Path) -> None:
    save(tmp_path / "mine" / "odd.png", picture(49, 51))
    for scale in (2, 3, 4, 8):
        run(tmp_path / "mine", out, scale=scale)
        output = read_image(out / "images" / "bicubic" / "mine" / f"x{scale}" / "odd.png")
        assert output.shape == (49 // scale * scale, 51 // scale * scale, 3)


def test_grayscale_references_give_grayscale_outputs_and_full_range_luma(tmp_path: Path, out: Path) -> None:
    gray = picture(32, 36, channels=1)
    save(tmp_path / "mine" / "g.png", gray)
    run(tmp_path / "mine", out, methods="bicubic")
    output = imresize(imresize(gray, 1 / 4), 4)
    assert Image.open(out / "images" / "bicubic" / "mine" / "x4" / "g.png").mode == "L"
    error = np.mean((output[4:-4, 4:-4].astype(float) - gray[4:-4, 4:-4]) ** 2)
    expected = 10 * math.log10(255**2 / error)
    assert float(values(out / "scores.csv")["bicubic", "g", "psnr_y"]) == pytest.approx(expected, abs=1e-12)


def test_workers_do_not_change_the_scores(images: Path, tmp_path: Path) -> None:
    run(images, tmp_path / "one", methods="hr,bicubic")
    result = command(
        "run", "--methods", "hr,bicubic", "--datasets", f"folder:{images}", "--out", tmp_path / "two",
        "--workers", "2", "--device", "cpu",
    )  # fmt: skip
    assert result.code == 0
    assert (tmp_path / "one" / "scores.csv").read_bytes() == (tmp_path / "two" / "scores.csv").read_bytes()


def test_a_copied_run_folder_needs_nothing_computed(
    images: Path, out: Path, tmp_path: Path, work: Work
) -> None:
    run(images, out)
    work.since_last()
    shutil.copytree(out, tmp_path / "copy")
    run(images, tmp_path / "copy")
    assert work.since_last() == ([], [])


@pytest.mark.parametrize("name", ["a/b", "..", "../../x", "a\\b", "n\0l", "a:b", "", "."])
def test_output_paths_stay_inside_the_run_folder(name: str, tmp_path: Path) -> None:
    pair = Pair(dataset=name, image=name, scale=4, reference=tmp_path, low_resolution=None)
    path = output_path(tmp_path / "out", name, pair)
    inside = path.resolve().relative_to((tmp_path / "out" / "images").resolve())
    assert len(inside.parts) == 4
    assert "\0" not in str(path)


@pytest.mark.parametrize(("one", "other"), [("a:b", "a_b"), ("a?b", "a*b"), ("a/b", "a_b")])
def test_different_names_have_different_paths(one: str, other: str, tmp_path: Path) -> None:
    pair = Pair(dataset="d", image="i", scale=4, reference=tmp_path, low_resolution=None)
    assert output_path(tmp_path, one, pair) != output_path(tmp_path, other, pair)


def test_unscorable_is_not_an_error_of_a_run(images: Path, out: Path, work: Work) -> None:
    def upscale(sample):  # type: ignore[no-untyped-def]
        if sample.pair.image == "b":
            raise Unscorable("not this one")
        return sample.reference

    work.add(method("picky", upscale))
    run(images, out, methods="picky")
    assert [row["status"] for row in rows(out / "scores.csv") if row["image"] == "b"] == ["not this one"] * 2

"""Data-set folders in the layouts that people have."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from srbench.core.files import cache_folder
from srbench.core.records import Pair, Unscorable, UserError
from srbench.datasets.catalogue import DATASETS, resolve
from srbench.datasets.contract import Dataset
from srbench.datasets.folders import Inputs, data_roots, find_folder, find_pairs
from srbench.datasets.samples import degrade, load_reference, make_sample
from srbench.images.resize import imresize, pil_reduce
from tests.helpers import picture, save

SET5 = DATASETS.get("set5")


def pairs(root: Path, scale: int = 4, dataset: Dataset = SET5, *, inputs: Inputs = "given") -> list[Pair]:
    return find_pairs(dataset, scale, [root], inputs=inputs)


def lay_out(root: Path, *names: str) -> None:
    for name in names:
        save(root / name, picture(8, 8))


LAYOUTS = {
    "selfexsr": ["Set5/image_SRF_4/img_001_SRF_4_HR.png", "Set5/image_SRF_4/img_001_SRF_4_LR.png"],
    "edsr": ["Set5/HR/img_001.png", "Set5/LR_bicubic/X4/img_001x4.png"],
    "basicsr": ["Set5/GTmod12/img_001.png", "Set5/LRbicx4/img_001.png"],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_references_and_inputs_of_each_layout(tmp_path: Path, layout: str) -> None:
    high, low = LAYOUTS[layout]
    lay_out(tmp_path, high, low)
    (pair,) = pairs(tmp_path)
    assert (pair.dataset, pair.image, pair.scale) == ("set5", "img_001", 4)
    assert (pair.reference, pair.low_resolution) == (tmp_path / high, tmp_path / low)
    (pair,) = pairs(tmp_path, inputs="made")
    assert pair.low_resolution is None


def test_references_only(tmp_path: Path) -> None:
    lay_out(tmp_path, "Set5/b.png", "Set5/a_HR.png", "Set5/c.bmp")
    (tmp_path / "Set5" / "readme.txt").write_text("")
    assert [(p.image, p.low_resolution) for p in pairs(tmp_path)] == [("a", None), ("b", None), ("c", None)]


def test_a_missing_input_of_one_image_is_made(tmp_path: Path) -> None:
    lay_out(tmp_path, "Set5/HR/a.png", "Set5/HR/b.png", "Set5/LR_bicubic/X4/ax4.png")
    assert [p.low_resolution is None for p in pairs(tmp_path)] == [False, True]


def test_the_input_of_another_scale_is_not_taken(tmp_path: Path) -> None:
    lay_out(tmp_path, "Set5/HR/a.png", "Set5/LR_bicubic/X2/ax2.png")
    assert [p.low_resolution for p in pairs(tmp_path)] == [None]


def test_a_scale_that_the_folder_lacks_is_said(tmp_path: Path) -> None:
    lay_out(tmp_path, "Set5/image_SRF_2/img_001_SRF_2_HR.png")
    with pytest.raises(UserError, match="has no scale 4, only image_SRF_2"):
        pairs(tmp_path)


def test_two_references_of_one_identifier_are_refused(tmp_path: Path) -> None:
    lay_out(tmp_path, "Set5/a.png", "Set5/a_HR.png")
    with pytest.raises(UserError, match=r"a\.png and a_HR\.png are both image a"):
        pairs(tmp_path)


def test_two_inputs_of_one_reference_are_refused(tmp_path: Path) -> None:
    lay_out(tmp_path, "Set5/HR/a.png", "Set5/LR_bicubic/X4/a_one.png", "Set5/LR_bicubic/X4/a_two.png")
    with pytest.raises(UserError, match="several low-resolution files fit the image a"):
        pairs(tmp_path)


@pytest.mark.parametrize("name", ["set5", "SET5", "Set5"])
def test_folder_names_are_compared_without_case(tmp_path: Path, name: str) -> None:
    lay_out(tmp_path, f"{name}/a.png")
    assert find_folder(SET5, [tmp_path]) == tmp_path / name
    assert find_folder(SET5, [tmp_path / name]) == tmp_path / name


def test_roots_in_order_given_environment_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, one, two = tmp_path / "given", tmp_path / "one", tmp_path / "two"
    monkeypatch.setenv("SRBENCH_DATA", f"{one}{os.pathsep}{two}{os.pathsep}")
    assert data_roots([given]) == [given, one, two, cache_folder() / "datasets"]
    lay_out(two, "Set5/a.png")
    lay_out(cache_folder() / "datasets", "Set5/a.png")
    assert find_folder(SET5, data_roots([given])) == two / "Set5"
    lay_out(given, "Set5/a.png")
    assert find_folder(SET5, data_roots([given])) == given / "Set5"


def test_a_data_set_that_is_not_here_says_where_was_looked_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"set5 is not here .*Set5 in .*srbench datasets show set5"):
        pairs(tmp_path)
    with pytest.raises(UserError, match="is not here"):
        pairs(tmp_path / "no such root")


@pytest.mark.parametrize("inside", [[], ["notes.txt"], ["sub/deeper/a.png"]])
def test_an_empty_folder_is_said(tmp_path: Path, inside: list[str]) -> None:
    (tmp_path / "Set5").mkdir()
    for name in inside:
        (tmp_path / "Set5" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "Set5" / name).write_bytes(b"")
    with pytest.raises(UserError, match="holds no image files"):
        pairs(tmp_path)


def test_a_folder_of_the_user(tmp_path: Path) -> None:
    lay_out(tmp_path, "my images, 2026/a b.png")
    dataset = resolve(f"folder:{tmp_path / 'my images, 2026'}")
    (pair,) = find_pairs(dataset, 2, [])
    assert (pair.dataset, pair.image) == ("my images, 2026", "a b")
    for wrong, said in ((tmp_path / "no", "no such folder"), (pair.reference, "is a file")):
        with pytest.raises(UserError, match=said):
            find_pairs(resolve(f"folder:{wrong}"), 2, [])


def test_aliases_go_both_ways(tmp_path: Path) -> None:
    lay_out(tmp_path, "Set5/image_SRF_4/img_001_SRF_4_HR.png")
    assert pairs(tmp_path)[0].aliases == ("baby",)
    lay_out(tmp_path / "other", "Set5/baby.png")
    assert pairs(tmp_path / "other")[0].aliases == ("img_001",)


def a_pair(tmp_path: Path, size: tuple[int, int], low: tuple[int, int] | None = None, scale: int = 4) -> Pair:
    reference = save(tmp_path / "r.png", picture(*size))
    small = save(tmp_path / "l.png", picture(*low)) if low else None
    return Pair(dataset="d", image="r", scale=scale, reference=reference, low_resolution=small)


def test_the_reference_is_cut_to_a_multiple_and_the_input_made_from_it(tmp_path: Path) -> None:
    pair = a_pair(tmp_path, (37, 46))
    reference = load_reference(pair)
    assert np.array_equal(reference, picture(37, 46)[:36, :44])
    sample = make_sample(pair, reference, "matlab-bicubic", "clamp")
    assert np.array_equal(sample.low_resolution, imresize(reference, Fraction(1, 4)))
    symmetric = make_sample(pair, reference, "matlab-bicubic", "symmetric").low_resolution
    assert np.array_equal(symmetric, imresize(reference, Fraction(1, 4), edges="symmetric"))
    assert not np.array_equal(symmetric, sample.low_resolution)
    other = make_sample(pair, reference, "pil-lanczos", "clamp").low_resolution
    assert np.array_equal(other, pil_reduce(reference, 4, kernel="lanczos"))


def test_files_are_used_for_their_degradation_only(tmp_path: Path) -> None:
    pair = a_pair(tmp_path, (32, 32), (8, 8))
    reference = load_reference(pair)
    assert np.array_equal(
        make_sample(pair, reference, "matlab-bicubic", "clamp").low_resolution, picture(8, 8)
    )
    made = make_sample(pair, reference, "pil-lanczos", "clamp").low_resolution
    assert np.array_equal(made, degrade(reference, 4, "pil-lanczos", "clamp"))


def test_an_input_of_another_size_is_a_reason(tmp_path: Path) -> None:
    pair = a_pair(tmp_path, (32, 36), (8, 8))
    with pytest.raises(Unscorable, match=r"l\.png is 8x8, expected 9x8 \(the reference divided by 4\)"):
        make_sample(pair, load_reference(pair), "matlab-bicubic", "clamp")


def test_a_reference_smaller_than_the_scale_is_a_reason(tmp_path: Path) -> None:
    with pytest.raises(Unscorable, match="smaller than the scale 4"):
        load_reference(a_pair(tmp_path, (3, 40)))

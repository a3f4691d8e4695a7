"""The layouts of folders, and which of their low-resolution files serve which method."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srbench.core.records import Pair, Unscorable, UserError
from srbench.datasets.catalogue import DATASETS, resolve
from srbench.datasets.folders import find_pairs
from srbench.datasets.samples import load_reference, make_sample
from tests.helpers import picture, save

OWN = [
    ("HR/a.png", "LR/a.png"),
    ("HR/a.png", "LR_x4/a.png"),
    ("HR/a.png", "LR_x4/ax4.png"),
    ("HR/a.png", "LRx4/a.png"),
    ("HR/a.png", "LR/x4/a.png"),
    ("HR/a.png", "LR/X4/ax4.png"),
    ("HR/x4/a.png", "LR/x4/a.png"),
    ("gt/a.png", "lq/a.png"),
    ("GT/a.png", "LQ/a.png"),
    ("a.png", "LR/a.png"),
    ("a_HR.png", "a_LR.png"),
]
MATLAB = [
    ("image_SRF_4/a_SRF_4_HR.png", "image_SRF_4/a_SRF_4_LR.png"),
    ("a_SRF_4_HR.png", "a_SRF_4_LR.png"),
    ("HR/a.png", "LR_bicubic/X4/ax4.png"),
    ("GTmod12/a.png", "LRbicx4/a.png"),
]


def found(root: Path, *names: str, scale: int = 4) -> list[Pair]:
    for name in names:
        low = "LR" in name.upper() or "LQ" in name.upper()
        save(root / "mine" / name, picture(*((4, 5) if low else (16, 20))))
    return find_pairs(resolve(f"folder:{root / 'mine'}"), scale, [])


@pytest.mark.parametrize(("high", "low"), [*OWN, *MATLAB])
def test_each_layout_gives_the_reference_and_the_input(tmp_path: Path, high: str, low: str) -> None:
    (pair,) = found(tmp_path, high, low)
    assert (pair.image, pair.reference) == ("a", tmp_path / "mine" / high)
    assert pair.low_resolution == tmp_path / "mine" / low
    assert pair.input_kind == ("unknown" if (high, low) in OWN else "matlab-bicubic")


def test_div2k_has_its_inputs_beside_the_references(tmp_path: Path) -> None:
    save(tmp_path / "DIV2K_valid_HR" / "0801.png", picture(16, 20))
    low = save(tmp_path / "DIV2K_valid_LR_bicubic" / "X4" / "0801x4.png", picture(4, 5))
    (pair,) = find_pairs(DATASETS.get("div2k-val"), 4, [tmp_path])
    assert (pair.image, pair.low_resolution, pair.input_kind) == ("0801", low, "matlab-bicubic")


def test_inputs_of_the_scale_win_and_those_of_another_are_not_taken(tmp_path: Path) -> None:
    (pair,) = found(tmp_path, "HR/a.png", "LR/a.png", "LR_x4/a.png", "LR_x2/a.png")
    assert pair.low_resolution == tmp_path / "mine" / "LR_x4" / "a.png"
    (other,) = found(tmp_path / "two", "HR/a.png", "LR_x2/a.png", "LR/x2/a.png")
    assert (other.low_resolution, other.input_kind) == (None, "matlab-bicubic")


def test_a_users_inputs_serve_every_degradation_and_matlabs_only_its_own(tmp_path: Path) -> None:
    (own,) = found(tmp_path / "own", "HR/a.png", "LR/a.png")
    (matlab,) = found(tmp_path / "matlab", "HR/a.png", "LR_bicubic/X4/a.png")
    given = picture(4, 5)
    for pair, degradation, edges, is_given in (
        (own, "matlab-bicubic", "clamp", True),
        (own, "pil-lanczos", "clamp", True),
        (matlab, "matlab-bicubic", "clamp", True),
        (matlab, "matlab-bicubic", "symmetric", False),
        (matlab, "pil-lanczos", "clamp", False),
    ):
        sample = make_sample(pair, load_reference(pair), degradation, edges)  # type: ignore[arg-type]
        assert np.array_equal(sample.low_resolution, given) == is_given


@pytest.mark.parametrize(("inputs", "own", "matlab"), [("made", 0, 0), ("published", 0, 1), ("given", 1, 1)])
def test_inputs_can_be_left_out(tmp_path: Path, inputs: str, own: int, matlab: int) -> None:
    for name, layout, used in (("own", "LR", own), ("matlab", "LR_bicubic/X4", matlab)):
        found(tmp_path / name, "HR/a.png", f"{layout}/a.png")
        (pair,) = find_pairs(resolve(f"folder:{tmp_path / name / 'mine'}"), 4, [], inputs=inputs)  # type: ignore[arg-type]
        assert (pair.low_resolution is not None) == used
        assert pair.input_kind == ("unknown" if used and name == "own" else "matlab-bicubic")


def test_a_users_input_that_is_missing_is_a_reason_and_never_made(tmp_path: Path) -> None:
    a, b = found(tmp_path, "HR/a.png", "HR/b.png", "LR/a.png")
    make_sample(a, load_reference(a), "matlab-bicubic", "clamp")
    with pytest.raises(Unscorable, match="no low-resolution file for the image b; --inputs made"):
        make_sample(b, load_reference(b), "matlab-bicubic", "clamp")
    (tmp_path / "empty" / "mine" / "LR").mkdir(parents=True)
    (alone,) = found(tmp_path / "empty", "HR/a.png")
    with pytest.raises(Unscorable, match="no low-resolution file"):
        make_sample(alone, load_reference(alone), "matlab-bicubic", "clamp")


def test_a_users_input_of_another_size_is_a_reason(tmp_path: Path) -> None:
    (pair,) = found(tmp_path, "HR/a.png", "LR/a.png", scale=2)
    with pytest.raises(Unscorable, match=r"a.png is 5x4, expected 10x8 \(the reference divided by 2\)"):
        make_sample(pair, load_reference(pair), "matlab-bicubic", "clamp")


def test_sun_hays_80_serves_x4_from_its_references_of_x8(tmp_path: Path) -> None:
    root = tmp_path / "Sun-Hays80" / "image_SRF_8"
    high = save(root / "img_001_SRF_8_HR.png", picture(16, 24))
    low = save(root / "img_001_SRF_8_LR.png", picture(2, 3))
    dataset = DATASETS.get("sunhays80")
    assert [(p.reference, p.low_resolution) for p in find_pairs(dataset, 8, [tmp_path])] == [(high, low)]
    assert [(p.reference, p.low_resolution) for p in find_pairs(dataset, 4, [tmp_path])] == [(high, None)]
    with pytest.raises(UserError, match="no scale 3"):
        find_pairs(dataset, 3, [tmp_path])


def test_images_one_level_down_are_hinted_at(tmp_path: Path) -> None:
    save(tmp_path / "mine" / "pictures" / "a.png", picture(8, 8))
    (tmp_path / "mine" / "b.gif").write_bytes(b"GIF89a")
    with pytest.raises(UserError, match=r"holds no image files \(bmp, jpeg, .*its folder pictures does"):
        find_pairs(resolve(f"folder:{tmp_path / 'mine'}"), 4, [])

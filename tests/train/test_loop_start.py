"""The start of a training: what is missing or unusable is said, before images are read where it can be."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from srbench.core.records import UsageError, UserError
from srbench.train import initialisation
from tests.helpers import picture, save
from tests.train.small import Silent, images, run, small


def test_small_images_are_skipped_with_a_count(tmp_path: Path) -> None:
    folder = images(tmp_path / "data", count=2)
    save(folder / "small.png", picture(8, 8))
    report = Silent()
    finished = run(small("espcn"), folder, tmp_path / "run", report=report)
    assert len(finished.images.entries) == 2
    assert "left out 1 of 3 images" in report.said[0]
    assert "smaller than the crop of 16 pixels" in report.said[0]


def test_other_data_and_another_machine(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other images are refused, whatever their names; another precision is told and stands in the record."""
    recipe = small("espcn", iterations=3)
    first = run(recipe, data, tmp_path / "run", precision="32-true")
    report = Silent()
    longer = small("espcn", iterations=3, validate_every=2)
    again = run(longer, data, tmp_path / "run", report=report, precision="bf16-mixed")
    assert any("32-true; from here on" in line and "bf16-mixed" in line for line in report.said)
    assert len(again.progress.machines) == len(first.progress.machines) + 1
    other = tmp_path / "other"
    for place in range(3):
        save(other / f"{place}.png", picture(48, 56, seed=place + 10))
    with pytest.raises(UserError, match="was trained on other images"):
        run(recipe, other, tmp_path / "run")


def test_missing_vgg_weights_are_one_line_with_the_choices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And said before images are compared with test sets and decoded, which takes minutes."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    data, report = images(tmp_path / "data", count=2), Silent()
    with pytest.raises(UserError) as error:
        run(small("enet-p", feature_network="vgg19-imagenet"), data, tmp_path / "run", report=report)
    assert report.began == []
    assert all(choice in str(error.value) for choice in ("srbench metrics pull", "FILE", "vgg19-random"))
    with pytest.raises(UsageError, match="vgg19-imagenet, vgg19-random or a file"):
        run(small("enet-p", feature_network="vgg20"), data, tmp_path / "run")


def test_wrong_initial_weights_and_an_empty_validation_folder_are_said_before_images_are_read(
    tmp_path: Path,
) -> None:
    data, report = images(tmp_path / "data", count=2), Silent()
    other = run(small("srcnn"), data, tmp_path / "other").module
    torch.save(other.state_dict(), tmp_path / "srcnn.pth")
    cut = small("espcn", crop=24, start_from=str(tmp_path / "srcnn.pth"))  # a crop that no cache is of
    with pytest.raises(UserError, match=r"srcnn\.pth"):
        run(cut, data, tmp_path / "run", report=report)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="empty holds no image files"):
        run(small("espcn", crop=24), data, tmp_path / "b", validation=tmp_path / "empty", report=report)
    assert report.began == []


def test_a_place_that_cannot_be_written_to_is_said_before_images_are_read(tmp_path: Path) -> None:
    data, report = images(tmp_path / "data", count=2), Silent()
    with pytest.raises(UserError, match=r"/proc/run cannot be written to"):
        run(small("espcn"), data, Path("/proc/run"), report=report)
    assert report.began == []


def test_a_missing_start_is_one_line_with_the_choices(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(initialisation, "model_folders", lambda: ())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="srbench train srresnet-mse first, --start-from FILE"):
        run(small("srgan-mse", start_from="srresnet-mse"), data, tmp_path / "run")


def test_validation_images_that_cannot_be_used_are_counted_at_the_start(tmp_path: Path) -> None:
    folder, held_out = (images(tmp_path / name, count=2) for name in ("data", "held-out"))
    (held_out / "broken.png").write_bytes(b"no image")
    save(held_out / "small.png", picture(8, 8))
    report = Silent()
    finished = run(small("espcn"), folder, tmp_path / "run", validation=held_out, report=report)
    assert finished.progress.best_iteration == 3
    assert any("left out 2 of 4 validation images" in line for line in report.said)

"""Inputs of one size go through a method together; what fails or stands alone is left to be done alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from srbench.core.records import Pair, Sample, Unscorable
from srbench.methods.contract import Runtime
from srbench.methods.running.together import BatchUpscaler, upscale_together
from tests.helpers import picture, rows, save
from tests.working import Work, method, run


class Doubling:
    """Repeats pixels `scale` times; notes the sizes of its batches; refuses one image by name."""

    takes_batches = True

    def __init__(self, refused: str = "") -> None:
        self.refused = refused
        self.batches: list[int] = []
        self.alone: list[str] = []

    def __call__(self, sample: Sample) -> np.ndarray:
        self.alone.append(sample.pair.image)
        if sample.pair.image == self.refused:
            raise Unscorable("no")
        return sample.low_resolution.repeat(sample.pair.scale, 0).repeat(sample.pair.scale, 1)

    def batch(self, samples: Sequence[Sample]) -> list[np.ndarray]:
        self.batches.append(len(samples))
        made = [self(sample) for sample in samples]
        del self.alone[-len(made) :]
        return made


def sample(name: str, height: int, width: int) -> Sample:
    reference = picture(4 * height, 4 * width)
    return Sample(Pair("d", name, 4, Path(name), None), reference, reference[::4, ::4])


def test_equal_sizes_together_and_others_not_at_all() -> None:
    upscaler = Doubling()
    sizes = {"a": (8, 6), "b": (6, 8), "c": (8, 6), "d": (5, 5)}
    samples = {name: sample(name, *size) for name, size in sizes.items()}
    made = upscale_together(upscaler, samples)
    assert isinstance(upscaler, BatchUpscaler)
    assert upscaler.batches == [2]
    assert set(made) == {"a", "c"}
    np.testing.assert_array_equal(made["c"], upscaler(samples["c"]))


def test_nothing_where_it_does_not_pay_or_cannot_be_done() -> None:
    samples = {n: sample(n, 8, 6) for n in "ab"}
    upscaler = Doubling()
    upscaler.takes_batches = False
    assert upscale_together(upscaler, samples) == {}
    assert upscale_together(upscaler.__call__, samples) == {}
    assert upscale_together(Doubling(refused="b"), samples) == {}


def test_processors_get_single_images_and_gpus_several() -> None:
    assert Runtime("cpu").at_once == 1
    assert Runtime("cuda:1").at_once == Runtime("cuda").at_once > 1


@pytest.fixture
def images(tmp_path: Path) -> Path:
    sizes = {"a": (48, 40), "b": (40, 48), "c": (48, 40), "d": (48, 40)}
    for shift, (name, size) in enumerate(sizes.items()):
        save(tmp_path / "mine" / f"{name}.png", np.roll(picture(*size), shift, axis=0))
    return tmp_path / "mine"


def test_the_main_job_gives_groups_to_methods_and_reports_single_failures(
    images: Path, tmp_path: Path, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU, where images are prepared in groups; "refusing" fails on c, and c alone has no score."""
    monkeypatch.setattr(Runtime, "at_once", 3)
    doubling, refusing = Doubling(), Doubling(refused="c")
    work.add(method("doubling", doubling))
    work.add(method("refusing", refusing))
    run(images, tmp_path / "grouped", methods="doubling,refusing")
    assert doubling.batches == [2]
    assert sorted(doubling.alone) == ["b", "d"]
    found = scores(tmp_path / "grouped")
    assert {image for (_, image), row in found.items() if row["status"] != "ok"} == {"c"}
    assert found["refusing", "c"]["status"] == "no"
    assert found["refusing", "a"]["value"] == found["doubling", "a"]["value"]

    monkeypatch.setattr(Runtime, "at_once", 1)
    run(images, tmp_path / "single", methods="doubling")
    for key, row in scores(tmp_path / "single").items():
        assert row["value"] == found[key]["value"]


def scores(out: Path) -> dict[tuple[str, str], dict[str, str]]:
    return {
        (row["method"], row["image"]): row for row in rows(out / "scores.csv") if row["metric"] == "psnr_y"
    }

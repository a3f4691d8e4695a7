"""Output images that authors published, scored again without any weights."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from srbench.core.pulling import sources
from srbench.core.records import Pair, Sample, Unscorable, UsageError
from srbench.core.weights import pull
from srbench.images.codec import read_image
from srbench.images.pixels import crop_border, luma
from srbench.methods.catalogue import resolve
from srbench.methods.published_outputs import OutputFile, published_names
from srbench.metrics.luma.distortion import psnr
from tests.helpers import picture, save
from tests.methods.models import CPU


def _sample(dataset: str, image: str, reference: np.ndarray, *aliases: str) -> Sample:
    pair = Pair(dataset, image, 4, Path("reference.png"), None, aliases=aliases)
    return Sample(pair, reference, reference[::4, ::4])


def test_rcan_is_what_its_authors_measured(shared: Path) -> None:
    """PSNR_SSIM_Results_BI_model.txt of yulunzhang/RCAN: six decimals, Y unrounded, border of 4."""
    method = resolve("published:rcan")
    for file, place in sources(method.name, method.weights, [shared / "data" / "rcan_outputs_set5_x4"]):
        pull(file, place)
    assert method.unavailable() is None
    assert method.origin == "published outputs"
    assert "are not here" in str(method.refuses(2))
    upscale = method.open(CPU)
    expected = {
        file.name.rpartition("/")[2]: file.psnr_y
        for file in method.weights
        if isinstance(file, OutputFile) and file.scale == 4
    }
    with (shared / "reported" / "rcan_per_image.csv").open(encoding="utf-8") as stream:
        gathered = {
            row["image"]: float(row["psnr_y"])
            for row in csv.DictReader(stream)
            if (row["dataset"], row["scale"], row["method"]) == ("set5", "4", "rcan")
            and row["image"] != "mean"
        }
    assert expected == gathered
    for number, image in enumerate(("baby", "bird", "butterfly", "head", "woman"), start=1):
        name = f"img_00{number}"
        reference = read_image(shared / "data" / "Set5" / "image_SRF_4" / f"{name}_SRF_4_HR.png")
        result = upscale(_sample("set5", name, reference, image))
        planes = (luma(crop_border(i, 4), "bt601", gray="full-range") for i in (result, reference))
        assert psnr(*planes) == pytest.approx(expected[image], abs=1e-5)


def test_what_was_not_published_has_a_reason() -> None:
    upscale = resolve("published:RDN").open(CPU)
    with pytest.raises(Unscorable, match="the authors of RDN published no output for img_001 of bsd100"):
        upscale(_sample("bsd100", "img_001", np.zeros((8, 8, 3), np.uint8)))
    with pytest.raises(UsageError, match="published:RCAN"):
        resolve("published:nobody")


@pytest.mark.parametrize("name", published_names())
def test_every_image_has_an_address_at_a_fixed_commit_and_a_hash(name: str) -> None:
    method = resolve(name)
    if name.startswith(("published:RCAN", "published:RDN")):
        assert len(method.weights) == 5 * len(method.scales or ())
    for file in method.weights:
        assert file.url is not None
        repository = file.homepage.removeprefix("https://github.com/")
        commit = file.url.removeprefix(f"https://raw.githubusercontent.com/{repository}/").partition("/")[0]
        assert len(commit) == 40
        assert len(file.sha256[0]) == 64
        assert file.size
    reason = method.unavailable()
    assert reason is not None
    assert f"srbench methods pull {name}" in reason
    assert len(reason) < 1500


def test_what_reaches_beyond_the_image_is_cut() -> None:
    """TSRN's example of Set14 is 252x364 where the reference is 248x360."""
    method = resolve("published:TSRN")
    file = next(file for file in method.weights if file.name.endswith("/set14/x4/comic"))
    place = file.destination
    place.parent.mkdir(parents=True, exist_ok=True)
    image = picture(364, 252)
    save(place, image)
    made = method.open(CPU)(_sample("set14", "img_005", np.zeros((360, 248, 3), np.uint8), "comic"))
    np.testing.assert_array_equal(made, image[2:-2, 2:-2])
    with pytest.raises(Unscorable, match="no output for img_001"):
        method.open(CPU)(_sample("set14", "img_001", np.zeros((8, 8, 3), np.uint8), "baboon"))

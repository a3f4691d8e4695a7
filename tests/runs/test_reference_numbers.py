"""The published numbers and pixels; see tests/reference/README.md for where each comes from."""

from __future__ import annotations

import csv
import functools
import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from srbench.core.records import Pair, Sample
from srbench.datasets.catalogue import DATASETS
from srbench.datasets.folders import find_pairs
from srbench.images.codec import read_image
from srbench.images.pixels import crop_to_multiple
from srbench.images.resize import imresize
from srbench.methods.catalogue import METHODS
from srbench.methods.contract import Runtime
from srbench.metrics.catalogue import METRICS
from srbench.metrics.contract import View
from srbench.protocols import PROTOCOLS
from srbench.studies.reported import per_image
from tests.helpers import command, rows, values

REFERENCE = Path(__file__).parent.parent / "reference"
IMAGES = {"set5": 5, "set14": 14, "bsd100": 100}


def table(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(newline="") as stream:
        return list(csv.DictReader(stream))


@functools.cache
def samples(shared: Path, dataset: str) -> tuple[Sample, ...]:
    found = find_pairs(DATASETS.get(dataset), 4, [shared / "data"])
    return tuple(
        Sample(pair, read_image(pair.reference), read_image(pair.low_resolution))
        for pair in found
        if pair.low_resolution
    )


@functools.cache
def output(shared: Path, dataset: str, method: str) -> tuple[np.ndarray, ...]:
    upscale = METHODS.get(method).open(Runtime())
    return tuple(upscale(sample) for sample in samples(shared, dataset))


@functools.cache
def scores(shared: Path, dataset: str, protocol: str, method: str, metric: str) -> dict[str, float]:
    chosen = PROTOCOLS.get(protocol)
    compute = METRICS.get(metric).score
    made = zip(samples(shared, dataset), output(shared, dataset, method), strict=True)
    return {
        sample.pair.image: compute(View(image, chosen, 4), View(sample.reference, chosen, 4))
        for sample, image in made
    }


def published_pairs(shared: Path) -> Iterator[tuple[str, int, Path, Path]]:
    data = shared / "data"
    for dataset, scales in (("Set5", (2, 3, 4)), ("BSD100", (4,))):
        for scale in scales:
            for high in sorted((data / dataset / f"image_SRF_{scale}").glob("*_HR.png")):
                yield f"{dataset} x{scale}", scale, high, high.with_name(high.name.replace("_HR", "_LR"))
    for scale in (2, 3, 4):
        for high in sorted((data / "rcan_set5_hr" / f"x{scale}").glob("*.png")):
            low = data / "rcan_set5_lr" / f"x{scale}" / high.name.replace("_HR_", "_LRBI_")
            yield f"RCAN Set5 x{scale}", scale, high, low


def test_every_published_low_resolution_image_is_made_bit_for_bit(shared: Path) -> None:
    compared: dict[str, int] = {}
    different: list[str] = []
    for group, scale, high, low in published_pairs(shared):
        compared[group] = compared.get(group, 0) + 1
        if not np.array_equal(imresize(read_image(high), Fraction(1, scale)), read_image(low)):
            different.append(f"{group} {high.name}")
    assert different == []
    expected = {f"{name} x{scale}": 5 for name in ("Set5", "RCAN Set5") for scale in (2, 3, 4)}
    assert compared == expected | {"BSD100 x4": 100}


def test_symmetric_edges_differ_from_the_published_images_at_the_border_only(shared: Path) -> None:
    sample = samples(shared, "set5")[0]
    symmetric = imresize(sample.reference, Fraction(1, 4), edges="symmetric")
    assert not np.array_equal(symmetric, sample.low_resolution)
    assert np.array_equal(symmetric[2:-2, 2:-2], sample.low_resolution[2:-2, 2:-2])


@pytest.mark.parametrize("dataset", ["set5", "bsd100"])
@pytest.mark.parametrize(("metric", "tolerance"), [("psnr_y", 1e-4), ("ssim_y", 1e-5)])
def test_bicubic_of_every_image_agrees_with_selfexsr(
    shared: Path, dataset: str, metric: str, tolerance: float
) -> None:
    published = {
        row["image"]: float(row["value"])
        for row in table("selfexsr_bicubic_x4.csv")
        if (row["dataset"], row["metric"]) == (dataset, metric)
    }
    assert len(published) == IMAGES[dataset]
    assert scores(shared, dataset, "srbench", "bicubic", metric) == pytest.approx(
        published, rel=0, abs=tolerance
    )


@pytest.mark.parametrize("scale", [2, 3])
def test_matlab_agrees_with_selfexsr_at_its_other_scales(shared: Path, tmp_path: Path, scale: int) -> None:
    ended = command(
        "run", "--methods", "bicubic", "--datasets", "set5", "--scale", str(scale), "--protocol", "matlab",
        "--data-root", shared / "data", "--out", tmp_path, "--workers", "1", "--device", "cpu",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    published = {
        ("bicubic", row["image"], row["metric"]): float(row["value"])
        for row in table("selfexsr_bicubic_set5_x2_x3.csv")
        if int(row["scale"]) == scale
    }
    found = {key: float(value) for key, value in values(tmp_path / "scores.csv").items()}
    assert found.keys() == published.keys()
    for key, value in published.items():
        assert found[key] == pytest.approx(value, rel=0, abs=1e-4 if key[2] == "psnr_y" else 1e-5)


# The references at hand are those of x4, cut to multiples of 4; at x2 and x3 the authors' own are larger.
LARGER = {
    ("set14", 2): {"img_005", "img_007", "img_014"},
    ("set14", 3): {"img_005", "img_014"},
}


@pytest.mark.parametrize(
    ("dataset", "scale"), [("set14", 2), ("set14", 3), ("set14", 4), ("bsd100", 2), ("bsd100", 4)]
)
def test_bicubic_of_every_image_agrees_with_selfexsr_at_every_scale(
    shared: Path, dataset: str, scale: int
) -> None:
    """Gray image included; inputs made from the references."""
    metrics = {"psnr_y": 1e-4, "ssim_y": 1e-5}
    published = {
        metric: per_image(scale=scale, dataset=dataset, method="bicubic", metric=metric) for metric in metrics
    }
    matlab = PROTOCOLS.get("matlab")
    checked = 0
    for number, sample in enumerate(samples(shared, dataset)):
        if sample.pair.image in LARGER.get((dataset, scale), ()):
            continue
        reference = crop_to_multiple(sample.reference, scale)
        made = imresize(imresize(reference, Fraction(1, scale)), scale)
        views = View(made, matlab, scale), View(reference, matlab, scale)
        for metric, tolerance in metrics.items():
            found = METRICS.get(metric).score(*views)
            assert found == pytest.approx(published[metric][number], rel=0, abs=tolerance), sample.pair.image
        checked += 1
    assert checked == IMAGES[dataset] - len(LARGER.get((dataset, scale), ()))


def test_rgb_metrics_under_ntire_equal_scikit_image(shared: Path) -> None:
    """As NTIRE's scripts: 6 + scale pixels off, PSNR over all values, SSIM the mean of three channels."""
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    protocol = PROTOCOLS.get("ntire")
    for sample, image in zip(samples(shared, "set5"), output(shared, "set5", "bicubic"), strict=True):
        views = View(image, protocol, 4), View(sample.reference, protocol, 4)
        inner = [pixels[10:-10, 10:-10].astype(float) for pixels in (image, sample.reference)]
        expected = peak_signal_noise_ratio(*inner, data_range=255)
        assert METRICS.get("psnr_rgb").score(*views) == pytest.approx(expected, abs=1e-9)
        similarity = structural_similarity(
            *inner,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            channel_axis=2,
        )
        assert METRICS.get("ssim_rgb").score(*views) == pytest.approx(similarity, abs=1e-9)


@pytest.mark.parametrize(
    "row",
    table("means_x4.csv"),
    ids=lambda row: "-".join(row[key] for key in ("dataset", "protocol", "method", "metric", "value")),
)
def test_means_agree_with_the_papers(shared: Path, row: dict[str, str]) -> None:
    found = scores(shared, row["dataset"], row["protocol"], row["method"], row["metric"])
    assert len(found) == IMAGES[row["dataset"]]
    mean = math.fsum(found.values()) / len(found)
    assert mean == pytest.approx(float(row["value"]), rel=0, abs=float(row["tolerance"]))


@pytest.mark.parametrize(("folder", "method"), [("RCAN", "rcan"), ("RCANplus", "rcanplus")])
def test_rcans_own_images_agree_with_its_numbers(
    shared: Path, tmp_path: Path, folder: str, method: str
) -> None:
    root = tmp_path / "data"
    root.mkdir()
    (root / "Set5").symlink_to(shared / "data" / "rcan_set5_hr" / "x4")
    given = shared / "data" / "rcan_outputs_set5_x4" / folder
    ended = command(
        "run", "--methods", f"outputs:{given}:{method}", "--datasets", "set5", "--protocol", "basicsr",
        "--data-root", root, "--out", tmp_path / "out", "--workers", "1", "--device", "cpu", "--strict",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    published = {
        (method, row["image"], metric): float(row[metric])
        for row in table("rcan_set5_x4.csv")
        if row["method"] == method
        for metric in ("psnr_y", "ssim_y")
    }
    found = {key: float(value) for key, value in values(tmp_path / "out" / "scores.csv").items()}
    assert found.keys() == published.keys()
    for key, value in published.items():
        assert found[key] == pytest.approx(value, rel=0, abs=1e-4 if key[2] == "psnr_y" else 1e-5)


def test_luma_rounding_is_what_separates_rcans_numbers_from_the_usual_table(shared: Path) -> None:
    folder = shared / "data" / "rcan_outputs_set5_x4" / "RCAN"
    for protocol, mean in (("basicsr", 32.634), ("srbench", 32.611)):
        chosen = PROTOCOLS.get(protocol)
        found = []
        for path in sorted(folder.glob("*.png")):
            name = path.name.replace("_RCAN_x4", "_HR_x4")
            reference = read_image(shared / "data" / "rcan_set5_hr" / "x4" / name)
            views = View(read_image(path), chosen, 4), View(reference, chosen, 4)
            found.append(METRICS.get("psnr_y").score(*views))
        assert sum(found) / 5 == pytest.approx(mean, abs=5e-4)


@pytest.mark.parametrize("metric", ["psnr_y", "ssim_y"])
def test_scores_from_references_alone_are_the_same(shared: Path, tmp_path: Path, metric: str) -> None:
    """The inputs that srbench makes give the very scores that the published inputs give."""
    root = tmp_path / "Set5"
    root.mkdir()
    for high in (shared / "data" / "Set5" / "image_SRF_4").glob("*_HR.png"):
        (root / high.name.replace("_SRF_4_HR", "")).symlink_to(high)
    ended = command(
        "run", "--methods", "bicubic", "--datasets", "set5", "--metrics", metric, "--data-root", tmp_path,
        "--out", tmp_path / "out", "--workers", "1", "--device", "cpu",
    )  # fmt: skip
    assert ended.code == 0
    found = {row["image"]: float(row["value"]) for row in rows(tmp_path / "out" / "scores.csv")}
    assert found == scores(shared, "set5", "srbench", "bicubic", metric)


def test_wang_ssim_equals_scikit_image_on_real_images(shared: Path) -> None:
    from skimage.metrics import structural_similarity

    found = scores(shared, "set5", "srbench", "bicubic", "ssim_y")
    protocol = PROTOCOLS.get("srbench")
    for sample, image in zip(samples(shared, "set5"), output(shared, "set5", "bicubic"), strict=True):
        planes = [View(pixels, protocol, 4).luma.astype(float) for pixels in (image, sample.reference)]
        expected = structural_similarity(
            *planes, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        assert found[sample.pair.image] == pytest.approx(expected, abs=1e-9)


def test_the_catalogue_knows_which_image_is_which(shared: Path) -> None:
    """RCAN's `baby` and SelfExSR's `img_001` are one picture."""
    found: list[Pair] = find_pairs(DATASETS.get("set5"), 4, [shared / "data"])
    for pair in found:
        (alias,) = pair.aliases
        other = read_image(shared / "data" / "rcan_set5_hr" / "x4" / f"{alias}_HR_x4.png")
        assert np.array_equal(read_image(pair.reference), other)

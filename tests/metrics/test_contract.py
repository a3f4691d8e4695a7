"""Views and the contract of metrics: what is measured, and what becomes a reason."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from srbench.core.records import Unscorable
from srbench.core.weights import WeightFile
from srbench.images.pixels import as_rgb, luma
from srbench.metrics.catalogue import METRICS
from srbench.metrics.contract import Metric, View
from srbench.metrics.luma.distortion import psnr
from srbench.protocols import PROTOCOLS
from tests.helpers import picture

SRBENCH = PROTOCOLS.get("srbench")


def metric(compute: Callable[[View, View], float], **fields: object) -> Metric:
    settings: dict[str, object] = {"higher_is_better": True, "needs_reference": True} | fields
    return Metric(name="m", title="M", unit="", source="", compute=compute, **settings)  # type: ignore[arg-type]


def constant(value: float) -> Callable[[View, View], float]:
    return lambda output, reference: value if output.image.size and reference.image.size else math.inf


def view(image: np.ndarray, protocol: str = "srbench", scale: int = 4, **options: object) -> View:
    return View(image, PROTOCOLS.get(protocol), scale, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("protocol", "scale", "border"),
    [("srbench", 2, 4), ("basicsr", 2, 2), ("basicsr", 3, 3), ("niqe-release", 4, 0)],
)
def test_the_border_is_the_protocols(protocol: str, scale: int, border: int) -> None:
    image = picture(30, 40)
    inner = image[border : 30 - border, border : 40 - border]
    seen = view(image, protocol, scale)
    assert np.array_equal(seen.cropped, inner)
    assert np.array_equal(seen.rgb, inner)
    kind = PROTOCOLS.get(protocol).luma
    assert np.array_equal(seen.luma, luma(inner, kind, gray="full-range"))


def test_each_form_is_computed_once() -> None:
    seen = view(picture(20, 20))
    assert seen.luma is seen.luma
    calls = []
    for _ in range(3):
        assert seen.keep("key", lambda: calls.append(1) or 5) == 5
    assert seen.keep("other", lambda: 6) == 6
    assert len(calls) == 1


def test_equal_channels_measured_against_a_grayscale_reference() -> None:
    gray = picture(24, 24, channels=1)
    score = METRICS.get("psnr_y").score
    assert score(view(as_rgb(gray), gray_reference=True), view(gray)) == math.inf
    changed = gray.copy()
    changed[10, 10] ^= 64
    expected = psnr(changed[4:-4, 4:-4], gray[4:-4, 4:-4])  # full range: a gray file is its own luma
    assert score(view(as_rgb(changed), gray_reference=True), view(gray)) == expected


def test_a_grayscale_output_of_a_colour_reference_is_three_equal_channels() -> None:
    gray = picture(24, 24, channels=1)
    score = METRICS.get("psnr_y").score
    assert score(view(gray, gray_reference=False), view(as_rgb(gray), gray_reference=False)) == math.inf


def test_a_grayscale_pair_under_replicate_is_limited_range() -> None:
    gray = picture(24, 24, channels=1)
    seen = view(gray, "srgan", gray_reference=True)
    assert np.array_equal(seen.luma, luma(as_rgb(gray[4:-4, 4:-4]), "daala", gray="replicate"))


def test_sizes_must_agree() -> None:
    with pytest.raises(Unscorable, match="the output is 20x24, the reference 24x20"):
        METRICS.get("psnr_y").score(view(picture(24, 20)), view(picture(20, 24)))


def test_a_reference_is_needed_or_not() -> None:
    seen = view(picture(20, 20))
    with pytest.raises(Unscorable, match="m needs a reference"):
        metric(constant(1.0)).score(seen, None)
    assert metric(constant(2.0), needs_reference=False).score(seen, None) == 2.0


def test_not_a_number_is_a_reason() -> None:
    seen = view(picture(20, 20))
    with pytest.raises(Unscorable, match="m is not a number"):
        metric(constant(math.nan)).score(seen, seen)


def test_infinity_is_a_value() -> None:
    seen = view(picture(20, 20))
    assert METRICS.get("psnr_y").score(seen, view(picture(20, 20))) == math.inf


@pytest.mark.parametrize("name", ["psnr_y", "ssim_y", "ssim_daala", "rmse_y"])
def test_too_small_for_the_border_is_a_reason(name: str) -> None:
    small = view(picture(8, 30))
    with pytest.raises(Unscorable, match="30x8 pixels leave nothing after a 4-pixel border crop"):
        METRICS.get(name).score(small, view(picture(8, 30)))


def test_too_small_for_the_window_is_a_reason_for_ssim_only() -> None:
    small = view(picture(18, 30))
    assert METRICS.get("psnr_y").score(small, small) == math.inf
    with pytest.raises(Unscorable, match="22x10 pixels are smaller than the 11x11 window"):
        METRICS.get("ssim_y").score(small, small)


def test_a_metric_alone_equals_the_metric_among_others() -> None:
    output, reference = picture(40, 40, 1), picture(40, 40, 2)
    names = ["psnr_y", "ssim_y", "ssim_daala", "rmse_y"]
    shared_output, shared_reference = view(output), view(reference)
    for name in names:
        alone = METRICS.get(name).score(view(output), view(reference))
        assert METRICS.get(name).score(shared_output, shared_reference) == alone


def test_a_missing_package_is_said_with_the_way_to_get_it() -> None:
    missing = metric(constant(1.0), modules=("no_such_package",))
    assert (
        missing.unavailable() == "the package no_such_package is not installed: pip install no_such_package"
    )


def test_missing_weights_are_said_with_the_command() -> None:
    file = WeightFile(name="w", sha256=("0" * 64,), homepage="h", license="l", citation="c")
    missing = metric(constant(1.0), weights=(file,))
    assert missing.unavailable() == "weights w are not here: srbench metrics pull m --from FILE (h)"


def test_directions_units_and_means_of_the_distortion_metrics() -> None:
    told = {
        name: (found.higher_is_better, found.unit, found.aggregate)
        for name in ("psnr_y", "ssim_y", "ssim_daala", "rmse_y")
        if (found := METRICS.get(name))
    }
    assert told == {
        "psnr_y": (True, "dB", "mean"),
        "ssim_y": (True, "", "mean"),
        "ssim_daala": (True, "", "mean"),
        "rmse_y": (False, "grey levels", "root-mean-square"),
    }


def test_the_path_that_plug_ins_were_given_first_is_kept() -> None:
    from srbench.metrics import view as first

    assert first.View is View

"""Wang's SSIM against scikit-image, daala's against a direct evaluation of dump_ssim."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from srbench.core.records import Unscorable
from srbench.metrics.luma.structural_similarity import daala_kernel, ssim_daala, ssim_wang
from tests.helpers import picture


def planes(height: int, width: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    reference = picture(height, width, seed, channels=1)
    noise = np.random.default_rng(seed + 1).normal(0, 12, reference.shape)
    return np.clip(reference + noise, 0, 255).astype(np.uint8), reference


def by_scikit_image(output: np.ndarray, reference: np.ndarray) -> float:
    # gaussian_weights with sigma 1.5 is an 11x11 window; the mean leaves out 5 pixels on each side.
    return float(
        structural_similarity(
            output.astype(float), reference.astype(float), data_range=255, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False,
        )
    )  # fmt: skip


@pytest.mark.parametrize("size", [(11, 11), (11, 40), (40, 12), (61, 97), (128, 128)])
@pytest.mark.parametrize("seed", [0, 1])
def test_wang_equals_scikit_image(size: tuple[int, int], seed: int) -> None:
    output, reference = planes(*size, seed)
    assert ssim_wang(output, reference) == pytest.approx(by_scikit_image(output, reference), abs=1e-9)


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_wang_on_flat_areas(grey: int) -> None:
    reference = picture(30, 30, 5, channels=1)
    reference[:, :15] = grey
    output = reference.copy()
    output[::2, :15] ^= 1
    assert ssim_wang(output, reference) == pytest.approx(by_scikit_image(output, reference), abs=1e-9)


def test_wang_of_unrounded_planes() -> None:
    generator = np.random.default_rng(3)
    output, reference = generator.uniform(16, 235, (2, 33, 29))
    assert ssim_wang(output, reference) == pytest.approx(by_scikit_image(output, reference), abs=1e-9)


@pytest.mark.parametrize("ssim", [ssim_wang, ssim_daala])
def test_identical_planes_have_one(ssim: object) -> None:
    plane = picture(40, 50, channels=1)
    assert ssim(plane, plane.copy()) == pytest.approx(1, abs=1e-12)  # type: ignore[operator]
    flat = np.zeros((20, 20), np.uint8)
    assert ssim(flat, flat.copy()) == 1  # type: ignore[operator]


def test_black_against_white_by_hand() -> None:
    black, white = np.zeros((15, 15), np.uint8), np.full((15, 15), 255, np.uint8)
    c1 = (0.01 * 255) ** 2
    expected = c1 / (255**2 + c1)  # no variance: only the luminance term is left
    assert ssim_wang(black, white) == pytest.approx(expected, rel=1e-9)
    assert ssim_daala(black, white) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("size", [(10, 50), (50, 10), (1, 1)])
def test_smaller_than_the_window_is_unscorable(size: tuple[int, int]) -> None:
    with pytest.raises(Unscorable, match="smaller than the 11x11 window"):
        ssim_wang(np.zeros(size, np.uint8), np.zeros(size, np.uint8))


@pytest.mark.parametrize("ssim", [ssim_wang, ssim_daala])
def test_sizes_must_agree(ssim: object) -> None:
    with pytest.raises(ValueError, match="two planes of one size"):
        ssim(np.zeros((20, 20)), np.zeros((20, 21)))  # type: ignore[operator]


def dump_ssim_kernel(sigma: float, longest: int) -> list[int]:
    """`gaussian_filter_init` of dump_ssim.c with its integer arithmetic."""
    weight = 1 << 8
    s = math.sqrt(0.5 * math.pi) * sigma * (1.0 / weight)
    length = 0.0 if s >= 1 else math.floor(sigma * math.sqrt(-2 * math.log(s)))
    reach = longest - 1 if length >= longest else int(length)
    scale = 1 / (math.sqrt(2 * math.pi) * sigma)
    side = [int(weight * scale * math.exp(-0.5 / (sigma * sigma) * i * i) + 0.5) for i in range(1, reach + 1)]
    return [*side[::-1], weight - 2 * sum(side), *side]


def dump_ssim(source: np.ndarray, output: np.ndarray) -> float:
    """`calc_ssim` of dump_ssim.c on square pixels, position by position in integers."""
    height, width = source.shape
    kernel = dump_ssim_kernel(height * (1.5 / 256), min(height, width))
    reach = len(kernel) // 2
    total = mass_total = 0.0
    for y in range(height):
        for x in range(width):
            mux = muy = x2 = xy = y2 = mass = 0
            for i in range(max(0, y - reach), min(height, y + reach + 1)):
                for j in range(max(0, x - reach), min(width, x + reach + 1)):
                    window = kernel[i - y + reach] * kernel[j - x + reach]
                    s, d = int(source[i, j]), int(output[i, j])
                    mux += window * s
                    muy += window * d
                    x2 += window * s * s
                    xy += window * s * d
                    y2 += window * d * d
                    mass += window
            c1 = 255 * 255 * (0.01 * 0.01) * mass * mass
            c2 = 255 * 255 * (0.03 * 0.03) * mass * mass
            mxx, mxy, myy = float(mux * mux), float(mux * muy), float(muy * muy)
            value = (2 * mxy + c1) * (c2 + 2 * (xy * mass - mxy))
            total += mass * value / ((mxx + myy + c1) * (x2 * mass - mxx + y2 * mass - myy + c2))
            mass_total += mass
    return total / mass_total


@pytest.mark.parametrize("size", [(8, 9), (24, 40), (72, 16), (90, 12), (200, 5), (180, 3)])
def test_daala_equals_dump_ssim(size: tuple[int, int]) -> None:
    output, reference = planes(*size, 7)
    assert ssim_daala(output, reference) == pytest.approx(dump_ssim(reference, output), abs=1e-12)


@pytest.mark.parametrize("height", [16, 48, 180, 248, 320, 504, 1080, 2160])
def test_daala_kernel_is_that_of_dump_ssim(height: int) -> None:
    kernel = daala_kernel(height * 1.5 / 256, height)
    assert kernel.tolist() == dump_ssim_kernel(height * (1.5 / 256), height)
    assert kernel.sum() == 256
    assert len(kernel) % 2 == 1


def test_daala_window_follows_the_height_and_not_the_width() -> None:
    output, reference = planes(64, 200, 9)
    across, down = ssim_daala(output, reference), ssim_daala(output.T, reference.T)
    assert abs(across - down) > 1e-4


@pytest.mark.parametrize("ssim", [ssim_wang, ssim_daala])
def test_memory_layout_does_not_matter(ssim: object) -> None:
    output, reference = planes(40, 44, 11)
    expected = ssim(output, reference)  # type: ignore[operator]
    assert ssim(np.asfortranarray(output), reference.astype(float)) == expected  # type: ignore[operator]

"""From images to tensors and back: ranges, colours, tiles, batches, refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from srbench.core.records import Unscorable
from srbench.images.pixels import luma, to_bytes
from srbench.images.resize import imresize, imresize_double, pil_reduce, tensorflow1_bicubic
from srbench.methods.contract import Runtime
from srbench.methods.networks.specification import NetworkSpec
from srbench.methods.running.inference import region
from srbench.methods.running.tiling import Box, grid
from tests.methods.models import grey_difference, picture, sample, upscaler


class Repeat(nn.Module):
    """Nearest-neighbour enlargement with one parameter, so that it has a device."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1))
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        return self.gain * x.repeat_interleave(self.scale, 2).repeat_interleave(self.scale, 3)


class Constant(Repeat):
    def __init__(self, value: float, scale: int, channels: int = 3) -> None:
        super().__init__(scale)
        self.value, self.channels = value, channels

    def forward(self, x: Tensor) -> Tensor:
        return torch.full_like(super().forward(x)[:, : self.channels], self.value)


def repeat_spec(scale: int, **changes: object) -> NetworkSpec:
    return NetworkSpec(build=lambda: Repeat(scale), scale=scale, radius=0, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("ranges", [((0, 1), (0, 1)), ((0, 255), (0, 255)), ((-1, 1), (-1, 1))])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 3)])
def test_identity_returns_the_pixels(ranges: tuple[tuple, tuple], size: tuple[int, int]) -> None:
    image = picture(*size)
    run = upscaler(repeat_spec(2, input_range=ranges[0], output_range=ranges[1]), Repeat(2))
    np.testing.assert_array_equal(run(sample(image, 2)), image.repeat(2, 0).repeat(2, 1))


def test_ranges_of_input_and_output_may_differ() -> None:
    image = picture(4, 4)
    result = upscaler(repeat_spec(1, output_range=(-1, 1)), Repeat(1))(sample(image, 1))
    assert np.abs(result - (image / 255 + 1) * 127.5).max() <= 0.5 + 1e-4


@pytest.mark.parametrize(
    ("value", "expected"), [(-3, 0), (0.4999, 0), (0.5, 1), (1.5, 2), (254.5, 255), (900, 255)]
)
def test_rounds_half_up_and_clamps(value: float, expected: int) -> None:
    assert to_bytes(np.array([value]))[0] == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(Unscorable, match=r"test-network gave values that are not finite \(image image\)"):
        upscaler(repeat_spec(2), Constant(value, 2))(sample(picture(4, 4), 2))


def test_another_size_is_refused() -> None:
    with pytest.raises(Unscorable, match="returned 24x24 where 16x16 is expected"):
        upscaler(repeat_spec(2), Repeat(3))(sample(picture(8, 8), 2))


def test_another_number_of_channels_is_refused() -> None:
    with pytest.raises(Unscorable, match="gave 1 channels, not 3"):
        upscaler(repeat_spec(2), Constant(0.5, 2, channels=1))(sample(picture(8, 8), 2))


def test_grayscale_input_of_an_rgb_network_is_replicated() -> None:
    image = picture(4, 5, gray=True)
    result = upscaler(repeat_spec(2), Repeat(2))(sample(image, 2))
    np.testing.assert_array_equal(result, np.stack([image.repeat(2, 0).repeat(2, 1)] * 3, axis=-1))


def test_grayscale_input_of_a_luma_network_stays_grayscale() -> None:
    image = picture(4, 5, gray=True)
    result = upscaler(repeat_spec(2, color="luma"), Repeat(2))(sample(image, 2))
    np.testing.assert_array_equal(result, image.repeat(2, 0).repeat(2, 1))


def test_luma_network_that_changes_nothing_gives_bicubic() -> None:
    image = picture(9, 8)
    run = upscaler(repeat_spec(1, color="luma"), Repeat(1))
    np.testing.assert_array_equal(run(sample(image, 1)), image)
    spec = NetworkSpec(build=lambda: Repeat(1), scale=4, color="luma", input="enlarged", radius=0)
    result = upscaler(spec, Repeat(1))(sample(image, 4))
    np.testing.assert_array_equal(result, to_bytes(imresize_double(image, 4)))


def test_luma_network_decides_luma_and_bicubic_the_colours() -> None:
    image = np.full((6, 6, 3), (90, 100, 110), np.uint8)
    target = 130.0
    spec = repeat_spec(2, color="luma")
    result = upscaler(spec, Constant(target / 255, 2, channels=1))(sample(image, 2))
    assert np.abs(luma(result, "bt601", gray="full-range") - target).max() < 0.5
    assert np.abs(np.diff(result.astype(int), axis=-1) - 10).max() <= 1


@pytest.mark.parametrize("residual", ["tensorflow1-bicubic", "pil-bicubic"])
def test_residuals_are_added_to_the_enlargement(residual: str) -> None:
    from PIL import Image

    image = picture(7, 6)
    result = upscaler(repeat_spec(4, residual=residual), Constant(0.0, 4))(sample(image, 4))
    expected = {
        "tensorflow1-bicubic": to_bytes(tensorflow1_bicubic(image, 4)),
        "pil-bicubic": np.asarray(Image.fromarray(image).resize((24, 28), Image.Resampling.BICUBIC)),
    }[residual]
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("edges", ["clamp", "symmetric"])
@pytest.mark.parametrize("box", [Box(0, 5, 0, 9), Box(13, 30, 7, 50), Box(40, 60, 33, 52), Box(0, 60, 0, 52)])
def test_a_region_of_an_enlargement_needs_its_surroundings_only(box: Box, edges: str) -> None:
    image = picture(15, 13)
    whole = imresize_double(image, 4, edges=edges)  # type: ignore[arg-type]
    part = region(image, 4, box, lambda piece: imresize_double(piece, 4, edges=edges))  # type: ignore[arg-type]
    np.testing.assert_allclose(part, whole[box.slices], rtol=0, atol=1e-9)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (100, 30), (37, 1001), (200, 200)])
@pytest.mark.parametrize("radius", [0, 5, None])
@pytest.mark.parametrize("pixels", [1, 900, 5000, 10**6])
def test_tiles_cover_every_pixel_once(height: int, width: int, radius: int | None, pixels: int) -> None:
    seen = np.zeros((height, width), int)
    for box in grid(height, width, pixels, radius):
        seen[box.slices] += 1
        outer = box.grown(radius or 0, height, width)
        area = (outer.bottom - outer.top) * (outer.right - outer.left)
        if radius is not None:
            smallest = 16 + 2 * radius
            assert area <= max(pixels, smallest**2, min(height, smallest) * max(smallest, pixels // smallest))
    assert (seen == 1).all()


def test_a_batch_needs_equal_sizes() -> None:
    run = upscaler(repeat_spec(2), Repeat(2))
    with pytest.raises(ValueError, match="one size"):
        run.batch([picture(4, 4), picture(4, 5)])


def test_memory_is_bounded_by_tiles() -> None:
    class Watched(Repeat):
        largest = 0

        def forward(self, x: Tensor) -> Tensor:
            Watched.largest = max(Watched.largest, x.shape[-1] * x.shape[-2])
            return super().forward(x)

    image = picture(300, 400)
    runtime = Runtime(max_memory=4_000_000)
    result = upscaler(repeat_spec(2), Watched(2), runtime)(sample(image, 2))
    np.testing.assert_array_equal(result, image.repeat(2, 0).repeat(2, 1))
    assert 64 < Watched.largest < 300 * 400 / 2


def test_columns_of_convolutions_in_double_precision_count_as_memory() -> None:
    """On a CPU torch lays such a convolution out as 25 values for each pixel and channel."""
    inner, budget, seen = 16, 8_000_000, []
    network = nn.Sequential(nn.Conv2d(1, inner, 1), nn.Conv2d(inner, 1, 5, padding=2))
    network[1].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0][0, 0].numel()))
    spec = NetworkSpec(build=lambda: network, scale=1, color="luma-8bit", radius=2)
    run = upscaler(spec, network, Runtime(max_memory=budget))
    seen.clear()  # of the image by which costs are counted
    run(sample(picture(200, 300)[..., 0], 1))
    assert len(seen) > 1
    assert max(seen) * 25 * inner * 8 <= budget


def test_reduced_and_enlarged_again_in_one_level_of_the_double_form() -> None:
    """The enlarged input of luma networks is MATLAB's double form: no rounding between the passes."""
    small = pil_reduce(picture(32, 32), 4, kernel="bicubic")
    assert grey_difference(to_bytes(imresize_double(small, 4)), imresize(small, 4)) <= 1


def test_half_precision_only_where_it_is_faithful() -> None:
    """The choice itself, on the CPU; it is made on CUDA devices only."""
    image = sample(picture(12, 9), 2)
    small = upscaler(repeat_spec(2), Repeat(2))
    before = small(image)
    assert small.use_half_where_faithful()
    assert grey_difference(before, small(image)) <= 1

    class Cancels(Repeat):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x * 1000 + 30000 * self.gain) / 1000 - 30 * self.gain

    wide = upscaler(repeat_spec(2), Cancels(2))
    before = wide(image)
    assert not wide.use_half_where_faithful()
    np.testing.assert_array_equal(wide(image), before)

"""Every network: parameter counts, sizes, dependency radius, tiles, batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from srbench.methods import architectures
from srbench.methods.contract import Runtime
from srbench.methods.specification import NetworkSpec
from tests.methods.models import grey_difference, picture, random_network, sample, upscaler

# Name: specification, parameters, where the count comes from.
NETWORKS: dict[str, tuple[NetworkSpec, int, str]] = {
    "enhancenet": (
        architectures.ENHANCENET,
        852_867,
        "the values of the authors' checkpoint: 25 convolutions of 3x3 with biases",
    ),
    "vdsr": (
        architectures.VDSR,
        664_704,
        "VDSR section 3.1: 2 x 64 x 9 + 18 x 64 x 64 x 9; 0.67 M in later papers' tables; no biases",
    ),
    "lapsrn": (
        architectures.LAPSRN,
        870_112,
        "0.87 M in Table 3 of LapSRN's journal version at 4x; the third party's file, no biases",
    ),
}
EVERY = pytest.mark.parametrize("name", NETWORKS)


@EVERY
def test_parameter_count(name: str) -> None:
    spec, expected, _ = NETWORKS[name]
    assert sum(tensor.numel() for tensor in spec.build().parameters()) == expected


@EVERY
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 2), (11, 13)])
def test_every_size_gives_exactly_scale_times_the_size(name: str, size: tuple[int, int]) -> None:
    spec = NETWORKS[name][0]
    result = upscaler(spec)(sample(picture(*size), spec.scale))
    assert result.shape == (size[0] * spec.scale, size[1] * spec.scale, 3)
    assert result.dtype == np.uint8


@EVERY
def test_tiled_equals_whole(name: str) -> None:
    spec = NETWORKS[name][0]
    module = random_network(spec)
    width = 2 * spec.radius + 40
    width = width // spec.scale if spec.input == "enlarged" else width
    image = sample(picture(5, width), spec.scale)
    whole = upscaler(spec, module)(image)
    tiled = upscaler(spec, module, Runtime(max_memory=1))(image)
    assert grey_difference(whole, tiled) <= 1
    assert len(np.unique(whole)) > 20  # a flat image would prove nothing


@EVERY
def test_batch_of_one_equals_batch_of_several(name: str) -> None:
    spec = NETWORKS[name][0]
    run = upscaler(spec)
    images = [picture(9, 12, seed=seed) for seed in range(3)]
    for image, result in zip(images, run.batch(images), strict=True):
        np.testing.assert_array_equal(result, run.batch([image])[0])


@EVERY
def test_radius_covers_what_an_output_pixel_depends_on(name: str) -> None:
    spec = NETWORKS[name][0]
    module = random_network(spec).double()
    channels = 1 if spec.color == "luma" else 3
    width = 2 * spec.radius + 5
    x = torch.rand(1, channels, 3, width, dtype=torch.float64, requires_grad=True)
    middle = width // 2 * spec.factor
    module(x)[..., middle : middle + spec.factor].sum().backward()
    assert x.grad is not None
    columns = torch.nonzero(x.grad.abs().sum(dim=(0, 1, 2)) > 0).flatten()
    assert int((columns - width // 2).abs().max()) <= spec.radius

"""Every network: parameter counts, sizes, dependency radius, tiles, batches."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pytest
import torch

from srbench.methods.contract import Runtime
from srbench.methods.families.drcn import DRCN
from srbench.methods.families.edsr import EDSR, EDSR_BASELINE, edsr, edsr_baseline
from srbench.methods.families.enhancenet import ENHANCENET
from srbench.methods.families.espcn import ESPCN, espcn
from srbench.methods.families.lapsrn import LAPSRN, MS_LAPSRN, lapsrn, ms_lapsrn
from srbench.methods.families.rcan import RCAN, rcan
from srbench.methods.families.rrdb import RRDB_23, rrdb
from srbench.methods.families.srcnn import ENLARGING_SRCNN, SRCNN
from srbench.methods.families.srresnet import MSRRESNET, SRRESNET, srresnet
from srbench.methods.families.tsrn import TSRN, TSRN_8X
from srbench.methods.families.vdsr import VDSR
from srbench.methods.networks import discriminators
from srbench.methods.networks.specification import NetworkSpec, stages_of
from srbench.methods.running.inference import NetworkUpscaler
from srbench.methods.running.tiling import Plan, run
from tests.methods.models import grey_difference, picture, random_network, sample, upscaler

# Name: specification, parameters, where the count comes from.
NETWORKS: dict[str, tuple[NetworkSpec, int, str]] = {
    "srcnn": (SRCNN, 57_281, "57k: SRCNN (TPAMI 2016) section 4.3.3 without biases: 57,184"),
    "srcnn-mmagic": (
        ENLARGING_SRCNN,
        20_099,
        "3x64 of 9x9, 64x32 of 1x1 and 32x3 of 5x5 with biases, as MMagic's SRCNN has them",
    ),
    "espcn": (ESPCN, 24_752, "5x5x64, 3x3x32 and 3x3x16 filters with biases"),
    "vdsr": (
        VDSR,
        664_704,
        "0.67 M: VDSR section 3.1 is 2 x 64 x 9 + 18 x 64 x 64 x 9; the file in circulation has no biases",
    ),
    "drcn": (
        DRCN,
        1_775_121,
        "1,774k (CARN, ECCV 2018, Table 5); DRCN section 3 with biases and the 16 weights is 1,775,121",
    ),
    "lapsrn": (
        LAPSRN,
        870_112,
        "0.87 M: 4x4 transposed convolutions as in the file in circulation; LapSRN (TPAMI 2018) has 812k, "
        "with the 3x3 transposed convolutions of its MS variant",
    ),
    "ms-lapsrn": (MS_LAPSRN, 222_801, "222k: LapSRN (TPAMI 2018) Table 3, D5R8"),
    "edsr-baseline": (EDSR_BASELINE, 1_517_571, "1.52 M: EDSR-PyTorch, 16 blocks of 64 at 4x"),
    "edsr": (EDSR, 43_089_923, "43.1 M: EDSR (CVPRW 2017) Table 1 says 43M"),
    "rcan": (RCAN, 15_592_355, "15.6 M: RCAN (ECCV 2018) section 4.5 says 16M; 15.59 M at 4x"),
    "srresnet": (SRRESNET, 1_547_350, "1.55 M: SRGAN Figure 4, one PReLU slope per layer"),
    "msrresnet": (
        MSRRESNET,
        1_517_571,
        "1.52 M: the layers of EDSR-baseline, whose count it shares",
    ),
    "enhancenet": (
        ENHANCENET,
        852_867,
        "the values of the authors' checkpoint: 25 convolutions of 3x3 with biases",
    ),
    "rrdb-16": (rrdb(16), 11_662_019, "RRDBNet of 16 RRDBs, not the paper's 16 residual blocks"),
    "rrdb-23": (RRDB_23, 16_697_987, "16.70 M: ESRGAN section 4.1, 23 blocks"),
    "tsrn": (TSRN, 1_074_435, "TSRN's `Model_4x`"),
    "tsrn-8x": (TSRN_8X, 1_222_147, "TSRN's `Model_8x` without its unused normalisation"),
}
EVERY = pytest.mark.parametrize("name", NETWORKS)
HEAVY = ("drcn", "edsr", "rcan", "rrdb-16", "rrdb-23")
EVERY_HEAVY_ONES_SLOW = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in HEAVY)) for name in NETWORKS]
)
STAGED = [name for name, (spec, _, _) in NETWORKS.items() if hasattr(spec.build(), "stages")]


@lru_cache(maxsize=1)  # tests run network by network, so one is enough
def whole_upscaler(name: str) -> NetworkUpscaler:
    return upscaler(NETWORKS[name][0])


@EVERY
def test_parameter_count(name: str) -> None:
    spec, expected, _ = NETWORKS[name]
    with torch.device("meta"):
        assert sum(tensor.numel() for tensor in spec.build().parameters()) == expected


@EVERY
@pytest.mark.parametrize("size", [(1, 1), (3, 7), (1, 1001)])
def test_every_size_gives_exactly_scale_times_the_size(name: str, size: tuple[int, int]) -> None:
    spec = NETWORKS[name][0]
    result = whole_upscaler(name)(sample(picture(*size), spec.scale))
    assert result.shape == (size[0] * spec.scale, size[1] * spec.scale, 3)
    assert result.dtype == np.uint8


@EVERY_HEAVY_ONES_SLOW
def test_tiled_equals_whole(name: str) -> None:
    spec = NETWORKS[name][0]
    module = random_network(spec)
    width = 53 if name in STAGED else 2 * (spec.radius or 0) + 40
    width = width // spec.scale if spec.input == "enlarged" else width
    image = sample(picture(3, width), spec.scale)
    whole = upscaler(spec, module)(image)
    tiled = upscaler(spec, module, Runtime(max_memory=1))(image)
    assert grey_difference(whole, tiled) <= 1
    assert len(np.unique(whole)) > 20  # a flat image would prove nothing


@EVERY
def test_tiles_are_exact_but_for_rounding(name: str) -> None:
    """In double precision whole and tiled agree to 1e-9, so every stated radius is large enough."""
    spec = NETWORKS[name][0]
    module = random_network(spec).double()
    channels = 1 if spec.color == "luma" else 3
    width = 53 if name in STAGED else 2 * (spec.radius or 0) + 40
    x = torch.rand(1, channels, 2, width, generator=torch.Generator().manual_seed(3)).double()
    stages = stages_of(module, spec)
    plan = Plan((1e9, 0), stages[0], stages, ((1e9, 0),) * len(stages))
    with torch.inference_mode():
        whole = module(x)
        tiles = list(run(plan, x, max_memory=1))
    assert len(tiles) > 1
    for box, tile in tiles:
        torch.testing.assert_close(tile, whole[(..., *box.slices)], rtol=1e-9, atol=1e-9)


@EVERY_HEAVY_ONES_SLOW
def test_batch_of_one_equals_batch_of_several(name: str) -> None:
    """On a CPU `batch` takes images one by one; what GPUs do with them is one tensor of all of them."""
    upscale = whole_upscaler(name)
    images = [picture(5, 4, seed=seed) for seed in range(2)]
    together = upscale.together(images, np.uint8)
    for image, result, alone in zip(images, together, upscale.batch(images), strict=True):
        np.testing.assert_array_equal(alone, upscale.batch([image])[0])
        assert grey_difference(result, alone) <= 1  # libraries sum in another order for another batch size


@pytest.mark.parametrize(
    "name", [name for name in NETWORKS if name not in ("edsr", "rcan", "rrdb-16", "rrdb-23")]
)
def test_radius_covers_what_an_output_pixel_depends_on(name: str) -> None:
    spec = NETWORKS[name][0]
    assert spec.radius is not None
    module = random_network(spec).double()
    channels = 1 if spec.color == "luma" else 3
    width = 2 * spec.radius + 5
    x = torch.rand(1, channels, 1, width, dtype=torch.float64, requires_grad=True)
    middle = width // 2 * spec.factor
    module(x)[..., middle : middle + spec.factor].sum().backward()
    assert x.grad is not None
    columns = torch.nonzero(x.grad.abs().sum(dim=(0, 1, 2)) > 0).flatten()
    assert int((columns - width // 2).abs().max()) == spec.radius


# Parameters of layers as the papers give them; SRGAN's count is the usual reimplementations'.
@pytest.mark.parametrize(
    ("kind", "size", "parameters"),
    [
        (discriminators.SRGANDiscriminator, 96, 23_563_649),
        (discriminators.EnhanceNetDiscriminator, 128, 13_102_881),
        (discriminators.ESRGANDiscriminator, 128, 14_499_401),
    ],
)
def test_discriminators(kind: type, size: int, parameters: int) -> None:
    network = kind(size).eval()
    assert sum(tensor.numel() for tensor in network.parameters()) == parameters
    assert network(torch.rand(2, 3, size, size)).shape == (2, 1)


@pytest.mark.parametrize("make", [edsr, rcan, edsr_baseline, espcn, srresnet, lapsrn, ms_lapsrn])
@pytest.mark.parametrize("scale", [2, 3, 4, 8])
def test_other_scales(make: Callable[[int], NetworkSpec], scale: int) -> None:
    if scale == 3 and make in (srresnet, lapsrn, ms_lapsrn):
        with pytest.raises((ValueError, KeyError)):
            make(3).build()
        return
    spec = make(scale)
    with torch.device("meta"):
        x = torch.empty(1, 1 if spec.color == "luma" else 3, 5, 6)
        assert spec.build()(x).shape[2:] == (5 * scale, 6 * scale)

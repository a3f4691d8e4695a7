"""Networks that start at bicubic enlargement do: they give it, but for little, before they have learned."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from srbench.core.records import UsageError
from srbench.images.resize import imresize
from srbench.methods.contract import Runtime
from srbench.methods.running.inference import NetworkUpscaler
from srbench.train.networks import build_generator, specification
from tests.helpers import picture
from tests.train.small import small

_BORDER = 8  # where padding shows, in output pixels


@pytest.mark.parametrize(
    ("name", "tolerance"), [("srcnn", 1.0), ("espcn", 3.0), ("fsrcnn", 4.0), ("srresnet-mse", 3.0)]
)
def test_the_start_is_near_bicubic_enlargement(name: str, tolerance: float) -> None:
    """`tolerance`, in grey levels, bounds the root mean square of the difference.

    ESPCN's tanh bends its path a little, its path and SRResNet's have fewer taps, and FSRCNN's is linear.
    """
    recipe = small(name, start_at_bicubic=True)
    torch.manual_seed(0)
    upscale = NetworkUpscaler(build_generator(recipe), specification(recipe), Runtime(), name)
    image = imresize(picture(96, 80), 0.5)
    output = upscale.batch([image])[0].astype(float)
    expected = imresize(image, 4).astype(float)
    inner = slice(_BORDER, -_BORDER)
    difference = (output - expected)[inner, inner]
    assert np.sqrt(np.mean(difference**2)) < tolerance


def test_other_networks_have_no_such_start() -> None:
    with pytest.raises(UsageError, match="start_at_bicubic"):
        build_generator(small("vdsr", start_at_bicubic=True))

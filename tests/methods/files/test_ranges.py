"""The value range of a network is found from what it restores; the networks are the shipped ones, wrapped."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from srbench.methods.catalogue import METHODS
from srbench.methods.files.ranges import MARGIN, find_ranges
from srbench.methods.networks.method import NetworkMethod


@pytest.mark.parametrize("true", [(0.0, 1.0), (-1.0, 1.0), (-0.5, 0.5), (0.0, 255.0)])
def test_a_wrapped_network_has_the_range_of_its_wrapping_or_none_that_is_sure(
    true: tuple[float, float],
) -> None:
    method = METHODS.get("espcn")
    assert isinstance(method, NetworkMethod)
    network = method.module(4)
    low, high = true

    def answer(image: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            result = network(torch.from_numpy((image - low) / (high - low)).float()[None])
        return np.asarray(result[0].numpy() * (high - low) + low)

    found = find_ranges(answer, 4, 1)
    assert found is not None
    assert (found.input, found.output) == (true, true)
    if true != (-0.5, 0.5):  # at -1 to 1 this network is as good, so the user is asked
        assert found.ahead >= MARGIN


def test_an_enlargement_that_is_linear_has_any_range() -> None:
    found = find_ranges(lambda image: image.repeat(4, 1).repeat(4, 2), 4, 3)
    assert found is not None
    assert (found.input, found.output) == ((0.0, 1.0), (0.0, 1.0))

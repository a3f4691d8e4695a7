"""The value range of a network is found from what it restores; the networks are the shipped ones, wrapped.

A wrong range must never be taken: what is not clear is asked for.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch

from srbench.images.resize import tensorflow1_bicubic
from srbench.methods.catalogue import METHODS
from srbench.methods.files.ranges import CANDIDATES, Range, find_ranges, named_range
from srbench.methods.networks.method import NetworkMethod

Answer = Callable[[np.ndarray], np.ndarray]


def wrapped(name: str, takes: Range, gives: Range) -> Answer:
    """A shipped network as somebody would have exported it for other values of black and white."""
    method = METHODS.get(name)
    assert isinstance(method, NetworkMethod)
    network, spec = method.module(4).eval(), method.network(4)

    def carried(values: np.ndarray, one: Range, other: Range) -> np.ndarray:
        return (values - one[0]) * ((other[1] - other[0]) / (one[1] - one[0])) + other[0]

    def answer(image: np.ndarray) -> np.ndarray:
        x = carried(image, takes, spec.input_range).astype(np.float32)
        with torch.inference_mode():
            result = carried(network(torch.from_numpy(x)[None])[0].numpy(), spec.output_range, (0, 1))
        if spec.residual != "none":
            levels = carried(image, takes, (0, 255)).transpose(1, 2, 0)
            result = result + tensorflow1_bicubic(levels, 4).transpose(2, 0, 1) / 255
        return carried(result, (0, 1), gives)

    return answer


def channels(name: str) -> int:
    method = METHODS.get(name)
    assert isinstance(method, NetworkMethod)
    return 3 if method.network(4).color == "rgb" else 1


@pytest.mark.parametrize("true", CANDIDATES)
@pytest.mark.parametrize("name", ["espcn", "enet-ea"])
def test_a_wrapped_network_has_the_range_of_its_wrapping_or_none_is_clear(name: str, true: Range) -> None:
    found = find_ranges(wrapped(name, true, true), 4, channels(name))
    assert found is not None
    if true in ((0.0, 1.0), (0.0, 255.0)):
        assert found.clear
    if found.clear:
        assert (found.input, found.output) == (true, true)
    else:
        assert true in (found.input, *found.others)


@pytest.mark.parametrize(("takes", "gives"), list(itertools.permutations(CANDIDATES[:3], 2)))
def test_inputs_and_outputs_have_ranges_of_their_own(takes: Range, gives: Range) -> None:
    found = find_ranges(wrapped("espcn", takes, gives), 4, 1)
    assert found is not None
    assert found.clear
    assert (found.input, found.output) == (takes, gives)


class Inventing:
    """Noise in proportion to the contrast: what it sees with less contrast it restores better."""

    def __init__(self, takes: Range) -> None:
        self.takes = takes
        self.random = np.random.default_rng(0)

    def __call__(self, image: np.ndarray) -> np.ndarray:
        low, high = self.takes
        levels = ((image - low) / (high - low)).clip(0, 1).repeat(4, 1).repeat(4, 2)
        noise = self.random.normal(0, 0.3 * levels.std(), levels.shape)
        return (levels + noise) * (high - low) + low


def test_the_range_of_a_network_that_invents_texture_is_asked_for() -> None:
    """By PSNR alone 0 to 1 is ahead of the true -1 to 1: at half the contrast it invents half as much."""
    found = find_ranges(Inventing((-1.0, 1.0)), 4, 3)
    assert found is not None
    assert not found.clear
    assert {(-1.0, 1.0), (0.0, 1.0)} <= {found.input, *found.others}


def test_an_enlargement_that_is_linear_has_any_range() -> None:
    found = find_ranges(lambda image: image.repeat(4, 1).repeat(4, 2), 4, 3)
    assert found is not None
    assert found.clear
    assert found.ahead == float("inf")
    assert (found.input, found.output) == ((0.0, 1.0), (0.0, 1.0))


def test_a_range_that_none_restores() -> None:
    assert find_ranges(lambda image: np.zeros((3, 4 * image.shape[1], 4 * image.shape[2])), 4, 3) is None


@pytest.mark.parametrize(
    ("text", "range_"),
    [("1", (0, 1)), ("signed", (-1, 1)), ("-2.5..2.5", (-2.5, 2.5)), ("0..1023", (0, 1023))]
    + [(text, None) for text in ("2", "1..0", "1..1", "..", "-..1", "a..b", "0..1..2")],
)
def test_ranges_by_name(text: str, range_: Range | None) -> None:
    assert named_range(text) == range_

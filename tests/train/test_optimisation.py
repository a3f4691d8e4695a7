"""Optimisers: Muon against singular values, SOAP on a turned bowl, slow layers, going on bit by bit."""

from __future__ import annotations

import math
import signal
from pathlib import Path

import pytest
import torch
from torch import nn

from srbench.train.optimisation import make_optimizer, set_rate
from tests.train.small import images, run, same, small, weights
from tests.train.test_loop import interrupt_after

RATE = 0.01


def step(module: nn.Module, **changes: object) -> dict[str, torch.Tensor]:
    """The change of each parameter in the first step, with gradients of normal noise."""
    torch.manual_seed(0)
    before = {name: parameter.detach().clone() for name, parameter in module.named_parameters()}
    for parameter in module.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimizer = make_optimizer(small("espcn", learning_rate=RATE, **changes), module)
    set_rate(optimizer, RATE)
    optimizer.step()
    return {name: parameter.detach() - before[name] for name, parameter in module.named_parameters()}


def test_a_step_of_muon_is_along_the_orthogonal_factor_of_the_gradient_and_as_long_as_adams() -> None:
    layer = nn.Conv2d(16, 32, 3)
    moved = step(layer, optimizer="muon")["weight"].reshape(32, -1).double()
    assert layer.weight.grad is not None
    left, _, right = torch.linalg.svd(layer.weight.grad.reshape(32, -1).double(), full_matrices=False)
    cosine = -(moved * (left @ right)).sum() / (moved.norm() * math.sqrt(32))
    assert cosine > 0.97
    # Liu et al., arXiv:2502.16982, section 2.2: a root mean square of 0.2 times the rate for full rank.
    assert moved.square().mean().sqrt() == pytest.approx(0.2 * RATE, rel=0.15)


def test_biases_and_the_narrow_last_layer_take_adams_steps_at_half_the_rate() -> None:
    """With Nesterov's momentum (Dozat, 2016) Adam's first step is 1.9 times the rate."""
    layer = nn.Conv2d(64, 3, 3)
    for name, change in step(layer, optimizer="muon").items():
        gradient = layer.get_parameter(name).grad
        assert gradient is not None
        torch.testing.assert_close(change, -0.5 * 1.9 * RATE * gradient.sign(), rtol=1e-3, atol=1e-7)


def test_soap_steps_along_the_axes_of_the_gradients_however_they_are_turned() -> None:
    """Vyas et al., arXiv:2409.11321: Adam in the eigenbasis of a layer, so that its path turns with it."""
    generator = torch.Generator().manual_seed(1)
    turn = torch.linalg.qr(torch.randn(18, 18, generator=generator, dtype=torch.float64))[0]
    gradients = torch.randn(25, 18, 18, generator=generator, dtype=torch.float64)
    for optimizer, turns in (("soap", True), ("adam", False)):
        plain, turned = path(gradients, optimizer), path(gradients @ turn, optimizer)
        assert torch.allclose(turned, plain @ turn, rtol=0, atol=0.01 * RATE) == turns


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(32, 1, 5),
        nn.Conv2d(64, 3, 3),
        nn.Conv2d(1, 64, 1),
        nn.Conv2d(1, 64, 9),
        nn.ConvTranspose2d(56, 1, 9),
        nn.Linear(4, 1),
        nn.Linear(20_000, 8),
        nn.Conv2d(300, 300, 3),
        nn.PReLU(),
    ],
    ids=lambda layer: f"{type(layer).__name__} {tuple(layer.weight.shape)}",
)
def test_soap_takes_layers_of_every_shape(layer: nn.Module) -> None:
    """Its first gradient is for the axes; then a first step of Adam moves along each at the full rate."""
    module = nn.Sequential(layer)
    taken = make_optimizer(small("espcn", learning_rate=RATE, optimizer="soap"), module)
    before = [parameter.detach().clone() for parameter in module.parameters()]
    for _ in range(2):
        for parameter in module.parameters():
            parameter.grad = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(2))
        taken.step()
    for parameter, start in zip(module.parameters(), before, strict=True):
        assert (parameter - start).square().mean().sqrt() <= RATE * 1.001
        assert not torch.equal(parameter, start)


def path(gradients: torch.Tensor, optimizer: str) -> torch.Tensor:
    """How far a convolution of 18 outputs and 2 x 3 x 3 taps is after these gradients, as a matrix."""
    layer = nn.Conv2d(2, 18, 3, bias=False).double()
    nn.init.zeros_(layer.weight)
    taken = make_optimizer(small("espcn", learning_rate=RATE, optimizer=optimizer), layer)
    for gradient in gradients:
        layer.weight.grad = gradient.reshape(layer.weight.shape).clone()
        taken.step()
    return layer.weight.detach().flatten(1)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "muon"])
def test_slow_layers_move_by_their_factor(optimizer: str) -> None:
    changes = {"optimizer": optimizer, "slow_layers": ("0",), "slow_factor": 0.1}
    slow = step(nn.Sequential(nn.Conv2d(8, 8, 3)), **changes)["0.weight"]
    fast = step(nn.Sequential(nn.Conv2d(8, 8, 3)), optimizer=optimizer)["0.weight"]
    torch.testing.assert_close(slow, 0.1 * fast, rtol=1e-2, atol=1e-6)


@pytest.mark.parametrize("optimizer", ["muon", "soap"])
def test_a_stopped_run_goes_on_bit_by_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimizer: str
) -> None:
    data = images(tmp_path / "images")
    recipe = small("srresnet-mse", iterations=6, average=0.9, optimizer=optimizer)
    straight = run(recipe, data, tmp_path / "straight")
    with monkeypatch.context() as patch:
        interrupt_after(2, patch)
        assert run(recipe, data, tmp_path / "run").stopped == signal.SIGTERM
    assert same(weights(straight), weights(run(recipe, data, tmp_path / "run")))

"""Optimisers: Muon against the orthogonal factor by singular values, slow layers, and going on bit by bit."""

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


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "muon"])
def test_slow_layers_move_by_their_factor(optimizer: str) -> None:
    changes = {"optimizer": optimizer, "slow_layers": ("0",), "slow_factor": 0.1}
    slow = step(nn.Sequential(nn.Conv2d(8, 8, 3)), **changes)["0.weight"]
    fast = step(nn.Sequential(nn.Conv2d(8, 8, 3)), optimizer=optimizer)["0.weight"]
    torch.testing.assert_close(slow, 0.1 * fast, rtol=1e-2, atol=1e-6)


def test_a_stopped_run_with_muon_goes_on_bit_by_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = images(tmp_path / "images")
    recipe = small("srresnet-mse", iterations=6, average=0.9, optimizer="muon")
    straight = run(recipe, data, tmp_path / "straight")
    with monkeypatch.context() as patch:
        interrupt_after(2, patch)
        assert run(recipe, data, tmp_path / "run").stopped == signal.SIGTERM
    assert same(weights(straight), weights(run(recipe, data, tmp_path / "run")))

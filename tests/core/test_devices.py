"""Which device networks run on."""

from __future__ import annotations

import pytest
import torch

from srbench.core.devices import choose_device, measuring
from srbench.core.records import UsageError


@pytest.mark.parametrize("name", ["nonsense", "cuda:99", "meta"])
def test_a_device_that_is_not_here_is_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        choose_device(name)


def test_auto_is_always_here() -> None:
    assert torch.empty(1, device=choose_device("auto")).numel() == 1


def test_the_processor_is_called_cpu() -> None:
    assert choose_device("cpu") == "cpu"


def test_metrics_keep_every_digit_and_leave_the_setting_as_it_was() -> None:
    before = torch.backends.cudnn.allow_tf32
    layer = torch.nn.Conv2d(1, 1, 1)
    with measuring():
        assert not torch.backends.cudnn.allow_tf32
        assert not layer(torch.ones(1, 1, 2, 2)).requires_grad
    assert torch.backends.cudnn.allow_tf32 == before

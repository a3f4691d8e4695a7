"""Which device networks run on."""

from __future__ import annotations

import pytest
import torch

from srbench.core.devices import choose_device
from srbench.core.records import UsageError


@pytest.mark.parametrize("name", ["nonsense", "cuda:99", "meta"])
def test_a_device_that_is_not_here_is_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        choose_device(name)


def test_auto_is_always_here() -> None:
    assert torch.empty(1, device=choose_device("auto")).numel() == 1


def test_the_processor_is_called_cpu() -> None:
    assert choose_device("cpu") == "cpu"

"""What the interfaces of all families share. Building a network imports torch; its record does not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from torch import nn


LEVELS_255 = (0.0, 255.0)


SIGNED = (-1.0, 1.0)


def builder(family: str, kind: str, *arguments: Any) -> Callable[[], nn.Module]:
    """Builds `networks.<family>.<kind>(*arguments)`, imported when it is called."""
    return partial(_build, family, kind, arguments)


def _build(family: str, kind: str, arguments: tuple[Any, ...]) -> nn.Module:
    module = import_module(f"srbench.methods.networks.{family}")
    return cast("nn.Module", getattr(module, kind)(*arguments))

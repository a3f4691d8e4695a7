"""What all families share: the record of a family, and what its interfaces are made with.

Building a network imports torch; the records do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from torch import nn

    from srbench.core.weights import Tensors
    from srbench.methods.contract import Method
    from srbench.methods.families.convert import Renaming
    from srbench.methods.networks.specification import SpecOfScale

LEVELS_255 = (0.0, 255.0)
SIGNED = (-1.0, 1.0)


def as_named(tensors: Tensors) -> Tensors:
    """The tensors under the names that they have: those of our networks."""
    return tensors


@dataclass(frozen=True)
class Checkpoint:
    """How a user's file of a network is known, and the interface of what it holds.

    - `signature` is the name of a tensor that only this network has, `older` are its names in files of
      other generations. `rename` then turns all names into those of our network, and names and shapes of
      all tensors have to agree with the network of one of the `scales`, tried in this order.
    - `any_scale`: the tensors are the same at every scale, so the file serves all of them.
    - `sized` gives the interface by the renamed tensors, in place of `network`, where files differ in depth.
    """

    signature: str
    network: SpecOfScale
    scales: tuple[int, ...] = (4,)
    older: tuple[str, ...] = ()
    rename: Renaming = as_named
    any_scale: bool = False
    sized: Callable[[Tensors], SpecOfScale] | None = None

    def may_be(self, tensors: Tensors) -> bool:
        """Whether these tensors, under the names that the file gives them, look like this network's."""
        return any(name in tensors for name in (self.signature, *self.older))


@dataclass(frozen=True)
class Family:
    """One network family: its checkpoints, its methods, and the names that recipes give its networks."""

    checkpoints: tuple[Checkpoint, ...] = ()
    methods: tuple[Method, ...] = ()
    recipes: Mapping[str, SpecOfScale] = field(default_factory=dict)


def builder(module: str, network: str, *arguments: Any) -> Callable[[], nn.Module]:
    """Builds `networks.<module>.<network>(*arguments)`, imported when it is called."""
    return partial(_build, module, network, arguments)


def _build(module: str, network: str, arguments: tuple[Any, ...]) -> nn.Module:
    found = import_module(f"srbench.methods.networks.{module}")
    return cast("nn.Module", getattr(found, network)(*arguments))

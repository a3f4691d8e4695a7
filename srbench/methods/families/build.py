"""What all families share: their record, how files of them are known, which names in published files mean
which layers, and what interfaces are made with.

Building a network imports torch; the records do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from srbench.methods.networks.specification import converted, fitted, misfit, shapes_needed

if TYPE_CHECKING:
    from torch import nn

    from srbench.core.weights import Tensors
    from srbench.methods.contract import Method
    from srbench.methods.networks.specification import NetworkSpec, SpecOfScale

Renaming = Callable[["Tensors"], "Tensors"]
Rules = tuple[tuple[str, str], ...]
LEVELS_255 = (0.0, 255.0)
SIGNED = (-1.0, 1.0)


def as_named(tensors: Tensors) -> Tensors:
    """The tensors under the names that they have: those of our networks."""
    return tensors


@dataclass(frozen=True)
class Recognised:
    """Tensors in the names of our network, the network's interface, and its scales (None: any)."""

    tensors: Tensors
    network: SpecOfScale
    scales: tuple[int, ...] | None


@dataclass(frozen=True)
class Misfit:
    """Why tensors are of no network of ours, and how many of them the nearest one has."""

    reason: str
    shared: int = 0


@dataclass(frozen=True)
class Checkpoint:
    """How a user's file of a network is known, and the interface of what it holds.

    - `signature` is the name of a tensor that only this network has, or that only it has in this `shape`;
      `older` are its names in files of other generations. `rename` then turns all names into those of our
      network, and names and shapes of all tensors have to agree with the network of one of the `scales`,
      tried in this order.
    - `any_scale`: the tensors are the same at every scale, so the file serves all of them.
    - `sized` gives the interface by the renamed tensors, in place of `network`, where files differ in depth.
    """

    signature: str
    network: SpecOfScale
    scales: tuple[int, ...] = (4,)
    shape: tuple[int, ...] | None = None
    older: tuple[str, ...] = ()
    rename: Renaming = as_named
    any_scale: bool = False
    sized: Callable[[Tensors], SpecOfScale] | None = None

    def recognise(self, tensors: Tensors, source: str) -> Recognised | Misfit | None:
        """This network if names and shapes of all tensors agree with it, else the first that does not fit;
        None where they do not look like this network's at all."""
        if not self._may_be(tensors):
            return None
        try:
            renamed = self.rename(tensors)
        except (ValueError, IndexError):
            return None
        network = self.sized(renamed) if self.sized else self.network
        nearest = None
        for scale in self.scales:
            shapes = shapes_needed(network(scale))
            reason = misfit(renamed, shapes, source)
            if not reason:
                scales = None if self.any_scale else (scale,)
                return Recognised(converted(renamed, network(scale), shapes), network, scales)
            shared = sum(shapes.get(name) == tensor.shape for name, tensor in renamed.items())
            if nearest is None or shared > nearest.shared:
                nearest = Misfit(reason, shared)
        return nearest

    def compare(self, tensors: Tensors, source: str) -> Misfit | None:
        """How tensors without this network's signature differ from it; None where the names of less than half
        of them, or of its own, agree."""
        try:
            network = self.sized(tensors) if self.sized else self.network
        except (ValueError, IndexError, KeyError):
            return None
        nearest = None
        for spec in map(network, self.scales):
            shapes = shapes_needed(spec)
            names = shapes.keys() & tensors.keys()
            shared = sum(shapes[name] == tensors[name].shape for name in names)
            most = max(len(shapes), len(tensors))
            if 2 * len(names) >= most and (nearest is None or shared > nearest.shared):
                nearest = Misfit(misfit(tensors, shapes, f"{source} (nearest to {name_of(spec)})"), shared)
        return nearest

    def _may_be(self, tensors: Tensors) -> bool:
        """Whether these tensors, under the names that the file gives them, look like this network's."""
        found = [tensors[name] for name in (self.signature, *self.older) if name in tensors]
        return any(self.shape in (None, tensor.shape) for tensor in found)


@dataclass(frozen=True)
class Family:
    """One network family: its checkpoints, its methods, and the names that recipes give its networks."""

    checkpoints: tuple[Checkpoint, ...] = ()
    methods: tuple[Method, ...] = ()
    recipes: Mapping[str, SpecOfScale] = field(default_factory=dict)


def name_of(spec: NetworkSpec) -> str:
    """What the class of an interface's network is called."""
    import torch

    with torch.device("meta"):
        return type(spec.build()).__name__


def builder(module: str, network: str, *arguments: Any) -> Callable[[], nn.Module]:
    """Builds `networks.<module>.<network>(*arguments)`, imported when it is called."""
    return partial(_build, module, network, arguments)


def _build(module: str, network: str, arguments: tuple[Any, ...]) -> nn.Module:
    found = import_module(f"srbench.methods.networks.{module}")
    return cast("nn.Module", getattr(found, network)(*arguments))


def converter(spec: NetworkSpec, *renamings: Renaming) -> Callable[[Path], Tensors]:
    """What turns a published file into the tensors of `spec`'s network: read, rename, check every one."""

    def convert(path: Path) -> Tensors:
        """The named tensors of one file."""
        import numpy as np

        from srbench.methods.files.checkpoints.containers import read_tensors

        tensors = read_tensors(path)
        # Marks instead of tensors go the same way, so that messages can say what the file calls them.
        names = list(tensors)
        marks: Tensors = {name: np.array([place]) for place, name in enumerate(names)}
        for rename in renamings:
            tensors, marks = rename(tensors), rename(marks)
        return fitted(tensors, spec, path.name, {new: names[int(mark[0])] for new, mark in marks.items()})

    return convert


def renamed(tensors: Tensors, rules: Rules) -> Tensors:
    """Each name by the first rule whose pattern matches its beginning; others stay as they are."""
    result = {}
    for name, tensor in tensors.items():
        for pattern, replacement in rules:
            if re.match(pattern, name):
                name = re.sub(rf"^(?:{pattern})", replacement, name, count=1)  # noqa: PLW2901
                break
        result[name] = tensor
    return result

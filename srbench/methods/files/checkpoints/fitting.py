"""Strict agreement of named tensors with a network: nothing missing, nothing extra, every shape right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from srbench.core.records import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn

    from srbench.core.weights import Tensors
    from srbench.methods.networks.specification import NetworkSpec


def require_fit(
    tensors: Tensors, shapes: dict[str, tuple[int, ...]], source: str, called: Mapping[str, str] | None = None
) -> None:
    """`UserError` that names the first tensor that is missing, extra or wrongly shaped.

    `called` says what the file calls tensors that have been renamed.
    """

    def full(name: str) -> str:
        original = (called or {}).get(name, name)
        return name if original == name else f"{name} ({original} in the file)"

    for name, shape in shapes.items():
        if name not in tensors:
            raise UserError(f"{source}: the tensor {name} {shape} is missing")
        if tensors[name].shape != shape:
            raise UserError(
                f"{source}: the tensor {full(name)} has the shape {tensors[name].shape}, not {shape}"
            )
    for name in tensors:
        if name not in shapes:
            raise UserError(
                f"{source}: the tensor {full(name)} {tensors[name].shape} is not part of the network"
            )


def shapes_of(module: nn.Module) -> dict[str, tuple[int, ...]]:
    """The shapes of everything that the module stores, by name."""
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


def fitted(
    tensors: Tensors, spec: NetworkSpec, source: str, called: Mapping[str, str] | None = None
) -> Tensors:
    """The tensors as float32 (integers unchanged), once they are known to fit the network.

    Networks that compute in double precision keep what the file has.
    """
    import torch

    with torch.device("meta"):
        shapes = shapes_of(spec.build())
    require_fit(tensors, shapes, source, called)
    convert = np.asarray if spec.in_double else _single
    return {name: np.asarray(convert(tensors[name]), order="C") for name in shapes}


def _single(tensor: np.ndarray) -> np.ndarray:
    return tensor.astype(np.float32) if np.issubdtype(tensor.dtype, np.floating) else tensor


def load_into(module: nn.Module, tensors: Tensors, source: str) -> None:
    """Fills the module; `UserError` that names the tensor where something does not fit."""
    import torch

    require_fit(tensors, shapes_of(module), source)
    module.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()})


def load_network(spec: NetworkSpec, path: Path) -> nn.Module:
    """The network with the weights of a converted (safetensors) file."""
    from srbench.core.weights import load

    tensors, _ = load(path)
    module = spec.build().double() if spec.in_double else spec.build()
    load_into(module, tensors, str(path))
    return module.eval()
